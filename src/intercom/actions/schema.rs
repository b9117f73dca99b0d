//! JSON Schema of what actions take.

use records::add;

use super::{Action, By, Input, InputField, Mode, Reference};
use crate::prelude::*;
use crate::schema::{CAPACITY, comma, names};

/// JSON Schema of a row's document: the fields of all modes, and for each mode, as `x-modes`, which of them it takes, which
/// it needs, of which it needs one at least, and from which API version on it is there.
pub fn input_schema(action: &Action) -> String {
    // Each field once, with how many modes need it.
    let mut fields: Vec<(&InputField, usize)> = Vec::new();
    for field in action.modes.iter().flat_map(Mode::fields) {
        let known = fields.iter_mut().find(|(one, _)| one.name == field.name);
        match known {
            Some((_, needed)) => *needed += usize::from(field.required),
            None => fields.push((field, usize::from(field.required))),
        }
    }
    let mut out = String::with_capacity(CAPACITY);
    out.push_str(
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"#,
    );
    for (index, (field, _)) in fields.iter().enumerate() {
        add(&mut out, &[comma(index), "\"", field.name, "\":"]);
        add_input(&mut out, field.input);
    }
    out.push_str(r#"},"required":"#);
    let everywhere = fields
        .iter()
        .filter(|(_, needed)| *needed == action.modes.len());
    names(&mut out, everywhere.map(|(field, _)| field.name));
    out.push_str(r#","additionalProperties":false,"x-modes":{"#);
    for (index, mode) in action.modes.iter().enumerate() {
        out.push_str(comma(index));
        add_mode(&mut out, mode);
    }
    out.push_str("}}");
    out
}

fn add_mode(out: &mut String, mode: &Mode) {
    let since = mode.since.to_string();
    add(
        out,
        &[
            "\"",
            mode.name,
            r#"":{"since":"2."#,
            &since,
            r#"","takes":"#,
        ],
    );
    names(out, mode.fields().map(|field| field.name));
    out.push_str(r#","required":"#);
    let required = mode.fields().filter(|field| field.required);
    names(out, required.map(|field| field.name));
    out.push_str(r#","one_of":["#);
    let needed = mode
        .references
        .iter()
        .filter(|reference| reference.is_needed());
    for (index, reference) in needed.enumerate() {
        out.push_str(comma(index));
        names(out, reference.by.iter().map(|(field, _)| *field));
    }
    out.push_str("]}");
}

fn add_input(out: &mut String, input: Input) {
    let rest = match input {
        Input::Text => r#"{"type":["string","null"]}"#,
        Input::Name(most) => {
            let most = most.to_string();
            return add(
                out,
                &[r#"{"type":"string","minLength":1,"maxLength":"#, &most, "}"],
            );
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
        Input::OneOf(options) => {
            out.push_str(r#"{"enum":"#);
            names(out, options.iter().copied());
            "}"
        }
    };
    add(out, &[rest]);
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
