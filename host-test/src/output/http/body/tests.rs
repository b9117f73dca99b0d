#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;
use crate::output::json_lines::tests::entry;

const CAPS: Caps = Caps {
    entries: 100,
    bytes: 10_000,
    lists: false,
};

fn made(form: BodyForm, caps: Caps, entries: &[Entry]) -> (Vec<Value>, u64) {
    let entries: Vec<&Entry> = entries.iter().collect();
    let bodies = bodies(form, caps, "contacts", &entries).unwrap();
    let parsed = bodies.bodies.iter().map(|body| {
        assert!(body.len() <= caps.bytes);
        serde_json::from_slice(body).unwrap()
    });
    (parsed.collect(), bodies.deletions + bodies.parts)
}

fn changed(mut entry: Entry, change: Change) -> Entry {
    entry.change = change;
    entry
}

#[test]
fn entries_are_as_in_a_file_and_split_at_the_caps() {
    let entries: Vec<Entry> = (0..7)
        .map(|key| entry("contacts", &key.to_string(), r#"{"a": "b"}"#))
        .collect();
    let (whole, _) = made(BodyForm::Entries, CAPS, &entries);
    assert_eq!(whole.len(), 1);
    assert_eq!(whole[0]["stream"], "contacts");
    assert_eq!(
        whole[0]["entries"][6],
        json!({"stream": "contacts", "key": "6", "updated_at_ms": 1000, "change": "upsert", "data": {"a": "b"}})
    );
    for caps in [Caps { entries: 2, ..CAPS }, Caps { bytes: 260, ..CAPS }] {
        let (parts, _) = made(BodyForm::Entries, caps, &entries);
        assert!(parts.len() >= 4, "{}", parts.len());
        let keys = parts
            .iter()
            .flat_map(|part| part["entries"].as_array().unwrap());
        let keys: Vec<&str> = keys.map(|entry| entry["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["0", "1", "2", "3", "4", "5", "6"]);
    }
}

#[test]
fn a_record_that_is_too_large_is_named() {
    let large = entry(
        "contacts",
        "7",
        &format!("{{\"a\":\"{}\"}}", "x".repeat(300)),
    );
    let caps = Caps { bytes: 200, ..CAPS };
    let error = bodies(BodyForm::Entries, caps, "contacts", &[&large]).unwrap_err();
    assert!(error.is_of_the_entries());
    let text = error.to_string();
    assert!(
        text.contains("contacts 7") && text.contains("max_bytes is 200"),
        "{text}"
    );
}

#[test]
fn records_and_events_are_themselves() {
    let entries = [
        entry("events", "1", r#"{"event_name":"a"}"#),
        changed(entry("events", "2", "{}"), Change::Delete),
        changed(entry("events", "3", "{}"), Change::Patch),
        entry("events", "4", r#"{"event_name":"b"}"#),
    ];
    let (records, left_out) = made(BodyForm::Record, CAPS, &entries);
    assert_eq!(
        records,
        [json!({"event_name": "a"}), json!({"event_name": "b"})]
    );
    assert_eq!(left_out, 2);
    let (events, left_out) = made(BodyForm::BrevoEvents, CAPS, &entries);
    assert_eq!(
        events,
        [json!({"events": [{"event_name": "a"}, {"event_name": "b"}]})]
    );
    assert_eq!(left_out, 2);
}

#[test]
fn contacts_of_the_same_lists_are_imported_together() {
    let entries = [
        entry(
            "contacts",
            "1",
            r#"{"email":"a@x","attributes":{"ROLE":"user"},"listIds":[35]}"#,
        ),
        entry(
            "contacts",
            "2",
            r#"{"email":"b@x","listIds":[35],"emailBlacklisted":true}"#,
        ),
        entry("contacts", "3", r#"{"email":"c@x","listIds":[35]}"#),
        entry("contacts", "4", r#"{"email":"d@x"}"#),
        changed(entry("contacts", "5", "{}"), Change::Delete),
        // A part does not say for which lists the contact is.
        changed(
            entry("contacts", "6", r#"{"email":"a@x","attributes":{}}"#),
            Change::Patch,
        ),
    ];
    let (bodies, left_out) = made(BodyForm::BrevoContacts, CAPS, &entries);
    assert_eq!(left_out, 2);
    assert_eq!(
        bodies,
        [
            json!({"jsonBody": [{"email": "a@x", "attributes": {"ROLE": "user"}}, {"email": "c@x"}],
                   "listIds": [35], "updateExistingContacts": true, "disableNotification": true}),
            json!({"jsonBody": [{"email": "b@x"}], "listIds": [35], "emailBlacklist": true,
                   "updateExistingContacts": true, "disableNotification": true}),
            json!({"jsonBody": [{"email": "d@x"}], "updateExistingContacts": true, "disableNotification": true}),
        ]
    );
}

/// Brevo refuses a body without lists: where there are lists, who is in none of them cannot be imported.
#[test]
fn contacts_in_no_list_are_left_out_where_there_are_lists() {
    let entries = [
        entry("contacts", "1", r#"{"email":"a@x","listIds":[40,35,40]}"#),
        entry("contacts", "2", r#"{"email":"b@x","listIds":[35,40]}"#),
        entry("contacts", "3", r#"{"email":"c@x","listIds":[]}"#),
        entry("contacts", "4", r#"{"email":"d@x"}"#),
    ];
    let entries: Vec<&Entry> = entries.iter().collect();
    let caps = Caps {
        lists: true,
        ..CAPS
    };
    let made = bodies(BodyForm::BrevoContacts, caps, "contacts", &entries).unwrap();
    assert_eq!((made.bodies.len(), made.listless), (1, 2));
    let body: Value = serde_json::from_slice(&made.bodies[0]).unwrap();
    assert_eq!(body["listIds"], json!([35, 40]));
    assert_eq!(
        body["jsonBody"],
        json!([{"email": "a@x"}, {"email": "b@x"}])
    );
}

#[test]
fn names_of_an_events_properties_are_those_that_brevo_takes() {
    let event = entry(
        "events",
        "1",
        r#"{"event_name":"a","event_properties":{"order number":7,"é":1,"注":2,"none":null,"ok-1":{"a b":1}}}"#,
    );
    let (bodies, _) = made(BodyForm::BrevoEvents, CAPS, &[event]);
    assert_eq!(
        bodies[0]["events"][0]["event_properties"],
        json!({"order_number": 7, "_": 1, "__": 2, "ok-1": {"a b": 1}})
    );
}

#[test]
fn two_states_of_one_contact_are_imported_in_their_order() {
    let entries = [
        entry("contacts", "1", r#"{"email":"a@x","listIds":[1]}"#),
        entry("contacts", "2", r#"{"email":"b@x","listIds":[2]}"#),
        entry("contacts", "2", r#"{"email":"b@x","listIds":[1]}"#),
    ];
    let (bodies, _) = made(BodyForm::BrevoContacts, CAPS, &entries);
    let lists: Vec<&Value> = bodies.iter().map(|body| &body["listIds"]).collect();
    assert_eq!(lists, [&json!([1]), &json!([2]), &json!([1])]);
}

#[test]
fn what_is_no_contact_is_named() {
    let tag = entry("tags", "7", r#"{"name":"vip"}"#);
    let error = bodies(BodyForm::BrevoContacts, CAPS, "tags", &[&tag]).unwrap_err();
    assert!(error.to_string().contains("tags 7"), "{error}");
}
