use host_test::contract::connector::{
    Batch, OutcomeStatus, PageRequest, Rehearsal, Row, Selection,
};
use host_test::report::StreamStatus;
use host_test::simulator::{
    CatalogueChange, CatalogueKind, CatalogueOptions, Fault, FaultKind, Link, LinkChange, Mutation,
    Options,
};
use intercom_connector::intercom::actions::{self, Input};
use intercom_connector::intercom::streams::find;
use serde_json::{Map, Value, json};

use crate::world::{World, small, text};

/// More than one page of what hangs on an object.
const MORE_THAN_A_PAGE: usize = 52;

/// A small workspace that has something of everything, and a connection that may say everything of a version.
pub async fn talkative(version: &str) -> World {
    let options = Options {
        contacts: 70,
        companies: 60,
        conversations: 20,
        tickets: 10,
        catalogue: CatalogueOptions {
            custom_object_types: vec!["Order".to_owned(), "Car / Van".to_owned()],
            ..CatalogueOptions::default()
        },
        ..small()
    };
    let config = format!(
        "{{ api_version: \"{version}\", custom_object_types: [ \"Order\", \"Car / Van\" ] }}"
    );
    World::configured(options, &config).await
}

/// Lets the component say everything that it can say.
pub async fn say_everything(world: &World) {
    world.connection.check().await.expect("a check");
    fill_pages(world);
    let streams = &world.connection.plugin.descriptor().streams;
    let names: Vec<&str> = streams.iter().map(|stream| stream.name.as_str()).collect();
    sync(world, &names).await;
    change(world);
    sync(world, &names).await;
    let refused = Fault::new("/companies/scroll", FaultKind::NotFound);
    world.workspace().set_faults(vec![refused]);
    sync(world, &["companies"]).await;
    for name in &names {
        read_a_key(world, name).await;
    }
    write_everything(world).await;
}

async fn sync(world: &World, names: &[&str]) {
    for stream in &world.sync(names).await.streams {
        let fine = matches!(
            stream.status,
            StreamStatus::Complete
                | StreamStatus::NotInVersion { .. }
                | StreamStatus::WebhooksOnly { .. }
        );
        assert!(fine, "{}: {:?}", stream.stream, stream.status);
    }
}

/// A contact with more companies, notes and events than a page holds, and a company with as many contacts.
fn fill_pages(world: &World) {
    let workspace = world.workspace();
    let contacts: Vec<String> = workspace.contact_ids().take(MORE_THAN_A_PAGE).collect();
    let companies: Vec<String> = workspace.company_ids().take(MORE_THAN_A_PAGE).collect();
    let link = |of: &str, link: Link| {
        let change = LinkChange {
            of: of.to_owned(),
            link,
            remove: false,
            quiet: false,
        };
        workspace.change_link(&change).expect("a change");
    };
    let (first, company) = (&contacts[0], &companies[0]);
    for number in 0..MORE_THAN_A_PAGE {
        link(first, Link::Company(companies[number].clone()));
        link(&contacts[number], Link::Company(company.clone()));
        link(first, Link::Note(format!("Note {number}")));
        link(company, Link::Note(format!("Note {number}")));
        workspace
            .add_event(first, "called", None, Map::new(), false)
            .expect("an event");
    }
}

fn change(world: &World) {
    world.pass(5);
    let workspace = world.workspace();
    workspace.mutate(Mutation {
        contacts: 60,
        companies: 3,
        tags: 1,
        conversations: 2,
        delete_conversations: 1,
        tickets: 2,
        ..Mutation::default()
    });
    for kind in CatalogueKind::all() {
        workspace.change_catalogue(CatalogueChange {
            kind,
            create: 1,
            update: 1,
            delete: 0,
        });
    }
}

/// Reads a row by its key, where the stream has such reads and rows.
async fn read_a_key(world: &World, name: &str) {
    let by_keys = find(name).expect("a stream").by_keys();
    let Some(line) = world.lines(name).pop().filter(|_| by_keys) else {
        return;
    };
    let request = PageRequest {
        stream: name.to_owned(),
        selection: Selection::Keys(vec![text(&line, "key")]),
        filter: None,
        cursor: None,
        max_entries: 10,
        max_bytes: 1 << 20,
        time_budget_ms: 10_000,
    };
    let connection = &world.connection;
    let page = connection.plugin.read_page(&connection.tenant, &request);
    assert_eq!(page.await.expect("a page").entries.len(), 1, "{name}");
}

async fn write_everything(world: &World) {
    let workspace = world.workspace();
    let archived = workspace
        .create_contact(json!({ "external_id": "archived" }))
        .expect("a contact");
    workspace.archive_contact(&archived).expect("archived");
    let mut rows = forms(&text(&workspace.admins()[0], "id"));
    rows.push(json!({ "external_id": "archived", "name": "Back" }));
    // The first time they are created, the second time updated.
    for id in ["first", "second"] {
        write(world, id, &rows).await;
    }
}

/// A row for every form that a field of a contact may have.
fn forms(teammate: &str) -> Vec<Value> {
    let number: u64 = teammate.parse().expect("a number");
    let action = actions::find("contacts").expect("an action");
    let fields = action.modes[0]
        .fields()
        .filter(|field| field.sent && field.since == 11);
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
            other => panic!("{}: {other:?}", field.name),
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
