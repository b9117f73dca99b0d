//! The reader against serde_json, on whole and on damaged documents.

use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::*;

/// Texts made of what matters to the grammar, so that many of them are nearly JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\"a\"",
        "\"\\u00e9\"",
        "\\u",
        "\"\\",
        "0",
        "-",
        "1.5",
        "1e",
        "e+1",
        "01",
        "true",
        "fals",
        "null",
        " ",
        "\n",
        "\u{1}",
        "é",
        "\u{7f}",
        "\"abcdefghijk\"",
        "\"abcdefg\u{1f}\"",
        "{\"a\":1}",
        "[1,2]",
        "\"a\":",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn accepts(text: &str) -> bool {
    let mut reader = Reader::new(text);
    reader.value().is_ok() && reader.end().is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn it_accepts_what_serde_json_accepts(text in nearly_json()) {
        prop_assert_eq!(accepts(&text), serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
    }

    #[test]
    fn damage_shows_as_it_does_to_serde_json(value in json(), at in any::<prop::sample::Index>(), with in any::<char>()) {
        let mut characters: Vec<char> = value.to_string().chars().collect();
        let place = at.index(characters.len());
        characters[place] = with;
        let text: String = characters.into_iter().collect();
        prop_assert_eq!(accepts(&text), serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
    }
}

proptest! {
    #[test]
    fn members_and_items_are_where_a_parser_finds_them(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        // Parsed again: writing a number and reading it may round it.
        let value: Value = serde_json::from_str(&text).unwrap();
        let mut found = Vec::new();
        let mut reader = Reader::new(&text);
        match &value {
            Value::Object(members) => {
                reader.object(&mut |reader, name| {
                    let place = reader.value()?;
                    found.push((name.unescaped(), serde_json::from_str::<Value>(&text[place]).unwrap()));
                    Ok(())
                }).unwrap();
                let expected: Vec<(String, Value)> =
                    members.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
                prop_assert_eq!(found, expected);
            }
            Value::Array(items) => {
                let mut found = Vec::new();
                reader.list(&mut |reader| {
                    let place = reader.value()?;
                    found.push(serde_json::from_str::<Value>(&text[place]).unwrap());
                    Ok(())
                }).unwrap();
                prop_assert_eq!(&found, items);
            }
            _ => prop_assert!(reader.object(&mut |_, _| Ok(())).is_err()),
        }
    }
}

#[test]
fn depth_is_no_danger() {
    for depth in [63, 64, 65, 128, 129, 10_000] {
        let text = format!("{}1{}", "[{\"a\":".repeat(depth), "}]".repeat(depth));
        assert!(accepts(&text));
        assert!(!accepts(&text[..text.len() - 1]));
        assert!(!accepts(&text.replacen("}]", "]}", 1)));
    }
}

#[test]
fn names_compare_without_their_escapes() {
    let mut names = Vec::new();
    let mut reader = Reader::new(r#"{"id":1,"\u0069d":2,"\ud800":3}"#);
    reader
        .object(&mut |reader, name| {
            names.push(name.is("id"));
            reader.value().map(drop)
        })
        .unwrap();
    assert_eq!(names, [true, true, false]);
}
