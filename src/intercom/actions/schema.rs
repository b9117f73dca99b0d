//! JSON Schema of what actions take.

use super::{Action, By, Input, InputField, Mode, Reference};
use crate::json::list;

/// JSON Schema of a row's document: the fields of all modes, and for each mode, as `x-modes`, which of them it takes, which
/// it needs, of which it needs one at least, and from which API version on it is there.
pub fn input_schema(action: &Action) -> String {
    let mut fields: Vec<&InputField> = Vec::new();
    for field in action.modes.iter().flat_map(Mode::fields) {
        if fields.iter().all(|known| known.name != field.name) {
            fields.push(field);
        }
    }
    let properties: Vec<String> = fields
        .iter()
        .map(|field| format!("\"{}\":{}", field.name, of_input(field.input)))
        .collect();
    let everywhere = |name: &str| {
        let mut modes = action.modes.iter();
        modes.all(|mode| mode.field(name).is_some_and(|field| field.required))
    };
    let required = names(
        fields
            .iter()
            .map(|field| field.name)
            .filter(|name| everywhere(name)),
    );
    let modes: Vec<String> = action.modes.iter().map(of_mode).collect();
    format!(
        r#"{{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{{{}}},"required":{required},"additionalProperties":false,"x-modes":{{{}}}}}"#,
        properties.join(","),
        modes.join(","),
    )
}

fn of_mode(mode: &Mode) -> String {
    let needed = |reference: &&Reference| reference.is_needed();
    let any = list(
        mode.references
            .iter()
            .filter(needed)
            .map(|reference| names(reference.by.iter().map(|(field, _)| *field))),
    );
    format!(
        r#""{}":{{"since":"2.{}","takes":{},"required":{},"one_of":{any}}}"#,
        mode.name,
        mode.since,
        names(mode.fields().map(|field| field.name)),
        names(
            mode.fields()
                .filter(|field| field.required)
                .map(|field| field.name)
        ),
    )
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    list(names.map(|name| format!("\"{name}\"")))
}

fn of_input(input: Input) -> String {
    let fixed = match input {
        Input::Text => r#"{"type":["string","null"]}"#,
        Input::Name(most) => {
            return format!(r#"{{"type":"string","minLength":1,"maxLength":{most}}}"#);
        }
        Input::Email => r#"{"type":["string","null"],"format":"email"}"#,
        Input::Epoch => r#"{"type":["integer","null"],"description":"Unix seconds"}"#,
        Input::Id | Input::Number | Input::Teammate => r#"{"type":["string","integer","null"]}"#,
        Input::Integer => r#"{"type":["integer","null"],"minimum":0,"maximum":2147483647}"#,
        Input::Boolean => r#"{"type":["boolean","null"]}"#,
        Input::Attributes => {
            r#"{"type":"object","additionalProperties":{"type":["string","number","boolean","null"]}}"#
        }
        Input::TicketAttributes => {
            r#"{"type":"object","additionalProperties":{"type":["string","number","boolean","null","array"]}}"#
        }
        Input::Object => r#"{"type":"object"}"#,
        Input::Addresses => {
            r#"{"type":"array","maxItems":10,"items":{"type":"string","format":"uri"}}"#
        }
        Input::Options => {
            r#"{"type":"array","minItems":2,"items":{"type":"string","minLength":1}}"#
        }
        Input::Metadata => {
            r#"{"type":"object","maxProperties":10,"description":"Flat values; {url, value} is a link; {amount, currency} is money: a whole number counts the currency's smallest unit, a decimal text its unit"}"#
        }
        Input::OneOf(options) => return format!("{{\"enum\":{}}}", names(options.iter().copied())),
    };
    fixed.to_owned()
}

impl Reference {
    /// Whether a row must speak of it.
    pub fn is_needed(&self) -> bool {
        self.absent != super::Absent::Optional
    }

    /// Whether a field names it by Intercom's id.
    pub fn has_id(&self) -> bool {
        self.by.iter().any(|(_, by)| *by == By::Id)
    }
}
