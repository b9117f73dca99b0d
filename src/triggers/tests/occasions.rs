//! When triggers fire, and what they give.

use super::*;

fn fired(trigger: Json, topic: Option<&str>) -> Vec<Intent> {
    let document = json!({ "t": trigger });
    look(
        &packed(&document),
        "conversations",
        &conversation(),
        Some(&parts()),
        topic,
    )
}

const REPLIED: Option<&str> = Some("conversation.user.replied");

#[test]
fn topics_restrict_deliveries_and_reads_see_none() {
    for (trigger, on_topic, on_other, on_read) in [
        (json!({ "action": "a" }), true, true, true),
        (
            json!({ "action": "a", "on": "conversation.replied" }),
            true,
            false,
            false,
        ),
        (
            json!({ "action": "a", "on": "conversation.replied", "when": { "waiting": "1m" } }),
            true,
            false,
            true,
        ),
        (
            json!({ "action": "a", "on": ["conversation.closed"] }),
            false,
            false,
            false,
        ),
    ] {
        let fires = |topic| !fired(trigger.clone(), topic).is_empty();
        assert_eq!(fires(REPLIED), on_topic, "{trigger}");
        assert_eq!(fires(Some("conversation.read")), on_other, "{trigger}");
        assert_eq!(fires(None), on_read, "{trigger}");
    }
}

#[test]
fn a_deletion_is_for_those_that_name_it() {
    let document = json!({ "any": { "action": "a" }, "gone": { "action": "a", "on": "conversation.deleted" } });
    let triggers = packed(&document);
    let watch = triggers.of_stream(find("conversations").unwrap()).unwrap();
    let occasion = Occasion {
        key: "7",
        record: r#"{"id":"7"}"#,
        places: &[],
        parts: None,
        companies: &[],
        updated_at: None,
        topic: Some("conversation.deleted"),
        gone: true,
        now: NOW,
    };
    let (intents, _) = watch.look(&occasion);
    assert_eq!(intents.len(), 1);
    assert_eq!(
        (&*intents[0].trigger, &*intents[0].record),
        ("gone", &br#"{"id":"7"}"#[..])
    );
}

#[test]
fn an_intent_says_what_where_and_whether_to_ask() {
    let intents = fired(
        json!({ "action": "escalate", "confirm": true, "mapping": [{ "from": "state", "to": "S" }] }),
        None,
    );
    let [intent] = intents.as_slice() else {
        panic!()
    };
    assert_eq!(intent.action, "escalate");
    assert_eq!(
        (&*intent.source_stream, &*intent.source_key),
        ("conversations", "7")
    );
    assert!(intent.confirm && intent.id.len() == 32);
    assert_eq!(String::from_utf8_lossy(&intent.record), r#"{"S":"open"}"#);
    let plain = fired(json!({ "action": "x" }), None).remove(0);
    assert_eq!(plain.record, conversation().to_string().into_bytes());
    assert!(!plain.confirm);
}

#[test]
fn ids_tell_triggers_rows_and_changes_apart() {
    let id = |trigger: Json, topic| fired(trigger, topic).remove(0).id;
    let once = json!({ "action": "a" });
    assert_eq!(id(once.clone(), None), id(once.clone(), REPLIED));
    let each = json!({ "action": "a", "per": "change" });
    let each_on = json!({ "action": "a", "per": "change", "on": "conversation.replied" });
    assert_eq!(id(each.clone(), None), id(each.clone(), REPLIED));
    let ids = [id(once, None), id(each.clone(), None), id(each_on, REPLIED)];
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
    let later = |each: Json, change: &dyn Fn(&mut Json, &mut Json)| {
        let (mut record, mut parts) = (conversation(), parts());
        change(&mut record, &mut parts);
        look(
            &packed(&json!({ "t": each })),
            "conversations",
            &record,
            Some(&parts),
            REPLIED,
        )
        .remove(0)
        .id
    };
    let unchanged = later(each.clone(), &|_, parts| {
        parts["conversation_parts"][1]["id"] = json!("23")
    });
    assert_eq!(unchanged, ids[1], "what reads cannot tell is no change");
    let changed = later(each, &|record, _| record["updated_at"] = json!(NOW));
    assert_ne!(changed, ids[1]);
    let each_on = json!({ "action": "a", "per": "change", "on": "conversation.replied" });
    let another = later(each_on, &|_, parts| {
        parts["conversation_parts"][1]["id"] = json!("23")
    });
    assert_ne!(another, ids[2]);
}

#[test]
fn a_record_without_what_it_needs_is_said_and_not_given() {
    let document = json!({ "t": { "action": "a", "mapping": [{ "from": "title", "to": "T", "required": true }] } });
    let triggers = packed(&document);
    let watch = triggers.of_stream(find("conversations").unwrap()).unwrap();
    let (intents, notices) = watch.look(&Occasion {
        key: "7",
        record: r#"{"id":"7","title":null}"#,
        places: &[],
        parts: None,
        companies: &[],
        updated_at: None,
        topic: None,
        gone: false,
        now: NOW,
    });
    assert_eq!(intents, []);
    assert_eq!(notices[0].path.as_deref(), Some("triggers.t: T"));
}
