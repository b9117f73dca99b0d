use std::sync::Arc;
use std::time::Duration;

use host_test::call::CallError;
use host_test::components::{Activation, Components, Scope, Store};
use host_test::contract::types::Account;
use host_test::engine::Allocation;
use host_test::platform::ComponentSlot;
use host_test::plugin::Plugin;
use host_test::tenant::Tenant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::{CONNECTOR, NEW, OLD, components, refusal, scoped, version};
use crate::hostile::{Made, artifact, engine, first_page, tenant};

/// Which version answers.
async fn answer(plugin: &Plugin, tenant: &Tenant) -> String {
    let page = plugin
        .read_page(tenant, &first_page())
        .await
        .expect("a page");
    let row: serde_json::Value = serde_json::from_slice(&page.entries[0].payload).expect("a row");
    row["answer"].as_str().expect("an answer").to_owned()
}

/// A server that answers when it is told to.
async fn gate() -> (String, Arc<Notify>, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (asked, open) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, opened) = (Arc::clone(&asked), Arc::clone(&open));
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        told.notify_one();
        opened.notified().await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            .await;
    });
    (url, asked, open)
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_in_flight_end_with_the_old_version_which_is_freed_then() {
    let (components, _folder) = components(&[OLD, NEW]).await;
    let plugin = components.plugin(CONNECTOR, "a").await.expect("a version");
    let plain = tenant(&plugin, "{}");
    assert_eq!(answer(&plugin, &plain).await, "first");

    let (url, asked, open) = gate().await;
    let waiting = Made {
        config: r#"{"do":"send","target":"/"}"#,
        endpoint: Some(url),
        ..Made::default()
    }
    .tenant(&plugin);
    let in_flight = {
        let plugin = plugin.clone();
        tokio::spawn(async move { answer(&plugin, &waiting).await })
    };
    asked.notified().await;
    let old = plugin.watch();

    let (activated, swapped) = components.activate(&version("2.0.0")).await.expect("2.0.0");
    assert_eq!((activated.version.as_str(), swapped.len()), ("2.0.0", 1));
    assert_eq!(swapped[0].connection, "a");
    assert_eq!(answer(&plugin, &plain).await, "second");
    assert!(!plugin.is_current());
    assert_eq!(plugin.renewed().descriptor().version, "2.0.0");
    let status = components.status().await;
    let draining: Vec<_> = status
        .iter()
        .map(|one| (one.version.as_str(), one.draining, one.drained))
        .collect();
    assert_eq!(draining, [("1.0.0", true, false), ("2.0.0", false, false)]);
    assert!(!old.is_drained() && !in_flight.is_finished());

    open.notify_one();
    assert_eq!(in_flight.await.expect("it ends"), "first");
    tokio::time::timeout(Duration::from_secs(30), old.drained())
        .await
        .expect("the old version is freed");
    let status = components.status().await;
    assert!(status[0].drained && !status[0].draining, "{status:?}");

    // And back: the version before is taken again.
    let (now, swapped) = components.roll_back(CONNECTOR, None).await.expect("back");
    assert_eq!(now.map(|now| now.version).as_deref(), Some("1.0.0"));
    assert_eq!(swapped.len(), 1);
    assert_eq!(answer(&plugin, &plain).await, "first");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_can_have_a_version_of_its_own() {
    let (components, _folder) = components(&[OLD, NEW]).await;
    let (one, other) = (
        components
            .plugin(CONNECTOR, "one")
            .await
            .expect("a version"),
        components
            .plugin(CONNECTOR, "other")
            .await
            .expect("a version"),
    );
    let tenant = tenant(&one, "{}");
    let only = Scope::Connection("one".to_owned());
    components
        .activate(&scoped("2.0.0", only))
        .await
        .expect("2.0.0");
    assert_eq!(answer(&one, &tenant).await, "second");
    assert_eq!(answer(&other, &tenant).await, "first");
    // A later one gets its own at once.
    let again = components
        .plugin(CONNECTOR, "one")
        .await
        .expect("a version");
    assert_eq!(again.descriptor().version, "2.0.0");
    components
        .roll_back(CONNECTOR, Some("one"))
        .await
        .expect("back");
    assert_eq!(answer(&one, &tenant).await, "first");
    let error = components
        .roll_back(CONNECTOR, Some("one"))
        .await
        .expect_err("nothing is before");
    assert!(
        error
            .to_string()
            .contains("no version before the active one for one"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_changes_what_is_active() {
    let (running, folder) = components(&[OLD, NEW]).await;
    let plugin = running.plugin(CONNECTOR, "a").await.expect("a version");
    let tenant = tenant(&plugin, "{}");
    let watching = running.watch();
    let store = Store::new(folder.path().join("components"));
    store.activate(&version("2.0.0")).expect("2.0.0");
    let follow = async {
        while answer(&plugin, &tenant).await != "second" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), follow)
        .await
        .expect("it follows");
    drop(running);
    tokio::time::timeout(Duration::from_secs(30), watching)
        .await
        .expect("it ends")
        .expect("well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_cannot_take_the_place_is_refused_and_the_old_one_serves() {
    let versions = [
        OLD,
        "version=2.1.0;reads=2;writes=2",
        "version=2.2.0;endpoint=https://collector.example",
        "version=2.3.0;permission=Delete everything",
    ];
    let (components, folder) = components(&versions).await;
    let plugin = components.plugin(CONNECTOR, "a").await.expect("a version");
    let tenant = tenant(&plugin, "{}");
    for (asked, said) in [
        (
            "2.1.0",
            "it does not read cursors of format 1, which hostile 1.0.0",
        ),
        ("2.2.0", "endpoint api https://collector.example"),
        ("2.3.0", "permission Delete everything"),
        (
            "9.9.9",
            "there is no version `9.9.9`; there are hostile 1.0.0",
        ),
    ] {
        let error = refusal(&components, &version(asked)).await;
        assert!(error.contains(said), "{asked}: {error}");
        assert_eq!(answer(&plugin, &tenant).await, "first", "{asked}");
    }
    let agreed = host_test::components::Activation {
        consent: true,
        ..version("2.3.0")
    };
    components.activate(&agreed).await.expect("somebody agreed");
    assert_eq!(plugin.renewed().descriptor().version, "2.3.0");

    // What does not link or does not answer does not even get into the store.
    for settings in [
        "version=3.0.0;describe=panic",
        "version=3.0.0;describe=endless_loop",
    ] {
        let error = components
            .add(&artifact(settings), "a-file.wasm")
            .await
            .expect_err(settings);
        assert!(
            error
                .to_string()
                .contains("a-file.wasm is not taken: the component cannot describe"),
            "{error}"
        );
    }
    let manifest = components.store().manifest().expect("a manifest");
    assert_eq!(manifest.versions.len(), 4);

    // Two builds that say the same version are told apart by their hashes.
    components
        .add(&artifact("version=2.3.0;answer=x"), "twin")
        .await
        .expect("added");
    let error = refusal(&components, &version("2.3.0")).await;
    assert!(error.contains("means several versions"), "{error}");

    // A file that was changed is not run.
    let damaged = &manifest.versions[0];
    let file = components.store().file(&damaged.sha256);
    std::fs::write(&file, b"other bytes").expect("written");
    let error = refusal(&components, &version("1.0.0")).await;
    assert!(error.contains("is damaged"), "{error}");
    drop(folder);
}

/// What one version compiled of a mapping is not given to one that does not read it.
#[tokio::test(flavor = "multi_thread")]
async fn without_an_active_version_the_given_component_runs() {
    let folder = written::Folder::new();
    let engine = engine(4, Allocation::Automatic);
    let given = Plugin::load(&engine, &artifact(""))
        .await
        .expect("it is accepted");
    let store = Store::new(folder.path().join("components"));
    let components = Components::new(engine, store, Some(given));
    let plugin = components
        .plugin(CONNECTOR, "a")
        .await
        .expect("the given one");
    let account = Account {
        workspace_id: "w".to_owned(),
        name: None,
        region: None,
        time_zone: None,
        api_version: None,
    };
    let tenant = tenant(&plugin, "{}").with_checked(account, vec![77, 1, 2]);
    assert_eq!(answer(&plugin, &tenant).await, "first");
    let error = components
        .plugin("another", "b")
        .await
        .map(drop)
        .expect_err("no such connector");
    assert!(
        error
            .to_string()
            .contains("no version of the connector `another` is active"),
        "{error}"
    );
    components.add(&artifact(NEW), NEW).await.expect("added");
    components.activate(&version("2.0.0")).await.expect("2.0.0");
    assert_eq!(answer(&plugin, &tenant).await, "second");
    assert!(matches!(
        plugin.map_record(&tenant, "rows", &[]).await,
        Ok(_) | Err(CallError::Failure(_))
    ));
}

/// What a server runs without being active was agreed to as well: the first version that is activated may ask for no more.
#[tokio::test(flavor = "multi_thread")]
async fn beside_a_given_component_the_first_version_needs_consent_for_more() {
    let folder = written::Folder::new();
    let engine = engine(4, Allocation::Automatic);
    let given = Plugin::load(&engine, &artifact(OLD)).await.expect("taken");
    let store = Store::new(folder.path().join("components"));
    let components = Arc::new(Components::new(engine, store, Some(given)));
    let slot = ComponentSlot::following(Arc::clone(&components), CONNECTOR).await;
    let slot = slot.expect("the given one runs");
    let more = "version=3.0.0;endpoint=https://elsewhere.example";
    for settings in [NEW, more] {
        let added = components.add(&artifact(settings), settings).await;
        added.expect(settings);
    }
    let error = refusal(&components, &version("3.0.0")).await;
    assert!(
        error.contains("endpoint api https://elsewhere.example") && error.contains("--consent"),
        "{error}"
    );
    assert_eq!(slot.current().descriptor().version, "1.0.0");
    components.activate(&version("2.0.0")).await.expect("2.0.0");
    let error = refusal(&components, &version("3.0.0")).await;
    assert!(error.contains("--consent"), "{error}");
    let agreed = Activation {
        consent: true,
        ..version("3.0.0")
    };
    components.activate(&agreed).await.expect("3.0.0");
    assert_eq!(slot.current().descriptor().version, "3.0.0");
}
