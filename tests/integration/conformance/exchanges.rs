use std::collections::BTreeSet;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use conformance::{EXCEPTIONS, Exception, Exchange, Recording, documents};
use host_test::contract::connector::{
    Batch, OutcomeStatus, PageRequest, Rehearsal, Row, Selection,
};
use host_test::simulator::Mutation;
use intercom_connector::intercom::actions::{ACTIONS, Input};
use serde_json::{Value, json};

use super::operations::USED;
use super::simulator;
use crate::world::{World, plugin, small, text};

const STREAMS: [&str; 6] = [
    "contacts",
    "companies",
    "admins",
    "teams",
    "tags",
    "segments",
];

#[tokio::test]
async fn the_component_uses_the_operations_that_are_listed() {
    let Some([oldest, newest]) = documents::stable() else {
        return;
    };
    for (version, document) in [("2.11", oldest), ("2.16", newest)] {
        let world = World::configured(small(), &format!("{{ api_version: \"{version}\" }}")).await;
        say_everything(&world).await;
        let exchanges = world.exchanges.exchanges();
        assert_eq!(exchanges.len() as u64, world.workspace().request_count());
        let used: BTreeSet<String> = exchanges
            .iter()
            .map(|exchange| pattern(document, exchange))
            .collect();
        let listed: BTreeSet<String> = USED
            .iter()
            .map(|(pattern, ..)| (*pattern).to_owned())
            .collect();
        assert_eq!(used, listed, "{version}");
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
        let world = World::configured(small(), &format!("{{ api_version: \"{version}\" }}")).await;
        say_everything(&world).await;
        simulator::ask_everything(&world, version).await;
        let exchanges = world.exchanges.exchanges();
        let used = exchanges.iter().flat_map(|exchange| exchange.check().1);
        needed.extend(used.map(std::ptr::from_ref));
    }
    let idle: Vec<&Exception> = EXCEPTIONS
        .iter()
        .filter(|exception| !needed.contains(&std::ptr::from_ref(*exception)))
        .collect();
    assert!(idle.is_empty(), "{idle:#?}");
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

/// Lets the component say everything that it can say.
async fn say_everything(world: &World) {
    world.connection.check().await.expect("a check");
    world.sync(&STREAMS).await;
    world.pass(5);
    world.workspace().mutate(Mutation {
        contacts: 120,
        companies: 3,
        tags: 1,
        ..Mutation::default()
    });
    world.sync(&STREAMS).await;
    for stream in STREAMS {
        let key = text(&world.lines(stream)[0], "key");
        let request = PageRequest {
            stream: stream.to_owned(),
            selection: Selection::Keys(vec![key]),
            filter: None,
            cursor: None,
            max_entries: 10,
            max_bytes: 1 << 20,
            time_budget_ms: 10_000,
        };
        let page = world
            .connection
            .plugin
            .read_page(&world.connection.tenant, &request)
            .await;
        assert_eq!(page.expect("a page").entries.len(), 1, "{stream}");
    }
    let archived = world
        .workspace()
        .create_contact(json!({ "external_id": "archived" }))
        .expect("a contact");
    world
        .workspace()
        .archive_contact(&archived)
        .expect("archived");
    let mut rows = forms(&text(&world.workspace().admins()[0], "id"));
    rows.push(json!({ "external_id": "archived", "name": "Back" }));
    // The first time they are created, the second time updated.
    for id in ["first", "second"] {
        write(world, id, &rows).await;
    }
}

/// A row for every form that a field of a contact may have.
fn forms(teammate: &str) -> Vec<Value> {
    let number: u64 = teammate.parse().expect("a number");
    let fields = ACTIONS.iter().flat_map(|action| action.fields);
    let forms = fields.flat_map(|field| {
        let forms = match field.input {
            Input::Text => vec![json!("text"), json!(null)],
            Input::Email => vec![json!("only@example.org"), json!(null)],
            Input::OneOf(names) => names.iter().map(|name| json!(name)).collect(),
            Input::Epoch => vec![json!(1_700_000_000), json!(null)],
            Input::Id => vec![json!("only"), json!(17), json!(null)],
            Input::Teammate => vec![json!(teammate), json!(number), json!(null)],
            Input::Boolean => vec![json!(true), json!(false), json!(null)],
            Input::Attributes => vec![json!({ "plan_tier": "pro", "seats": 3, "Remark": null })],
        };
        forms.into_iter().map(|form| (field.name, form))
    });
    forms
        .enumerate()
        .map(|(index, (name, form))| {
            let mut row = json!({ "external_id": format!("form-{index}"), "email": format!("form-{index}@example.org") });
            row[name] = form;
            row
        })
        .collect()
}

async fn write(world: &World, id: &str, rows: &[Value]) {
    let row = |(index, document): (usize, &Value)| Row {
        key: index.to_string(),
        document: document.to_string().into_bytes(),
        attempt: 0,
        base_updated_at_ms: None,
    };
    let batch = Batch {
        action: "contacts".to_owned(),
        mode: None,
        id: id.to_owned(),
        rows: rows.iter().enumerate().map(row).collect(),
        time_budget_ms: 20_000,
        rehearsal: Rehearsal::Off,
    };
    let outcomes = world
        .connection
        .plugin
        .write_batch(&world.connection.tenant, &batch)
        .await;
    for (row, outcome) in rows.iter().zip(outcomes.expect("outcomes")) {
        let written = matches!(
            outcome.status,
            OutcomeStatus::Created | OutcomeStatus::Updated
        );
        assert!(written, "{row}: {outcome:?}");
    }
}
