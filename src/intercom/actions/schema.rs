//! JSON Schema of what actions take, for the build script: the component has them packed.

use records::add;

use super::{Action, By, Input, InputField, Mode, Reference};
use crate::prelude::*;
use crate::schema::{comma, names};

/// JSON Schema of a row's document: the fields of all modes, and for each mode, as `x-modes`, which of them it takes, which
/// it needs, of which it needs one at least, those that have another form in other modes (`properties`), what a row
/// becomes whose object is not there, and from which API version on the mode is there.
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
    let mut out = String::from(
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"#,
    );
    for (index, (field, _)) in fields.iter().enumerate() {
        add(&mut out, &[comma(index), "\"", field.name, "\":"]);
        match &forms(action, field.name)[..] {
            [_, _, ..] => {
                out.push_str(r#"{"anyOf":["#);
                for (index, form) in forms(action, field.name).into_iter().enumerate() {
                    out.push_str(comma(index));
                    add_input(&mut out, form);
                }
                out.push_str("]}");
            }
            _ => add_input(&mut out, field),
        }
    }
    out.push_str(r#"},"required":"#);
    let everywhere = fields
        .iter()
        .filter(|(_, needed)| *needed == action.modes.len());
    names(&mut out, everywhere.map(|(field, _)| field.name));
    out.push_str(r#","additionalProperties":false,"x-modes":{"#);
    for (index, mode) in action.modes.iter().enumerate() {
        out.push_str(comma(index));
        add_mode(&mut out, action, mode);
    }
    out.push_str("}}");
    out
}

/// The forms that a field has in the modes of an action.
fn forms(action: &Action, name: &str) -> Vec<&'static InputField> {
    let mut forms: Vec<&InputField> = Vec::new();
    for field in action.modes.iter().filter_map(|mode| mode.field(name)) {
        let same = |form: &&InputField| {
            form.input == field.input && form.takes_null() == field.takes_null()
        };
        if !forms.iter().any(same) {
            forms.push(field);
        }
    }
    forms
}

fn add_mode(out: &mut String, action: &Action, mode: &Mode) {
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
    if let Some(target) = mode.references.first() {
        add(out, &[r#","not_there":""#, target.absent.told(), "\""]);
    }
    let own = mode
        .fields()
        .filter(|field| forms(action, field.name).len() > 1);
    out.push_str(r#","properties":{"#);
    for (index, field) in own.enumerate() {
        add(out, &[comma(index), "\"", field.name, "\":"]);
        add_input(out, field);
    }
    out.push_str(r#"},"one_of":["#);
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

fn add_input(out: &mut String, field: &InputField) {
    let (types, rest): (&[&str], &str) = match field.input {
        Input::Text => (&["string"], ""),
        Input::Name(most) => {
            add_types(out, &["string"], field);
            let most = most.to_string();
            return add(out, &[r#","pattern":"\\S","maxLength":"#, &most, "}"]);
        }
        Input::Email => (&["string"], r#","pattern":"^\\s*([^@\\s]+@\\S+)?\\s*$""#),
        Input::Epoch => (
            &["integer"],
            r#","exclusiveMinimum":-100000000000,"exclusiveMaximum":100000000000,"description":"Unix seconds""#,
        ),
        Input::Id if field.required => (&["string", "integer"], r#","minimum":0,"pattern":"\\S""#),
        Input::Id => (&["string", "integer"], r#","minimum":0"#),
        Input::Number | Input::Teammate => (
            &["string", "integer"],
            match field.required {
                true => r#","minimum":0,"pattern":"^\\s*[0-9]+\\s*$""#,
                false => r#","minimum":0,"pattern":"^\\s*[0-9]*\\s*$""#,
            },
        ),
        Input::Integer => (&["integer"], r#","minimum":0,"maximum":2147483647"#),
        Input::Boolean => (&["boolean"], ""),
        Input::Attributes => (
            &["object"],
            r#","additionalProperties":{"type":["string","number","boolean","null","array"],"items":{"type":["string","number"]}}"#,
        ),
        Input::Object => (&["object"], ""),
        Input::Addresses => (
            &["array"],
            r#","maxItems":10,"items":{"type":"string","pattern":"^https?://\\S*$"}"#,
        ),
        Input::Options => (
            &["array"],
            r#","minItems":2,"items":{"type":"string","minLength":1}"#,
        ),
        Input::Metadata => (
            &["object"],
            r#","maxProperties":10,"additionalProperties":{"type":["string","number","boolean","null","object"]},"description":"Flat values; {url, value} is a link; {amount, currency} is money: a whole number counts the currency's smallest unit, a decimal text its unit""#,
        ),
        Input::OneOf(options) => {
            out.push_str(r#"{"enum":"#);
            names(out, options.iter().copied());
            if field.takes_null() {
                out.pop();
                out.push_str(",null]");
            }
            return out.push('}');
        }
    };
    add_types(out, types, field);
    add(out, &[rest, "}"]);
}

fn add_types(out: &mut String, types: &[&str], field: &InputField) {
    out.push_str(r#"{"type":"#);
    let null = field.takes_null().then_some("null");
    names(out, types.iter().copied().chain(null));
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
