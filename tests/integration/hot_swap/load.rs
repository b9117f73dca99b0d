use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use host_test::components::Components;
use host_test::output::{JsonLines, OutputTarget};
use host_test::plugin::Plugin;
use host_test::progress::Silent;
use host_test::report::StreamStatus;
use host_test::runner::{ConnectedSource, RunOptions, Runner};
use host_test::secret::Secret;
use host_test::webhook_listener::{Recipient, RecipientOptions, WebhookListener};
use host_test::webhook_queue::QueueOptions;
use host_test::webhook_service::WebhookService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::{CONNECTOR, NEW, OLD, components, version};
use crate::hostile::tenant;
use crate::world::{World, small};

const CONNECTIONS: usize = 8;
const ROWS: usize = 60;

/// How often versions are swapped: `HOT_SWAPS`, or few.
fn swaps() -> usize {
    let wanted = std::env::var("HOT_SWAPS").ok();
    wanted.and_then(|wanted| wanted.parse().ok()).unwrap_or(40)
}

fn lines(folder: &Path) -> JsonLines {
    JsonLines::open(folder, &OutputTarget::state_in_directory(folder)).expect("an output")
}

/// The keys in a file of lines; each is there once.
fn keys(folder: &Path, seen: &mut BTreeSet<String>) -> BTreeSet<String> {
    let text = std::fs::read_to_string(folder.join("rows.jsonl")).unwrap_or_default();
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).expect("a line");
        let key = row["key"].as_str().expect("a key").to_owned();
        assert!(keys.insert(key.clone()), "{key} is there twice");
        seen.insert(
            row["data"]["answer"]
                .as_str()
                .expect("an answer")
                .to_owned(),
        );
    }
    keys
}

/// Reads everything, again and again. Gives how often, and which versions answered.
async fn sync(
    plugin: Plugin,
    name: String,
    folder: std::path::PathBuf,
    ended: Arc<AtomicBool>,
) -> (usize, BTreeSet<String>) {
    let tenant = tenant(&plugin, &format!("{{\"rows\":{ROWS},\"size\":10}}"));
    let options = RunOptions {
        full: true,
        ..RunOptions::default()
    };
    let (mut runs, mut seen) = (0, BTreeSet::new());
    let expected: BTreeSet<String> = (0..ROWS).map(|number| number.to_string()).collect();
    let mut output = lines(&folder);
    while !ended.load(Ordering::Relaxed) || runs == 0 {
        let source = ConnectedSource {
            plugin: &plugin,
            tenant: &tenant,
        };
        let runner = Runner::new(&source, plugin.descriptor(), &options, &Silent);
        let report = runner
            .run(&["rows".to_owned()], &mut output)
            .await
            .expect("an output");
        let rows = &report.streams[0];
        assert_eq!(rows.status, StreamStatus::Complete, "{name}");
        assert_eq!((rows.records, rows.retries), (ROWS as u64, 0), "{name}");
        assert_eq!(keys(&folder, &mut seen), expected, "{name}");
        runs += 1;
    }
    (runs, seen)
}

/// Delivers webhooks, one after the other, to a listener of its own. Gives how many, and which versions answered.
async fn webhooks(
    plugin: Plugin,
    name: String,
    folder: std::path::PathBuf,
    ended: Arc<AtomicBool>,
) -> (usize, BTreeSet<String>) {
    let options = QueueOptions::default();
    let window = options.remember;
    let service = WebhookService::start(Box::new(lines(&folder)), None, options, window, 1);
    let service = service.expect("a queue");
    let listener = WebhookListener::new(vec![Recipient::new(RecipientOptions {
        name: name.clone(),
        tenant: tenant(&plugin, "{}"),
        plugin,
        workspace: None,
        secrets: vec![Secret::new("secret")],
        file: None,
        queue: service.queue().clone(),
        replay_window: window,
        allow_from: None,
        trusted_proxies: Vec::new(),
        log_each: false,
    })]);
    let socket = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = socket.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(listener.serve(socket, async {
        let _ = stopped.await;
    }));
    let mut sent = 0;
    while !ended.load(Ordering::Relaxed) || sent == 0 {
        let body = format!("{{\"app_id\":\"w\",\"n\":{sent}}}");
        let request = format!(
            "POST /hooks HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.expect("the listener");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{name}: {answer}");
        sent += 1;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stop.send(()).expect("the listener runs");
    server.await.expect("it ends").expect("without an error");
    tokio::task::spawn_blocking(|| service.finish())
        .await
        .expect("drained");
    let mut seen = BTreeSet::new();
    assert_eq!(keys(&folder, &mut seen).len(), sent, "{name}");
    (sent, seen)
}

/// More threads than tasks that compute: the clock is looked at by those that have nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 20)]
async fn swaps_under_load_lose_nothing_and_repeat_nothing() {
    let (components, folder) = components(&[OLD, NEW]).await;
    let ended = Arc::new(AtomicBool::new(false));
    let (mut syncing, mut listening) = (Vec::new(), Vec::new());
    for number in 0..CONNECTIONS {
        let own = folder.path().join(format!("c{number}"));
        let (synced, told) = (own.join("synced"), own.join("told"));
        std::fs::create_dir_all(&synced).expect("a folder");
        std::fs::create_dir_all(&told).expect("a folder");
        let name = format!("c{number}");
        // The two share what a connection calls.
        let plugin = components.plugin(CONNECTOR, &name).await;
        let plugin = plugin.expect("a version");
        let reading = sync(plugin.clone(), name.clone(), synced, Arc::clone(&ended));
        syncing.push(tokio::spawn(reading));
        let taking = webhooks(plugin, name, told, Arc::clone(&ended));
        listening.push(tokio::spawn(taking));
    }
    let mut times = Vec::new();
    let mut old = Vec::new();
    for number in 0..swaps() {
        let next = ["2.0.0", "1.0.0"][number % 2];
        old.push(
            components
                .plugin(CONNECTOR, "c0")
                .await
                .expect("a version")
                .watch(),
        );
        let started = Instant::now();
        let (_, swapped) = components.activate(&version(next)).await.expect(next);
        times.push(started.elapsed());
        assert_eq!(swapped.len(), CONNECTIONS);
        // Under load: calls happen between two swaps.
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(
            syncing
                .iter()
                .chain(&listening)
                .all(|task| !task.is_finished())
        );
    }
    ended.store(true, Ordering::Relaxed);
    let mut seen = BTreeSet::new();
    let (mut runs, mut deliveries) = (0, 0);
    for task in syncing {
        let (count, versions) = task.await.expect("a sync without failure");
        runs += count;
        seen.extend(versions);
    }
    for task in listening {
        let (count, versions) = task.await.expect("webhooks without failure");
        deliveries += count;
        seen.extend(versions);
    }
    assert_eq!(seen, ["first".to_owned(), "second".to_owned()].into());
    for old in &old {
        tokio::time::timeout(Duration::from_secs(30), old.drained())
            .await
            .expect("every old version is freed");
    }
    let status = components.status().await;
    assert!(
        status.iter().all(|one| one.failures == 0 && !one.draining),
        "{status:?}"
    );
    times.sort_unstable();
    println!(
        "{} swaps, {runs} readings, {deliveries} deliveries; a swap took {:?} (median), {:?} at most",
        times.len(),
        times[times.len() / 2],
        times[times.len() - 1]
    );
}

/// The connector itself, of which every second page comes from another build.
#[tokio::test(flavor = "multi_thread")]
async fn the_connector_reads_everything_whatever_is_put_in_its_place() {
    let mut world = World::new(small()).await;
    let bytes = host_test::artifact::find_or_build(None).expect("the component builds");
    // A custom section more: another hash, the same code.
    let other: Vec<u8> = bytes
        .iter()
        .copied()
        .chain([0, 6, 5, b'b', b'u', b'i', b'l', b'd'])
        .collect();
    let folder = written::Folder::new();
    let store = host_test::components::Store::new(folder.path());
    let engine = crate::hostile::engine(4, host_test::engine::Allocation::Automatic);
    let components = Components::new(engine, store, None);
    let mut hashes = Vec::new();
    for bytes in [&bytes, &other] {
        hashes.push(
            components
                .add(bytes, "the connector")
                .await
                .expect("added")
                .sha256,
        );
    }
    components
        .activate(&version(&hashes[0]))
        .await
        .expect("the first build");
    let plugin = components.plugin("intercom", "a").await.expect("a version");
    world.connection.plugin = plugin.clone();
    let ended = AtomicBool::new(false);
    let swapping = async {
        let mut swaps = 0;
        while !ended.load(Ordering::Relaxed) {
            swaps += 1;
            components
                .activate(&version(&hashes[swaps % 2]))
                .await
                .expect("the other build");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        swaps
    };
    let reading = async {
        let report = world.sync(&["contacts", "companies", "tags"]).await;
        ended.store(true, Ordering::Relaxed);
        report
    };
    let (swaps, report) = tokio::join!(swapping, reading);
    assert!(swaps >= 3, "{swaps}");
    for stream in &report.streams {
        assert_eq!(stream.status, StreamStatus::Complete, "{}", stream.stream);
        assert_eq!(stream.retries, 0, "{}", stream.stream);
    }
    let given: Vec<String> = world
        .lines("contacts")
        .iter()
        .map(|line| crate::world::text(line, "key"))
        .collect();
    let distinct: BTreeSet<&String> = given.iter().collect();
    let expected: BTreeSet<String> = world.workspace().contact_ids().collect();
    assert_eq!(
        (given.len(), distinct.len()),
        (expected.len(), expected.len())
    );
}
