//! The mappings that come with the component.

use super::*;

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

/// Newer versions have five words for how urgent a conversation is, older ones two.
#[test]
fn a_ticket_is_as_urgent_as_the_conversation_in_every_version() {
    for (mapping, found, expected) in [
        (r#"{"preset":"ticket"}"#, "priority", "high"),
        (r#"{"preset":"ticket"}"#, "not_priority", "normal"),
        (r#"{"preset":"ticket"}"#, "urgent", "urgent"),
        (r#"{"preset":"ticket"}"#, "high", "high"),
        (r#"{"preset":"ticket"}"#, "medium", "normal"),
        (r#"{"preset":"ticket"}"#, "low", "low"),
        (r#"{"preset":"ticket","priority":"P3"}"#, "none", "P3"),
    ] {
        let record = json!({ "id": "5", "priority": found }).to_string();
        let made = mapped_of("conversations", mapping, &record);
        let made: Json = serde_json::from_str(&made).unwrap();
        assert_eq!(made["priority"], expected, "{found}");
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
