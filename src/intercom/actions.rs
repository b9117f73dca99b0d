//! The table of actions, and the fields that each takes.

/// The type of a field that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Text or null.
    Text,
    /// An e-mail address or null. Trimmed and lower-cased.
    Email,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Unix seconds or null.
    Epoch,
    /// An id as text or number, or null. Sent as text.
    Id,
    /// The id of a teammate, as text or number, or null. Sent in the form that the API version declares.
    Teammate,
    /// `true`, `false` or null.
    Boolean,
    /// An object of text, numbers, `true`, `false` and null.
    Attributes,
}

/// A field that an action takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputField {
    /// Its name in the row's document and in the request.
    pub name: &'static str,
    /// Its type.
    pub input: Input,
}

/// An action: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name.
    pub name: &'static str,
    /// How it can be done; the first one is the default.
    pub modes: &'static [&'static str],
    /// The fields of a row.
    pub fields: &'static [InputField],
    /// Rows in a batch, at most.
    pub batch_limit: u32,
    /// Whether sending it twice does no more than sending it once.
    pub replay_safe: bool,
    /// What it needs, in the words of Intercom's Developer Hub.
    pub permission: &'static str,
}

const fn field(name: &'static str, input: Input) -> InputField {
    InputField { name, input }
}

/// All actions.
pub const ACTIONS: &[Action] = &[Action {
    name: "contacts",
    modes: &["upsert"],
    fields: &[
        field("external_id", Input::Id),
        field("email", Input::Email),
        field("role", Input::OneOf(&["user", "lead"])),
        field("phone", Input::Text),
        field("name", Input::Text),
        field("avatar", Input::Text),
        field("signed_up_at", Input::Epoch),
        field("last_seen_at", Input::Epoch),
        field("owner_id", Input::Teammate),
        field("unsubscribed_from_emails", Input::Boolean),
        field("custom_attributes", Input::Attributes),
    ],
    batch_limit: 500,
    replay_safe: true,
    permission: "Write users and companies",
}];

/// The action of a name.
pub fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// JSON Schema of a row's document.
pub fn input_schema(action: &Action) -> String {
    let properties: Vec<String> = action
        .fields
        .iter()
        .map(|field| format!("\"{}\":{}", field.name, of_input(field.input)))
        .collect();
    format!(
        r#"{{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{{{}}},"additionalProperties":false,"anyOf":[{{"required":["external_id"]}},{{"required":["email"]}}]}}"#,
        properties.join(","),
    )
}

fn of_input(input: Input) -> String {
    let fixed = match input {
        Input::Text => r#"{"type":["string","null"]}"#,
        Input::Email => r#"{"type":["string","null"],"format":"email"}"#,
        Input::Epoch => r#"{"type":["integer","null"],"description":"Unix seconds"}"#,
        Input::Id | Input::Teammate => r#"{"type":["string","integer","null"]}"#,
        Input::Boolean => r#"{"type":["boolean","null"]}"#,
        Input::Attributes => {
            r#"{"type":"object","additionalProperties":{"type":["string","number","boolean","null"]}}"#
        }
        Input::OneOf(names) => return format!("{{\"enum\":{names:?}}}"),
    };
    fixed.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_field_is_in_the_schema() {
        for action in ACTIONS {
            let schema: Value = serde_json::from_str(&input_schema(action)).unwrap();
            assert_eq!(
                schema["properties"].as_object().unwrap().len(),
                action.fields.len()
            );
        }
        let schema: Value = serde_json::from_str(&input_schema(&ACTIONS[0])).unwrap();
        assert_eq!(
            schema["properties"]["role"],
            json!({ "enum": ["user", "lead"] })
        );
    }
}
