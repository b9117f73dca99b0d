//! What a callback is about: the objects that its writes name.

use serde_json::Value;

use super::planned::plan;
use crate::carrying::target_keys;
use crate::connection_file::Callback;
use crate::contract::connector::ActionDescriptor;
use crate::webhook_queue::About;

/// What a body is about, by the rules of its door and by what the component's actions take.
pub(super) fn about(callback: &Callback, body: &Value, actions: &[ActionDescriptor]) -> About {
    let planned = plan(callback, body).unwrap_or_default();
    if planned.is_empty() {
        return About::Nothing;
    }
    let mut names = Vec::new();
    for write in &planned {
        let form = (write.action.as_str(), write.mode.as_deref());
        let keys = target_keys(actions, form, &write.row);
        if keys.is_empty() {
            return About::Anything;
        }
        // In another case it may be another name of the same object, or not: then one waits for the other in vain.
        names.extend(keys.iter().map(|key| key.to_lowercase()));
    }
    About::Objects(names)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::connection_file::ConnectionFile;

    const RULES: &str = r#"
connector: intercom
callbacks:
  desk:
    secret: s
    rules:
      - { when: { /type: ping }, ignore: true }
      - when: { /type: [status, both] }
        action: tickets
        row: { ticket_id: /ticket, ticket_state: /status }
      - when: { /type: [person, both] }
        action: contacts
        row: { email: /email }
"#;

    #[test]
    fn a_callback_is_about_the_objects_that_its_writes_name() {
        let file = ConnectionFile::parse("c.yaml".as_ref(), RULES, &|_| None).unwrap();
        let action = |name: &str, fields: Value| ActionDescriptor {
            name: name.to_owned(),
            modes: vec!["update".to_owned()],
            input_schema: json!({"x-modes": {"update": {"one_of": [fields]}}})
                .to_string()
                .into_bytes(),
            batch_limit: 1,
            replay_safe: true,
            permission: None,
        };
        let actions = [
            action("tickets", json!(["ticket_id"])),
            action("contacts", json!(["id", "email"])),
        ];
        let about = |body: Value| about(&file.callbacks["desk"], &body, &actions);
        let objects = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned());
            About::Objects(names.collect())
        };
        assert_eq!(
            about(json!({"type": "status", "ticket": 5, "status": "open"})),
            objects(&["5"])
        );
        assert_eq!(
            about(json!({"type": "both", "ticket": "5", "email": "Ada@x"})),
            objects(&["5", "ada@x"])
        );
        assert_eq!(
            about(json!({"type": "both", "ticket": "5"})),
            About::Anything
        );
        assert_eq!(about(json!({"type": "ping"})), About::Nothing);
        assert_eq!(about(json!({"type": "unheard of"})), About::Nothing);
    }
}
