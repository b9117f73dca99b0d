//! Mappings as people write them, and records.

/// What holds for every mapping.
mod properties;

use alloc::borrow::Cow;

use serde_json::{Value as Json, json};

use super::apply::{Program, Subject};
use super::*;
use crate::intercom::streams::find;
use crate::map_record::map_records;

fn compiled(mapping: &str) -> Mapping {
    let mapping = Mapping::compile(mapping.as_bytes(), None).unwrap();
    let prepared = Mapping::unpack(&mapping.pack()).unwrap();
    assert_eq!(prepared, mapping);
    mapping
}

fn subject(record: &str) -> Subject<'_> {
    Subject {
        record,
        places: &[],
        key: "1",
        company: None,
        parts: None,
        whole: true,
    }
}

fn program<'m>(mapping: &'m Mapping, stream: &str) -> Program<'m> {
    Program::new(
        find(stream).unwrap(),
        Cow::Borrowed(mapping.section(stream).unwrap()),
    )
}

fn mapped_of(stream: &str, mapping: &str, record: &str) -> String {
    let mapped = program(&compiled(mapping), stream).apply(&subject(record));
    String::from_utf8(mapped.unwrap().unwrap().payload).unwrap()
}

fn mapped(mapping: &str, record: &str) -> String {
    mapped_of("contacts", mapping, record)
}

fn problems(mapping: &str) -> Vec<(String, String)> {
    let failure = Mapping::compile(mapping.as_bytes(), None).unwrap_err();
    assert_eq!(failure.code, "invalid_mapping");
    let problems = failure.problems.into_iter();
    problems.map(|one| (one.path, one.code)).collect()
}

#[test]
fn paths_names_and_custom_attributes_are_mapped() {
    assert_eq!(
        mapped(
            r#"{"email":"email","name":"FULL \"NAME\"","custom_attributes.plan_tier":"PLAN","custom_attributes.a.b":"DOTTED","tags.data.1.id":"TAG","location.city":"X","custom_attributes":"ALL"}"#,
            r#"{"email":"a@b.c","name":null,"custom_attributes":{"plan_tier":"pro","a.b":3},"tags":{"data":[{"id":"1"},{"id":"2"}]}}"#,
        ),
        r#"{"email":"a@b.c","FULL \"NAME\"":null,"PLAN":"pro","DOTTED":3,"TAG":"2","ALL":{"plan_tier":"pro","a.b":3}}"#,
    );
}

#[test]
fn rules_of_other_streams_stand_under_their_name() {
    let mapping =
        compiled(r#"{"email":"E","companies":{"name":"N"},"tags":[{"from":"name","to":"T"}]}"#);
    for (stream, to) in [("companies", "N"), ("contacts", "E"), ("tags", "T")] {
        assert_eq!(mapping.section(stream).unwrap().rules[0].to, to);
    }
    assert_eq!(mapping.section("admins"), None);
}

#[test]
fn a_rule_takes_the_first_that_is_there_else_its_default() {
    let mapping = r#"{"contacts":[
        {"from":["name","email"],"to":"a.name","pipeline":["trim",{"split_name":"first"},"upper"]},
        {"from":"phone","to":"phone","default":"none"},
        {"from":{"literal":{"x":[1]}},"to":"a.fixed"},
        {"from":"role","to":"kind","pipeline":[{"map":{"user":1,"lead":2}}],"type":"number"},
        {"from":"custom_attributes.n","to":"n","pipeline":["number"],"when":{"path":"role","in":["user"]}}]}"#;
    assert_eq!(
        mapped(
            mapping,
            r#"{"name":"","email":" ada lovelace","role":"user","custom_attributes":{"n":"+7.50"}}"#
        ),
        r#"{"a":{"name":"ADA","fixed":{"x":[1]}},"phone":"none","kind":1,"n":7.50}"#
    );
    let record = r#"{"name":"x","phone":"1","role":"boss","custom_attributes":{"n":"seven"}}"#;
    let mapped = program(&compiled(mapping), "contacts")
        .apply(&subject(record))
        .unwrap()
        .unwrap();
    assert_eq!(mapped.odd, ["kind"]);
    assert_eq!(
        String::from_utf8(mapped.payload).unwrap(),
        r#"{"a":{"name":"X","fixed":{"x":[1]}},"phone":"1"}"#
    );
}

#[test]
fn values_are_gathered_in_lists_and_objects() {
    let mapping = r#"{"contacts":{"nulls":false,"custom_attributes":{"keep":"attributes.C_"},"rules":[
        {"from":{"literal":35},"to":"lists[]","when":{"path":"role","equals":"user"}},
        {"from":"tags.data","to":"lists[]","pipeline":[{"pluck":"id"},{"map":{"7":70,"8":80}}]},
        {"from":"tags.data","to":"tags","pipeline":[{"join":", ","of":"name"}]},
        {"from":"tags.data","to":"vip","pipeline":[{"find":{"name":"vip"},"value":"id"}]},
        {"from":"custom_attributes.plan","to":"attributes.PLAN"},
        {"from":"name","to":"name"}]}}"#;
    let record = r#"{"role":"user","name":null,"tags":{"data":[{"id":"8","name":"a"},{"id":7,"name":"vip"},{"id":"9"}]},"custom_attributes":{"plan":"pro","seats":3,"x\"":null}}"#;
    assert_eq!(
        mapped(mapping, record),
        r#"{"attributes":{"C_seats":3,"PLAN":"pro"},"lists":[35,80,70],"tags":"a, vip","vip":7}"#
    );
    assert_eq!(mapped(mapping, "{}"), "{}");
}

#[test]
fn a_condition_that_would_always_hold_or_never_is_refused() {
    for (when, place, code) in [
        ("[]", "when", "missing"),
        (r#"{"all":[]}"#, "when.all", "missing"),
        (r#"{"not":{"any":[ ]}}"#, "when.not.any", "missing"),
        (r#"{"path":"role","in":[]}"#, "when", "type"),
    ] {
        let mapping = format!(r#"{{"contacts":[{{"from":"email","to":"E","when":{when}}}]}}"#);
        let place = format!("field_mapping.contacts[0].{place}");
        assert_eq!(problems(&mapping), [(place, code.to_owned())], "{when}");
    }
}

#[test]
fn a_target_may_have_several_rules_under_conditions() {
    let mapping = r#"{"conversations":[
        {"from":{"literal":"vip"},"to":"team","when":{"path":"priority","equals":"priority"}},
        {"from":{"literal":"night"},"to":"team","when":{"all":[{"path":"open","equals":true},{"not":{"path":"title","present":true}}]}},
        {"from":"team_assignee_id","to":"team"}]}"#;
    let team = |record: &str| mapped_of("conversations", mapping, record);
    assert_eq!(
        team(r#"{"priority":"priority","open":true,"team_assignee_id":"5"}"#),
        r#"{"team":"vip"}"#
    );
    assert_eq!(
        team(r#"{"open":true,"title":"","team_assignee_id":"5"}"#),
        r#"{"team":"night"}"#
    );
    assert_eq!(
        team(r#"{"open":true,"title":"x","team_assignee_id":"5"}"#),
        r#"{"team":"5"}"#
    );
}

#[test]
fn every_problem_is_named_with_its_path() {
    let mut found = problems(
        r#"{"email..b":"X","name":3,"role":"","compnies":{"name":"N"},"phone":"Y","id":"Y","emial":"Z","email.x":"W",
        "contacts":[
            {"from":"email","to":"a","pipeline":["trim","lwer"]},
            {"from":"created_at","to":"b","pipeline":["lower"]},
            {"from":"email","to":"c","pipeline":[{"truncate":"x"},{"phone":"xx"},{"map":1},{"mask":"e"},{"encrypt":"k","secret":"s"}]},
            {"from":[],"to":"d"}, {"to":"e"}, {"from":"email"}, {"from":"email","to":"f","tipe":"text"},
            {"from":"email","to":"g","when":{"path":"rol","equals":"x"}},
            {"from":"email","to":"h","when":{"path":"role","equls":"x"}},
            {"from":"email","to":"i","type":"number"},
            {"from":"email","to":"Y.z"},
            5]}"#,
    );
    found.sort_unstable();
    let expected = [
        ("field_mapping.compnies", "unknown_stream"),
        ("field_mapping.contacts[0].pipeline[1]", "unknown_transform"),
        ("field_mapping.contacts[10]", "duplicate_target"),
        ("field_mapping.contacts[11]", "type"),
        ("field_mapping.contacts[1].pipeline[0]", "type"),
        ("field_mapping.contacts[2].pipeline[0]", "argument"),
        ("field_mapping.contacts[2].pipeline[1]", "argument"),
        ("field_mapping.contacts[2].pipeline[2]", "argument"),
        ("field_mapping.contacts[2].pipeline[3]", "argument"),
        ("field_mapping.contacts[2].pipeline[4]", "argument"),
        ("field_mapping.contacts[3].from", "missing"),
        ("field_mapping.contacts[4].from", "missing"),
        ("field_mapping.contacts[5].to", "missing"),
        ("field_mapping.contacts[6].tipe", "unknown_key"),
        ("field_mapping.contacts[7].when.path", "unknown_field"),
        ("field_mapping.contacts[8].when.equls", "unknown_key"),
        ("field_mapping.contacts[9].type", "type"),
        ("field_mapping.email..b", "path"),
        ("field_mapping.email.x", "path"),
        ("field_mapping.emial", "unknown_field"),
        ("field_mapping.id", "duplicate_target"),
        ("field_mapping.name", "type"),
        ("field_mapping.role", "target"),
    ];
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(path, code)| (path.as_str(), code.as_str()))
        .collect();
    assert_eq!(found, expected);
    for (source, meant) in [("emial", "email"), ("location.citi", "city")] {
        let mapping = format!(r#"{{"{source}":"Z"}}"#);
        let failure = Mapping::compile(mapping.as_bytes(), None).unwrap_err();
        assert!(
            failure.message.contains(&format!("did you mean `{meant}`")),
            "{}",
            failure.message
        );
    }
    for document in ["[1]", "{", "5", "", "\u{0}"] {
        assert!(
            Mapping::compile(document.as_bytes(), None).is_err(),
            "{document:?}"
        );
    }
}

#[test]
fn damaged_prepared_bytes_are_refused_and_those_of_another_version_compiled_anew() {
    let with = |prepared: &[u8]| {
        Mapping::of(&Connection {
            config: b"{}".to_vec(),
            mapping: Some(br#"{"email":"E"}"#.to_vec()),
            triggers: None,
            account: None,
            prepared: Some(prepared.to_vec()),
        })
    };
    for bytes in [&b"5"[..], b"5\x05", b"5\x02\0\x05", b"5\x03\0\x01\x01"] {
        assert_eq!(with(bytes).unwrap_err().code, "unreadable_prepared");
    }
    for bytes in [&b""[..], b"1[", b"4\x03\0\x01\x01", b"6{}"] {
        assert!(with(bytes).unwrap().section("contacts").is_some());
    }
    assert!(with(b"5\x02\0\0").unwrap().section("contacts").is_none());
}

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
fn ten_thousand_rules_are_compiled_and_applied() {
    let rules: Vec<String> = (0..10_000)
        .map(|at| format!(r#""custom_attributes.a{at}":"x.A{at}""#))
        .collect();
    let mapping = compiled(&format!("{{{}}}", rules.join(",")));
    let program = program(&mapping, "contacts");
    let record = r#"{"custom_attributes":{"a9999":1,"a0":2,"b":3}}"#;
    let mapped = program.apply(&subject(record)).unwrap().unwrap();
    assert_eq!(
        String::from_utf8(mapped.payload).unwrap(),
        r#"{"x":{"A0":2,"A9999":1}}"#
    );
}

#[test]
fn brevo_gets_contacts_as_its_import_takes_them() {
    let mapping = r#"{"preset":"brevo-contact","lists":{"all_users":35,"active_conversations":"36","leads":37},"country":"IE",
        "lists_by_tag":{"7":"40"},"attributes":{"plan_tier":"PLAN_TIER"},"contacts":[{"from":"external_id","to":"ext_id"}]}"#;
    let record = r#"{"id":"1","external_id":"u1","role":"user","email":" Ada@Example.org","phone":"087 123 4567","name":"Ada Lovelace","unsubscribed_from_emails":false,
        "signed_up_at":1719492777,"last_seen_at":null,"custom_attributes":{"plan_tier":"pro","session_count":7},"tags":{"data":[{"id":"7"},{"id":"9"}]}}"#;
    let mapping = compiled(mapping);
    let subject = Subject {
        company: Some(r#"{"name":"Analytical Engines","plan":{"name":"Pro"},"size":12}"#),
        ..subject(record)
    };
    let mapped = program(&mapping, "contacts")
        .apply(&subject)
        .unwrap()
        .unwrap();
    let json: Json = serde_json::from_slice(&mapped.payload).unwrap();
    assert_eq!(
        json,
        json!({
            "email": "ada@example.org",
            "attributes": {
                "PLAN_TIER": "pro", "FULLNAME": "Ada Lovelace", "SMS": "+353871234567", "ROLE": "user", "SIGNUP_DATE": "2024-06-27",
                "SESSION_COUNT": 7, "UNSUBSCRIBED": false, "COMPANY_NAME": "Analytical Engines", "COMPANY_PLAN": "Pro", "COMPANY_SIZE": 12
            },
            "listIds": [35, 40],
            "ext_id": "u1"
        })
    );
    assert!(mapped.odd.is_empty() && mapped.missing.is_empty());
    let conversation =
        r#"{"open":true,"source":{"author":{"type":"user","email":"A@b.c"}},"tags":{"tags":[]}}"#;
    let mapped = program(&mapping, "conversations")
        .apply(&self::subject(conversation))
        .unwrap()
        .unwrap();
    assert_eq!(
        String::from_utf8(mapped.payload).unwrap(),
        r#"{"email":"a@b.c","listIds":[36]}"#
    );
    // Whoever wants no mails gets none; that somebody wants them is for Brevo to know.
    for (unsubscribed, unwanted) in [
        ("true", json!(true)),
        ("false", Json::Null),
        ("null", Json::Null),
    ] {
        let record =
            format!(r#"{{"id":"1","email":"a@b.c","unsubscribed_from_emails":{unsubscribed}}}"#);
        let mapped = self::mapped(r#"{"preset":"brevo-contact"}"#, &record);
        let json: Json = serde_json::from_str(&mapped).unwrap();
        assert_eq!(json["emailBlacklisted"], unwanted, "{mapped}");
    }
    // An empty text is no value, and what is kept of custom attributes goes where Brevo has a place for it.
    let record = r#"{"id":"1","email":"a@b.c","name":"","custom_attributes":{"plan":"pro"}}"#;
    let mapping = r#"{"preset":"brevo-contact","custom_attributes":{"keep":"IC_"}}"#;
    let mapped = self::mapped(mapping, record);
    let json: Json = serde_json::from_str(&mapped).unwrap();
    assert_eq!(
        json,
        json!({ "email": "a@b.c", "attributes": { "IC_plan": "pro" } })
    );
    // Nothing is said about conversations where no list is for them.
    assert!(
        compiled(r#"{"preset":"brevo-contact"}"#)
            .section("conversations")
            .is_none()
    );
}

/// A name that stands in an object twice is read as one or the other.
#[test]
fn what_a_rule_names_no_attribute_of_that_name_takes() {
    let record = r#"{"id":"1","email":"a@b.c","custom_attributes":{"x":1,"xy":2,"tags":3,"z":4}}"#;
    let mapping = r#"{"email":"P_x","role":"P_tags[]","id":"P_z.id","custom_attributes":"P_*"}"#;
    let mapped = self::mapped(mapping, record);
    for name in ["P_x", "P_z"] {
        assert_eq!(
            mapped.matches(&format!("\"{name}\":")).count(),
            1,
            "{mapped}"
        );
    }
    let json: Json = serde_json::from_str(&mapped).unwrap();
    assert_eq!(
        json,
        json!({ "P_x": "a@b.c", "P_z": { "id": "1" }, "P_xy": 2 })
    );
}

#[test]
fn brevo_gets_events_as_it_takes_them() {
    let event = r#"{"id":"1","event_name":"Ordered: 商品","created_at":1719492777,"email":"","user_id":"u1",
        "metadata":{"order number":"7","none":null,"price":{"amount":1,"currency":"eur"}}}"#;
    let mapped = mapped_of("events", r#"{"preset":"brevo-event"}"#, event);
    assert_eq!(
        serde_json::from_str::<Json>(&mapped).unwrap(),
        json!({
            "event_name": "Ordered____", "event_date": "2024-06-27T12:52:57Z",
            "identifiers": { "ext_id": "u1" },
            "event_properties": { "order number": "7", "none": null, "price": { "amount": 1, "currency": "eur" } },
        })
    );
}

#[test]
fn presets_are_chosen_by_name_and_their_parameters_checked() {
    for preset in preset::PRESETS {
        compiled(&preset.mapping.text());
        compiled(&json!({ "preset": preset.name }).to_string());
    }
    assert_eq!(compiled(r#"{"preset":"identity"}"#), Mapping::default());
    assert_eq!(
        problems(r#"{"preset":"brevo-contacts"}"#),
        [(
            "field_mapping.preset".to_owned(),
            "unknown_preset".to_owned()
        )]
    );
    assert_eq!(
        problems(r#"{"preset":"brevo-contact","list":{}}"#),
        [("field_mapping.list".to_owned(), "unknown_key".to_owned())]
    );
    assert_eq!(
        problems(r#"{"preset":"brevo-contact","lists":{"all_users":"all"}}"#),
        [(
            "field_mapping.lists.all_users".to_owned(),
            "type".to_owned()
        )]
    );
    // What a preset is given is checked where it stands, and said once.
    for (given, path, code) in [
        (
            r#""lists":{"all_user":35}"#,
            "lists.all_user",
            "unknown_key",
        ),
        (r#""lists":35"#, "lists", "type"),
        (r#""country":"ie""#, "country", "argument"),
        (r#""country":false"#, "country", "argument"),
        (r#""lists_by_tag":[40]"#, "lists_by_tag", "argument"),
        (r#""attributes":["plan"]"#, "attributes", "value"),
        (r#""company":"oldest""#, "company", "value"),
    ] {
        let found = problems(&format!(r#"{{"preset":"brevo-contact",{given}}}"#));
        let place = format!("field_mapping.{path}");
        assert_eq!(found, [(place, code.to_owned())], "{given}");
    }
    let found = problems(r#"{"preset":"ticket","mask":"emial"}"#);
    let place = "field_mapping.mask".to_owned();
    assert_eq!(found, [(place, "argument".to_owned())]);
}

#[test]
fn a_conversation_becomes_a_ticket() {
    let account = Account {
        workspace_id: "ws".into(),
        name: None,
        region: None,
        time_zone: None,
        api_version: None,
    };
    let mapping = Mapping::compile(
        br#"{"preset":"ticket","assignees":{"9":"ann"}}"#,
        Some(&account),
    )
    .unwrap();
    let record = r#"{"id":"5","title":null,"state":"open","priority":"priority","created_at":1719492777,"admin_assignee_id":"9",
        "contacts":{"contacts":[{"id":"c1","external_id":"u1"}]},
        "source":{"subject":"<p>Help &amp; advice</p>","body":"<p>It does<br>not work</p>","author":{"type":"user","name":"Ada","email":"A@b.c"},
            "attachments":[{"type":"upload","name":"a.png","url":"https://x/a","content_type":"image/png","filesize":5}]},
        "conversation_parts":{"conversation_parts":[
            {"part_type":"comment","body":"<p>Second</p>","created_at":1719492900,"author":{"name":"Bot"},"attachments":[]},
            {"part_type":"assignment","body":null,"created_at":1719492850},
            {"part_type":"note","body":"First","created_at":1719492800,"author":{"type":"admin"},"attachments":[{"name":"b","url":"https://x/b"}]}]}}"#;
    let section = mapping.section("conversations").unwrap();
    assert!(section.embeds(find("conversations").unwrap()));
    let mapped = program(&mapping, "conversations")
        .apply(&subject(record))
        .unwrap()
        .unwrap();
    let json: Json = serde_json::from_slice(&mapped.payload).unwrap();
    assert_eq!(
        json,
        json!({
            "external_id": "5", "title": "Help & advice", "priority": "high", "status": "open", "assignee": "ann",
            "description": "Ada:\nIt does\nnot work\n\nadmin (note), 2024-06-27T12:53:20Z:\nFirst\n\nBot, 2024-06-27T12:55:00Z:\nSecond",
            "requester": { "name": "Ada", "email": "a@b.c", "id": "c1", "external_id": "u1" },
            "link": "https://app.intercom.com/a/inbox/ws/inbox/conversation/5",
            "attachments": [
                { "url": "https://x/a", "name": "a.png", "type": "image/png", "size": 5 },
                { "url": "https://x/b", "name": "b" }
            ],
            "created_at": "2024-06-27T12:52:57Z",
        })
    );
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
fn of_an_empty_list_a_target_is_told_that_there_is_nothing() {
    let mapping = compiled(
        r#"{"contacts":[{"from":"tags.data","to":"TAGS","pipeline":[{"join":", ","of":"name"}]}]}"#,
    );
    let record = subject(r#"{"tags":{"data":[]}}"#);
    for whole in [true, false] {
        let mapped = program(&mapping, "contacts").apply(&Subject { whole, ..record });
        let payload = mapped.unwrap().unwrap().payload;
        assert_eq!(payload, br#"{"TAGS":null}"#, "whole: {whole}");
    }
    assert_eq!(
        program(&mapping, "contacts")
            .apply(&subject("{}"))
            .unwrap()
            .unwrap()
            .payload,
        b"{}"
    );
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

#[test]
fn a_call_becomes_a_ticket_with_what_is_known_of_it() {
    let account = Account {
        workspace_id: "ws".to_owned(),
        name: None,
        region: Some("eu".to_owned()),
        time_zone: None,
        api_version: None,
    };
    let mapping = Mapping::compile(br#"{"preset":"ticket"}"#, Some(&account)).unwrap();
    let call = json!({ "id": "7", "conversation_id": "42", "direction": "inbound", "call_type": "phone", "initiated_at": 100,
        "answered_at": 105, "ended_at": 190, "recording_url": "https://api.intercom.io/calls/7/recording", "ended_reason": "answered",
        "transcript": [{ "speaker": "customer", "text": "Hello" }] });
    let made = program(&mapping, "calls").apply(&subject(&call.to_string()));
    let made: Json = serde_json::from_slice(&made.unwrap().unwrap().payload).unwrap();
    assert_eq!(
        made["link"],
        "https://app.eu.intercom.com/a/inbox/ws/inbox/conversation/42"
    );
    assert_eq!(
        made["call"],
        json!({ "id": "7", "direction": "inbound", "type": "phone", "duration": 90, "started_at": "1970-01-01T00:01:40Z",
            "answered_at": "1970-01-01T00:01:45Z", "ended_at": "1970-01-01T00:03:10Z", "ended_reason": "answered",
            "recording_url": "https://api.intercom.io/calls/7/recording", "transcript": [{ "speaker": "customer", "text": "Hello" }] })
    );
}
