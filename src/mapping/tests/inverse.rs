//! Mappings that are read the other way.

use super::*;

#[test]
fn a_mapping_is_read_the_other_way() {
    let contacts = find("contacts").unwrap();
    let mapping = compiled(
        r#"{"contacts":[{"from":"email","to":"mail","pipeline":["trim","lower"]},{"from":"signed_up_at","to":"a.since","pipeline":["iso_date"]},
        {"from":"role","to":"a.kind","pipeline":[{"map":{"user":"U","lead":"L"}}]},{"from":"custom_attributes.tags","to":"tags","pipeline":[{"join":";"}]},
        {"from":{"literal":1},"to":"one"}]}"#,
    );
    let inverse = mapping.inverse(contacts).unwrap().unwrap();
    let written = inverse.apply(br#"{"mail":"a@b.c","a":{"since":"2024-06-27T12:52:57Z","kind":"L"},"tags":"x;y","one":1}"#).unwrap();
    assert_eq!(
        String::from_utf8(written).unwrap(),
        r#"{"email":"a@b.c","signed_up_at":1719492777,"role":"lead","custom_attributes":{"tags":["x","y"]}}"#
    );
    assert_eq!(
        inverse
            .apply(br#"{"a":{"kind":"X"}}"#)
            .unwrap_err()
            .problems[0]
            .path,
        "a.kind"
    );
    assert!(
        inverse.apply(b"[]").is_err()
            && inverse.apply(b"{").is_err()
            && inverse.apply(b"\xff").is_err()
    );
    assert_eq!(inverse.apply(b"{}").unwrap(), b"{}");
    let failure = inverse
        .apply(br#"{"a":{"kind":"X","other":1,"since":{}},"male":2,"tags":"x"}"#)
        .unwrap_err();
    let places: Vec<(&str, &str)> = failure
        .problems
        .iter()
        .map(|one| (one.path.as_str(), one.code.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            ("a.other", "unknown_field"),
            ("male", "unknown_field"),
            ("a.since", "value"),
            ("a.kind", "value")
        ]
    );
    assert!(Mapping::default().inverse(contacts).unwrap().is_none());

    let none = compiled(
        r#"{"contacts":[{"from":"name","to":"a","pipeline":["trim",{"hash":"s"}]},{"from":["name","email"],"to":"b"},{"from":"phone","to":"c","when":{"path":"role","present":true}},
        {"from":"tags.data","to":"d[]"},{"from":"company.name","to":"e"},{"from":"role","to":"f","pipeline":[{"map":{"user":1,"lead":1}}]},{"from":"email","to":"g"},{"from":"email","to":"h"}]}"#,
    );
    let failure = none.inverse(contacts).unwrap_err();
    assert_eq!(failure.code, "no_inverse");
    let places: Vec<&str> = failure
        .problems
        .iter()
        .map(|one| one.path.as_str())
        .collect();
    assert_eq!(
        places,
        [
            "a.pipeline[1]",
            "b.from",
            "c.when",
            "d[].to",
            "e.from",
            "f.pipeline[0]",
            "h"
        ]
    );
}

#[test]
fn types_fit_along_a_chain_that_is_read_the_other_way() {
    let contacts = find("contacts").unwrap();
    for (from, pipeline, value, written) in [
        (
            "custom_attributes.v",
            r#"["trim","iso_date"]"#,
            json!("2024-06-27T12:52:57Z"),
            json!("1719492777"),
        ),
        (
            "custom_attributes.v",
            r#"["trim",{"iso_date":"day"}]"#,
            json!("2024-06-27"),
            json!("1719446400"),
        ),
        (
            "custom_attributes.v",
            r#"["trim","number"]"#,
            json!(7.5),
            json!("7.5"),
        ),
        (
            "custom_attributes.v",
            r#"["lower","boolean"]"#,
            json!(true),
            json!("true"),
        ),
        (
            "custom_attributes.v",
            r#"["number","text"]"#,
            json!("7"),
            json!(7),
        ),
        (
            "custom_attributes.v",
            r#"["boolean",{"map":{"true":"yes","false":"no"}}]"#,
            json!("yes"),
            json!(true),
        ),
        (
            "custom_attributes.v",
            r#"["number",{"map":{"1":"one","2":"two"}}]"#,
            json!("one"),
            json!(1),
        ),
        (
            "custom_attributes.v",
            r#"["trim",{"split":";"},"iso_date"]"#,
            json!(["1970-01-01T00:00:07Z"]),
            json!("7"),
        ),
        ("signed_up_at", r#"["epoch"]"#, json!(7), json!(7)),
        ("signed_up_at", r#"["text","trim"]"#, json!("7"), json!(7)),
        (
            "name",
            r#"["iso_date"]"#,
            json!("1970-01-01T00:00:07Z"),
            json!("7"),
        ),
        (
            "name",
            r#"[{"join":" "}]"#,
            json!("Ada Lovelace"),
            json!("Ada Lovelace"),
        ),
    ] {
        let mapping = compiled(&format!(
            r#"{{"contacts":[{{"from":"{from}","to":"v","pipeline":{pipeline}}}]}}"#
        ));
        let inverse = mapping.inverse(contacts).unwrap().unwrap();
        let given = json!({ "v": value }).to_string();
        let back = inverse.apply(given.as_bytes()).unwrap();
        let back = String::from_utf8(back).unwrap();
        let row: Json = serde_json::from_str(&back).unwrap();
        let path = format!("/{}", from.replace('.', "/"));
        assert_eq!(row.pointer(&path), Some(&written), "{pipeline}: {back}");
        let again = program(&mapping, "contacts").apply(&subject(&back));
        let again: Json = serde_json::from_slice(&again.unwrap().unwrap().payload).unwrap();
        assert_eq!(again.to_string(), given);
    }
    let none = compiled(
        r#"{"contacts":[{"from":"custom_attributes.a","to":"a","pipeline":["number",{"phone":"GB"}]},
        {"from":"custom_attributes.b","to":"b","pipeline":["number","boolean"]}]}"#,
    );
    let failure = none.inverse(contacts).unwrap_err();
    let places: Vec<&str> = failure.problems.iter().map(|one| &*one.path).collect();
    assert_eq!(places, ["a.pipeline[1]", "b.pipeline[1]"]);
    // What would be made something else of is refused when it comes.
    let odd =
        compiled(r#"{"contacts":[{"from":"phone","to":"p","pipeline":[{"phone":"GB"},"slug"]}]}"#);
    let failure = odd.inverse(contacts).unwrap().unwrap();
    let failure = failure.apply(br#"{"p":"_442079460958"}"#).unwrap_err();
    assert_eq!(failure.problems[0].path, "p");
}

#[test]
fn what_would_not_be_given_back_is_refused() {
    let contacts = find("contacts").unwrap();
    let refusals = |pipeline: &str, value: Json| {
        let mapping = compiled(&format!(
            r#"{{"contacts":[{{"from":"custom_attributes.v","to":"v","pipeline":{pipeline}}}]}}"#
        ));
        let inverse = mapping.inverse(contacts).unwrap().unwrap();
        let row = serde_json::to_string_pretty(&json!({ "v": value })).unwrap();
        let refused = inverse.apply(row.as_bytes()).err();
        refused.map(|failure| {
            let problem = &failure.problems[0];
            (problem.path.clone(), problem.message.clone())
        })
    };
    for (pipeline, value) in [
        // Of "; é", and written as " é".
        (r#"["trim",{"split":";"}]"#, json!([" é"])),
        (r#"[{"split":";"}]"#, json!(["a;b"])),
        (r#"[{"join":"/"}]"#, json!("/a")),
        (r#"[{"join":"/"}]"#, json!("a//b")),
        (r#"[{"join":"/"}]"#, json!("/")),
        (r#"["trim",{"split":";"}]"#, json!([" "])),
    ] {
        let message = "the mapping would not give the value back when it is read again".to_owned();
        let refused = refusals(pipeline, value.clone());
        assert_eq!(
            refused,
            Some(("v".to_owned(), message)),
            "{pipeline}: {value}"
        );
    }
    // However a list is written, and whatever form a single value comes in.
    for (pipeline, value) in [
        (r#"["trim",{"split":";"}]"#, json!(["a", " b", "\"\\é\""])),
        (r#"["trim",{"split":";"}]"#, json!([])),
        (r#"[{"join":"/"}]"#, json!("a/b")),
        (r#"[{"join":"/"}]"#, json!("")),
        (r#"["trim","lower"]"#, json!(" Ada@Example.org")),
        (r#"["iso_date"]"#, json!("2024-06-27T14:52:57+02:00")),
        (r#"[{"phone":"GB"}]"#, json!("020 7946 0958")),
    ] {
        assert_eq!(
            refusals(pipeline, value.clone()),
            None,
            "{pipeline}: {value}"
        );
    }
}
