//! Every request of every action is held against Intercom's own description.

use serde_json::{Map, Value, json};

use super::*;
use crate::conformance::assert_conforms_to_its_version;
use crate::intercom::actions::{Input, InputField, Mode, all};
use crate::intercom::versions::minor;

/// The versions that Intercom's description is there of.
const DESCRIBED: [&str; 3] = ["2.11", "2.16", "Preview"];

fn sample(field: &InputField) -> Value {
    match field.input {
        Input::Text | Input::Name(_) => json!("text"),
        Input::Email => json!("a@x.y"),
        Input::OneOf(names) => json!(names[0]),
        Input::Epoch => json!(1_700_000_000),
        Input::Id if field.name == "contact_id" => json!("5ba682d23d7cf92bef87bfd4"),
        Input::Id | Input::Number | Input::Teammate => json!("17"),
        Input::Integer => json!(3),
        Input::Boolean => json!(true),
        Input::Attributes if field.name == "ticket_attributes" => {
            json!({ "_default_title_": "T", "list": ["a"] })
        }
        Input::Attributes => json!({ "plan": "pro" }),
        Input::Object if field.name == "translated_content" => json!({}),
        Input::Object => json!({}),
        Input::Addresses => json!(["https://x.y/a.png"]),
        Input::Options => json!(["a", "b"]),
        Input::Metadata => json!({ "plan": "pro" }),
    }
}

/// A row with all fields of a mode, or with those that it must have.
fn document(action: &str, mode: &Mode, version: &str, every: bool) -> Value {
    let mut document = Map::new();
    for field in mode.fields() {
        let address = mode
            .references
            .iter()
            .any(|reference| reference.is_needed() && reference.by[0].0 == field.name);
        let other = matches!(
            (action, field.name),
            ("conversations", "source_id") | (_, "translated_content")
        );
        // 2.11 wants a company that loses a tag by both of its ids.
        let both = (action, mode.name, field.name) == ("company_tags", "remove", "company_id");
        let wanted = both || (every && !other) || field.required || address;
        if wanted && field.since <= minor(version) {
            document.insert(field.name.to_owned(), sample(field));
        }
    }
    if let Some(value) = document.get_mut("ticket_state") {
        *value = json!("resolved");
    }
    Value::Object(document)
}

#[test]
fn every_request_of_every_action_conforms() {
    let mut requests = 0;
    for action in all() {
        for mode in action.modes {
            for version in DESCRIBED {
                let connection = Connection {
                    config: json!({ "api_version": version }).to_string().into_bytes(),
                    ..connection()
                };
                let rows = [true, false].map(|every| document(action.name, mode, version, every));
                let batch = Batch {
                    action: action.name.into(),
                    mode: Some(mode.name.into()),
                    rehearsal: Rehearsal::Offline,
                    ..batch("b", &rows)
                };
                let context = format!("{version} {} {}", action.name, mode.name);
                let mut operation = WriteBatch::new(connection, batch);
                let outcomes = match operation.step(Moment::default(), Input_::Start) {
                    Step::Done(Ok(outcomes)) => outcomes,
                    Step::Done(Err(failure)) => {
                        let absent = mode.since > minor(version);
                        assert!(
                            absent && failure.code == "invalid_batch",
                            "{context}: {failure:?}"
                        );
                        continue;
                    }
                    _ => panic!("{context}: an offline rehearsal asks nobody"),
                };
                for outcome in outcomes {
                    assert!(!outcome.planned.is_empty(), "{context}: {outcome:?}");
                    for request in &outcome.planned {
                        assert!(
                            !request.target.contains('{'),
                            "{context}: {}",
                            request.target
                        );
                        assert_conforms_to_its_version(request);
                        requests += 1;
                    }
                }
            }
        }
    }
    assert!(requests > 150, "{requests}");
}

/// What only jobs of the Preview version take is held against the description of that version.
#[test]
fn every_job_conforms() {
    let mut jobs = 0;
    for (name, mode) in [
        ("contacts", "upsert"),
        ("contacts", "update"),
        ("contacts", "delete"),
        ("companies", "upsert"),
        ("companies", "update"),
        ("companies", "delete"),
    ] {
        let action = crate::intercom::actions::find(name).unwrap();
        let mode = action.modes.iter().find(|one| one.name == mode).unwrap();
        let fields = |gone: &[&str]| {
            let mut row = document(name, mode, "Preview", true);
            let row = row.as_object_mut().unwrap();
            row.retain(|field, _| !gone.contains(&field.as_str()));
            json!(row)
        };
        let unknown = ["email_verified", "role", "signed_up_at", "last_seen_at"];
        let rows = [
            fields(&unknown),
            fields(&["id", "role", "email_verified"]),
            fields(&[&unknown[..], &["custom_attributes"]].concat()),
        ];
        let connection = Connection {
            config: br#"{"api_version":"Preview"}"#.to_vec(),
            ..connection()
        };
        let batch = Batch {
            action: name.into(),
            mode: Some(mode.name.into()),
            rehearsal: Rehearsal::Offline,
            ..batch("b", &rows)
        };
        let Step::Done(Ok(outcomes)) =
            WriteBatch::new(connection, batch).step(Moment::default(), Input_::Start)
        else {
            panic!("an offline rehearsal asks nobody");
        };
        let planned = outcomes.iter().flat_map(|outcome| &outcome.planned);
        let together = planned.filter(|request| request.target.contains("/bulk"));
        for request in together {
            crate::conformance::assert_conforms(request);
            jobs += 1;
        }
    }
    assert!(jobs >= 10, "{jobs}");
}

use crate::operation::Input as Input_;
