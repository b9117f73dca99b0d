//! What is said of values that go nowhere.

use super::*;

#[test]
fn a_record_without_what_has_to_be_there_is_skipped() {
    let connection = Connection {
        config: b"{}".to_vec(),
        mapping: Some(br#"{"contacts":[{"from":"email","to":"email","required":true}],"tags":{"rules":[{"from":"name","to":"n"}],"when":{"path":"name","equals":"a"}}}"#.to_vec()),
        triggers: None,
        account: None,
        prepared: None,
    };
    let documents = [
        &br#"{"id":"1","email":null}"#[..],
        br#"{"id":"2","email":"a@b.c"}"#,
    ]
    .map(<[u8]>::to_vec);
    let mut made = map_records(&connection, "contacts", &documents)
        .unwrap()
        .into_iter();
    let skipped = made.next().unwrap().unwrap_err();
    assert_eq!(
        (skipped.code.as_str(), skipped.problems[0].path.as_str()),
        ("skipped", "email")
    );
    assert!(made.next().unwrap().is_ok());
    let tags = [
        &br#"{"id":"1","name":"a"}"#[..],
        br#"{"id":"2","name":"b"}"#,
    ]
    .map(<[u8]>::to_vec);
    let made = map_records(&connection, "tags", &tags).unwrap();
    assert!(made[0].is_ok() && made[1].as_ref().unwrap_err().code == "unwanted");
}

#[test]
fn custom_attributes_without_a_rule_can_be_refused() {
    let mapping = compiled(
        r#"{"contacts":{"custom_attributes":"fail","rules":[{"from":"custom_attributes.plan","to":"p"}]}}"#,
    );
    let record = r#"{"custom_attributes":{"plan":"a","seats":1,"none":null}}"#;
    let mapped = program(&mapping, "contacts")
        .apply(&subject(record))
        .unwrap()
        .unwrap();
    assert_eq!(mapped.unmapped, ["custom_attributes.seats"]);
}

#[test]
fn what_the_workspace_lacks_is_left_out_and_named() {
    let mut mapping = compiled(
        r#"{"contacts":[{"from":"custom_attributes.plan_tier","to":"a"},{"from":"custom_attributes.plan_teir","to":"b"},
        {"from":["custom_attributes.x","email"],"to":"c"},{"from":"company.custom_attributes.y","to":"d"}]}"#,
    );
    let known = |stream: &str| (stream == "contacts").then(|| vec!["plan_tier".to_owned()]);
    let notices = mapping.fit(&known).unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].path.as_deref(), Some("b"));
    assert!(
        notices[0].message.contains("did you mean `plan_tier`"),
        "{}",
        notices[0].message
    );
    let targets: Vec<&str> = mapping
        .section("contacts")
        .unwrap()
        .rules
        .iter()
        .map(|rule| rule.to.as_str())
        .collect();
    assert_eq!(targets, ["a", "c", "d"]);
    let mut mapping = compiled(
        r#"{"contacts":[{"from":"custom_attributes.mail","to":"email","required":true}]}"#,
    );
    assert_eq!(mapping.fit(&known).unwrap_err().code, "invalid_mapping");
}

#[test]
fn an_item_that_a_step_does_not_take_is_told_with_its_target() {
    let mapping = compiled(
        r#"{"explain":true,"contacts":[{"from":"tags.data","to":"names","pipeline":["upper"]},{"from":"tags.data","to":"fine","pipeline":[{"pluck":"name"},"upper"]}]}"#,
    );
    let program = program(&mapping, "contacts");
    let record = r#"{"tags":{"data":[{"name":"vip"},{"name":"beta"}]}}"#;
    let mapped = program.apply(&subject(record)).unwrap().unwrap();
    assert_eq!(mapped.odd, ["names"]);
    assert_eq!(
        String::from_utf8(mapped.payload).unwrap(),
        r#"{"fine":["VIP","BETA"]}"#
    );
    let told: Json = serde_json::from_slice(&program.explain(&subject(record)).unwrap()).unwrap();
    assert_eq!(
        told["rules"][0]["steps"],
        json!([{ "step": "upper", "gave": "a value that it does not take" }])
    );
    assert_eq!(told["rules"][1]["steps"][1]["left_out"], Json::Null);
    let mixed = r#"{"tags":{"data":["new",{"name":"vip"}]}}"#;
    let told: Json = serde_json::from_slice(&program.explain(&subject(mixed)).unwrap()).unwrap();
    assert_eq!(told["rules"][0]["gave"], "[\"***\"]");
    assert_eq!(
        told["rules"][0]["steps"][0]["left_out"],
        "a value that it does not take"
    );
}

#[test]
fn an_explanation_hides_what_is_personal() {
    let mapping = compiled(
        r#"{"explain":true,"contacts":[{"from":"email","to":"mail","pipeline":["trim","upper"]},{"from":"phone","to":"p","when":{"path":"role","equals":"lead"}},
        {"from":"email","to":"n","pipeline":["number"],"default":7}]}"#,
    );
    let told = program(&mapping, "contacts")
        .explain(&subject(r#"{"email":" ada@example.org","phone":"1"}"#))
        .unwrap();
    let told: Json = serde_json::from_slice(&told).unwrap();
    assert_eq!(
        told["rules"][0],
        json!({ "to": "mail", "from": ["email"], "took": "\" ***@*******.***\"", "gave": "\"***@*******.***\"",
            "steps": [{ "step": "trim", "gave": "\"***@*******.***\"" }, { "step": "upper", "gave": "\"***@*******.***\"" }] })
    );
    assert_eq!(told["rules"][1]["skipped"], "its condition does not hold");
    let odd = &told["rules"][2];
    assert_eq!(odd["steps"][0]["gave"], "a value that it does not take");
    assert_eq!(odd["gave"], "*");
}
