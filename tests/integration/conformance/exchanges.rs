use std::collections::BTreeSet;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use conformance::{EXCEPTIONS, Exception, Exchange, Recording, documents};
use serde_json::json;

use super::notifications;
use super::operations::used;
use super::saying::{say_everything, talkative};
use super::simulator;
use crate::every_mode;
use crate::world::{World, plugin, small};

#[tokio::test]
async fn the_component_uses_the_operations_that_are_listed() {
    let Some([oldest, newest]) = documents::stable() else {
        return;
    };
    for (version, document) in [("2.11", oldest), ("2.16", newest)] {
        let world = talkative(version).await;
        say_everything(&world).await;
        let exchanges = world.exchanges.exchanges();
        assert_eq!(exchanges.len() as u64, world.workspace().request_count());
        let said: BTreeSet<String> = exchanges
            .iter()
            .map(|exchange| pattern(document, exchange))
            .collect();
        let listed: BTreeSet<String> = used(version)
            .map(|(pattern, ..)| (*pattern).to_owned())
            .collect();
        let (lacking, more) = (&listed - &said, &said - &listed);
        assert!(
            lacking.is_empty() && more.is_empty(),
            "{version}: listed and not said: {lacking:#?}, said and not listed: {more:#?}"
        );
        assert!(
            exchanges
                .iter()
                .all(|exchange| exchange.version.as_deref() == Some(version))
        );
    }
}

#[tokio::test]
async fn every_exception_is_needed() {
    if documents::stable().is_none() {
        return;
    }
    let mut needed: BTreeSet<*const Exception> = BTreeSet::new();
    for version in ["2.11", "2.16"] {
        let world = talkative(version).await;
        say_everything(&world).await;
        needed.extend(exceptions(&world));
        let world = World::new(small()).await;
        simulator::ask_everything(&world, version).await;
        notifications::ask_for_everything(&world, version).await;
        needed.extend(exceptions(&world));
    }
    for version in ["2.16", "Preview"] {
        needed.extend(exceptions(&every_mode::written(version).await));
    }
    let idle: Vec<&Exception> = EXCEPTIONS
        .iter()
        .filter(|exception| !needed.contains(&std::ptr::from_ref(*exception)))
        .collect();
    assert!(idle.is_empty(), "{idle:#?}");
}

/// The exceptions that a world's exchanges need.
fn exceptions(world: &World) -> BTreeSet<*const Exception> {
    let exchanges = world.exchanges.exchanges();
    let used = exchanges.iter().flat_map(|exchange| exchange.check().1);
    used.map(std::ptr::from_ref).collect()
}

#[tokio::test]
async fn a_test_that_says_something_else_fails() {
    if documents::stable().is_none() {
        return;
    }
    let good = json!({
        "method": "GET", "target": "/tags", "version": "2.11", "content_type": null, "body": "", "status": 200,
        "answer": "{\"type\":\"list\",\"data\":[]}", "garbled": false,
    });
    for (name, value, fails) in [
        ("target", json!("/tags"), false),
        ("target", json!("/tgas"), true),
        ("version", json!(null), true),
        ("answer", json!("{}"), true),
        ("answer", json!("{\"type\":\"list\",\"data\":{}}"), true),
    ] {
        let mut line = good.clone();
        line[name] = value;
        let recording = Recording::new();
        let mut file = std::fs::File::options()
            .append(true)
            .open(recording.path())
            .expect("the file");
        writeln!(file, "{line}").expect("a line");
        let failed = catch_unwind(AssertUnwindSafe(|| drop(recording))).is_err();
        assert_eq!(failed, fails, "{line}");
    }
}

/// Simulators that no component talks to, and those of programs, which are recorded when their tests ask for it.
const UNRECORDED: &[&str] = &[
    // Its requests are the test's own, for what the host does with many of them.
    "host-test/src/capabilities/http/tests/pacing.rs",
    "host-test/src/code_exchange/tests.rs",
    "host-test/src/commands/bench/served.rs",
    "host-test/src/commands/demo.rs",
    "host-test/src/commands/simulate.rs",
    "host-test/src/simulator/",
];

#[test]
fn every_simulator_that_the_component_talks_to_is_recorded() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut starting = 0;
    for folder in ["tests", "host-test/src", "host-test/tests"] {
        for path in sources(&root.join(folder)) {
            let text = std::fs::read_to_string(&path).expect("a source");
            let name = path.strip_prefix(root).expect("a path of the checkout");
            let name = name.to_str().expect("a plain path");
            // In two parts, so that this file is none of them.
            let starts = [
                concat!("Simulator::", "start("),
                concat!("\"simul", "ate\""),
            ];
            let unrecorded = UNRECORDED.iter().any(|path| name.starts_with(path));
            if !unrecorded && starts.iter().any(|start| text.contains(start)) {
                assert!(text.contains("Recording::new()"), "{name}");
                starting += 1;
            }
        }
    }
    assert!(starting >= 3, "{starting}");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let paths = paths.flat_map(|path| match path.is_dir() {
        true => sources(&path),
        false => vec![path],
    });
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

#[tokio::test]
async fn the_regions_are_the_servers_that_are_described() {
    let Some(documents) = documents::stable() else {
        return;
    };
    let plugin = plugin().await;
    let endpoint = &plugin.descriptor().endpoints[0];
    let regions: BTreeSet<&str> = endpoint
        .regions
        .iter()
        .map(|region| region.base_url.as_str())
        .collect();
    for document in documents {
        assert_eq!(document.servers().collect::<BTreeSet<_>>(), regions);
    }
}

fn pattern(document: &conformance::Document, exchange: &Exchange) -> String {
    let operation = document.operation(&exchange.method, exchange.path());
    operation.map_or_else(
        || format!("{} {}", exchange.method, exchange.target),
        |operation| operation.pattern(),
    )
}
