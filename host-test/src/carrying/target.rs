//! Which object a row to be written is about, in the words of the component's schema.

use serde_json::{Map, Value};

use crate::contract::connector::ActionDescriptor;

/// The names that a row gives its object: the fields by which the mode's object is named come first in `one_of` of the
/// schema's `x-modes`. None where the object is new, or is named by nothing that the row has.
pub fn target_keys(
    actions: &[ActionDescriptor],
    (action, mode): (&str, Option<&str>),
    row: &Map<String, Value>,
) -> Vec<String> {
    let named = || {
        let action = actions.iter().find(|known| known.name == action)?;
        let mode = mode.or(action.modes.first().map(String::as_str))?;
        let schema: Value = serde_json::from_slice(&action.input_schema).ok()?;
        let fields = schema["x-modes"][mode]["one_of"].get(0)?.as_array()?.iter();
        let values = fields.filter_map(|field| row.get(field.as_str()?));
        let names = values.filter_map(|value| match value {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        Some(names.filter(|name| !name.is_empty()).collect())
    };
    named().unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_names_its_object_by_the_fields_of_its_mode() {
        let schema = json!({"x-modes": {
            "note": {"one_of": [["conversation_id"], ["contact_id", "email"]]},
            "create": {"one_of": []},
            "update": {"one_of": [["id", "email"]]},
        }});
        let actions = [ActionDescriptor {
            name: "parts".to_owned(),
            modes: vec!["note".to_owned(), "create".to_owned(), "update".to_owned()],
            input_schema: schema.to_string().into_bytes(),
            batch_limit: 1,
            replay_safe: true,
            permission: None,
        }];
        let row = json!({"conversation_id": 7, "email": " Ada@x ", "admin_id": "1", "id": ""});
        let keys = |action, mode| target_keys(&actions, (action, mode), row.as_object().unwrap());
        assert_eq!(keys("parts", None), ["7"]);
        assert_eq!(keys("parts", Some("update")), ["Ada@x"]);
        assert!(keys("parts", Some("create")).is_empty());
        assert!(keys("parts", Some("other")).is_empty());
        assert!(keys("other", None).is_empty());
    }
}
