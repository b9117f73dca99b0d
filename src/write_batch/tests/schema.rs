//! What the schema of an action says of rows is what rows are held against.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::intercom::actions::{Action, Input, InputField, Mode, all, find, input_schema};
use crate::write_batch::validate;

/// Values that some fields take and some do not. None is a whole number with a fraction: to a schema `1.0` is an integer.
fn values() -> Vec<Value> {
    let many: Map<String, Value> = (0..11).map(|index| (index.to_string(), json!(1))).collect();
    let texts = [
        "",
        " ",
        "text",
        "17",
        " 17 ",
        "-17",
        "1.5",
        " Ada@Example.com ",
        "@x.y",
        "a@",
        "a b@x.y",
        "a@b@c",
        "user",
    ];
    let mut values: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
    values.extend([
        json!("x".repeat(191)),
        json!("x".repeat(256)),
        json!("ä".repeat(190)),
        json!("ä".repeat(70_000)),
        json!(null),
        json!(true),
        json!(0),
        json!(17),
        json!(-17),
        json!(1.5),
        json!(2_147_483_647_u32),
        json!(2_147_483_648_u32),
        json!(99_999_999_999_i64),
        json!(100_000_000_000_i64),
        json!(-100_000_000_000_i64),
        json!([]),
        json!(["a"]),
        json!(["a", "b"]),
        json!(["a", ""]),
        json!(["https://x.y/a"]),
        json!(["https://x.y/a b"]),
        json!(["ftp://x.y"]),
        json!([1, 2]),
        json!(vec!["http://x"; 11]),
        json!({}),
        json!({ "a": "x", "b": 1.5, "c": null, "d": true }),
        json!({ "a": ["x", 1] }),
        json!({ "a": [true] }),
        json!({ "a": [["x"]] }),
        json!({ "a": { "b": 1 } }),
        Value::Object(many),
    ]);
    values
}

/// A value that a field takes.
fn good(field: &InputField) -> Value {
    match field.input {
        Input::OneOf(names) => json!(names[0]),
        Input::Epoch | Input::Integer | Input::Id | Input::Number | Input::Teammate => json!(17),
        Input::Boolean => json!(true),
        Input::Attributes | Input::Object | Input::Metadata => json!({}),
        Input::Addresses => json!([]),
        Input::Options => json!(["a", "b"]),
        Input::Email => json!("a@x.y"),
        Input::Text | Input::Name(_) => json!("text"),
    }
}

/// An action, the place of one of its modes, and a row of which most is good.
fn rows() -> impl Strategy<Value = (&'static Action, usize, Value)> {
    let places = |action: &'static Action| (0..action.modes.len()).map(move |mode| (action, mode));
    let modes: Vec<(&'static Action, usize)> = all().flat_map(places).collect();
    let choices = prop::collection::vec((0..10, select(values())), 40);
    (select(modes), choices, 0..20).prop_map(|((action, place), choices, stray)| {
        let mut row = Map::new();
        let fields = action.modes[place].fields();
        for (field, (choice, value)) in fields.zip(choices) {
            match choice {
                0 => drop(row.insert(field.name.to_owned(), value)),
                1..5 if !field.required => {}
                _ => drop(row.insert(field.name.to_owned(), good(field))),
            }
        }
        if stray == 0 {
            row.insert("stray".to_owned(), json!(1));
        }
        (action, place, Value::Object(row))
    })
}

/// Whether a schema takes a row in a mode, as a form or a generator reads it: the fields by JSON Schema, the rest by
/// `x-modes`.
fn takes(schema: &Value, mode: &Mode, row: &Value) -> bool {
    let own = &schema["x-modes"][mode.name];
    let names = |list: &Value| -> Vec<String> {
        let names = list.as_array().unwrap().iter();
        names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    let there = |name: &String| match &row[name] {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    };
    let taken = names(&own["takes"]);
    let mut given = row.as_object().unwrap().keys();
    let mut groups = own["one_of"].as_array().unwrap().iter();
    let forms = own["properties"].as_object().unwrap();
    let fits = |(name, form): (&String, &Value)| {
        row.get(name)
            .is_none_or(|value| jsonschema::is_valid(form, value))
    };
    jsonschema::is_valid(schema, row)
        && forms.iter().all(fits)
        && given.all(|name| taken.contains(name))
        && names(&own["required"])
            .iter()
            .all(|name| !row[name].is_null())
        && groups.all(|group| names(group).iter().any(there))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_row_that_the_schema_takes_is_well_formed_and_the_other_way_round(
        (action, place, row) in rows()
    ) {
        let mode = &action.modes[place];
        let schema: Value = serde_json::from_str(&input_schema(action)).unwrap();
        let read = validate::row(action, mode, "Preview", row.to_string().as_bytes());
        let problems = read.err().map_or_else(Vec::new, |failure| failure.problems);
        // What is in the links and the amounts of an event, its description says in words.
        if problems.iter().all(|one| !one.path.starts_with("metadata.")) {
            let context = format!("{} {} {row}: {problems:?}", action.name, mode.name);
            prop_assert_eq!(takes(&schema, mode, &row), problems.is_empty(), "{}", context);
        }
    }
}

/// The property can fail: without its pattern a schema takes what rows are refused for.
#[test]
fn a_schema_that_says_less_is_found_out() {
    let action = find("contacts").unwrap();
    let mode = &action.modes[0];
    let mut schema: Value = serde_json::from_str(&input_schema(action)).unwrap();
    let row = json!({ "external_id": "1", "email": "nobody" });
    assert!(!takes(&schema, mode, &row));
    let email = schema["properties"]["email"].as_object_mut().unwrap();
    assert!(email.remove("pattern").is_some());
    assert!(takes(&schema, mode, &row));
}
