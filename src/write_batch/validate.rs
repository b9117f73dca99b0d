//! Validation of a row's document before anything is sent: every problem at once.

use super::choice::small;
use super::metadata;
use super::values::{Values, written};
use crate::contract::types::{Failure, Problem};
use crate::failure::{nearest, not_valid, problem};
use crate::intercom::actions::{Action, Input, InputField, Mode};
use crate::intercom::versions::{OWNER_IS_TEXT, is_from, minor};
use crate::json::{self, Member, Object, list, quoted};
use crate::prelude::*;
use records::search;

/// Seconds from here on are milliseconds given by mistake (the year 5138).
pub const LATEST_SECOND: u64 = 100_000_000_000;

/// Addresses of attachments, at most.
const MOST_ADDRESSES: usize = 10;

/// Reads a row's document, to be sent to an API version.
///
/// # Errors
/// `invalid_row`, with every problem and its path.
pub fn row(
    action: &Action,
    mode: &Mode,
    api_version: &str,
    document: &[u8],
) -> Result<Values, Failure> {
    let mut problems = Vec::new();
    let fields = json::parse::<Object>(document).unwrap_or_else(|reason| {
        problems.push(Problem {
            expected: Some("an object".to_owned()),
            ..problem("", "json", format!("expected a JSON object; {reason}"))
        });
        Object::default()
    });
    let is_json = problems.is_empty();
    let mut values = Values::default();
    for (name, value) in &fields.0 {
        match mode.field(name) {
            Some(field) if field.since > minor(api_version) => problems.push(problem(
                field.name,
                "not_in_version",
                format!(
                    "API version {api_version} does not have this field; 2.{} does",
                    field.since
                ),
            )),
            // An empty cell of a table names nobody: it is no id that several rows could have in common.
            Some(field) if field.input.names() && is_blank(value) && !field.required => {}
            Some(field) => match canonical(field, api_version, value, &mut problems) {
                Ok(json) => values.set(field.name, json),
                Err((code, message, expected)) => problems.push(Problem {
                    found: Some(kind(value).to_owned()),
                    message: message.unwrap_or_else(|| format!("expected {expected}")),
                    expected: Some(expected),
                    ..problem(field.name, code, "")
                }),
            },
            None => problems.push(unknown(action, mode, name)),
        }
    }
    if is_json {
        require(mode, &fields, &mut problems);
    }
    match problems.is_empty() {
        true => Ok(values),
        false => Err(not_valid("invalid_row", "the row", problems)),
    }
}

/// What a row has to have.
fn require(mode: &Mode, fields: &Object, problems: &mut Vec<Problem>) {
    let there = |name: &str| {
        fields
            .get(name)
            .is_some_and(|value| *value != Member::Null && !is_blank(value))
    };
    let told = |problems: &[Problem], name: &str| problems.iter().any(|one| one.path == name);
    for field in mode.fields().filter(|field| field.required) {
        if !there(field.name) && !told(problems, field.name) {
            problems.push(problem(field.name, "missing", "this field is needed"));
        }
    }
    for reference in mode.references.iter().filter(|one| one.is_needed()) {
        if !reference
            .by
            .iter()
            .any(|(name, _)| there(name) || told(problems, name))
        {
            let names: Vec<String> = reference
                .by
                .iter()
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            let names = names.joined(" or ");
            problems.push(Problem {
                expected: Some(names.clone()),
                ..problem(
                    "",
                    "missing",
                    format!("the {} is found by {names}", reference.object.name()),
                )
            });
        }
    }
}

fn unknown(action: &Action, mode: &Mode, name: &str) -> Problem {
    let mut hint = nearest(name, mode.fields().map(|field| field.name))
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    if mode.field("custom_attributes").is_some() {
        hint.push_str(" (custom attributes go into `custom_attributes`)");
    }
    let elsewhere = action.modes.iter().any(|mode| mode.field(name).is_some());
    let whose = if elsewhere { mode.name } else { action.name };
    let shown: String = name.chars().take(60).collect();
    problem(
        shown,
        "unknown_field",
        format!("`{whose}` does not take this field{hint}"),
    )
}

fn is_blank(value: &Member) -> bool {
    matches!(value, Member::Text(text) if text.trim().is_empty())
}

/// What of JSON a value is, for people.
fn kind(value: &Member) -> &'static str {
    match value {
        Member::Null => "null",
        Member::Boolean(_) => "true or false",
        Member::Number(_) => "a number",
        Member::Text(_) => "text",
        Member::List(_) => "a list",
        Member::Object(_) => "an object",
    }
}

/// A number without sign and fraction, or a text that is one.
fn whole_number(value: &Member) -> Option<u64> {
    match value {
        Member::Number(digits) => digits.parse().ok(),
        Member::Text(digits) => digits.trim().parse().ok(),
        _ => None,
    }
}

/// What is said of a time that is given in milliseconds, microseconds, or finer.
pub fn in_seconds(fine: i64) -> String {
    let mut seconds = fine;
    while seconds.unsigned_abs() >= LATEST_SECOND {
        seconds = seconds.div_euclid(1_000);
    }
    format!("{fine} is finer than seconds; in Unix seconds it is {seconds}")
}

/// Code, a message where there is more to say than what was expected, and that.
type Wrong = (&'static str, Option<String>, String);

/// The value in the form in which it is sent. What is wrong inside of it adds problems.
fn canonical(
    field: &InputField,
    api_version: &str,
    value: &Member,
    problems: &mut Vec<Problem>,
) -> Result<String, Wrong> {
    let input = field.input;
    let path = field.name;
    // That a field is needed is said elsewhere.
    if *value == Member::Null && (field.takes_null() || field.required) {
        return Ok("null".to_owned());
    }
    let expected = match (input, value) {
        (Input::Text | Input::Id, Member::Text(_)) | (Input::Boolean, Member::Boolean(_)) => {
            return Ok(written(value));
        }
        (Input::Object, Member::Object(_)) => return Ok(written(value)),
        (Input::Name(most), Member::Text(text)) => {
            let length = search::characters(text);
            return match length {
                _ if text.trim().is_empty() => {
                    Err(("empty", None, "text with something in it".to_owned()))
                }
                _ if length > usize::from(most) => Err((
                    "too_long",
                    Some(format!("{length} characters; {most} are allowed")),
                    format!("at most {most} characters"),
                )),
                _ => Ok(quoted(text)),
            };
        }
        (Input::Id, Member::Number(digits))
            if digits.bytes().all(|digit| digit.is_ascii_digit()) =>
        {
            return Ok(quoted(digits));
        }
        (Input::Number | Input::Teammate, given) if let Some(id) = whole_number(given) => {
            let is_text = input == Input::Teammate && is_from(api_version, OWNER_IS_TEXT);
            return Ok(match is_text {
                true => quoted(&id.to_string()),
                false => id.to_string(),
            });
        }
        (Input::Integer, Member::Number(digits)) => match digits.parse::<u32>() {
            Ok(number) if i32::try_from(number).is_ok() => return Ok((*digits).to_owned()),
            _ => "an integer from 0 to 2147483647",
        },
        (Input::Email, Member::Text(text)) => {
            let email = small(text);
            let parts = email
                .split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
            if (parts && !email.contains(char::is_whitespace)) || email.is_empty() {
                return Ok(quoted(&email));
            }
            return Err(("format", None, "an e-mail address".to_owned()));
        }
        (Input::OneOf(names), Member::Text(text)) if names.contains(&text.as_str()) => {
            return Ok(quoted(text));
        }
        (Input::OneOf(names), _) => {
            return Err(("value", None, format!("one of {}", names.joined(", "))));
        }
        (Input::Epoch, Member::Number(digits)) => match digits.parse::<i64>() {
            Ok(seconds) if seconds.unsigned_abs() < LATEST_SECOND => {
                return Ok((*digits).to_owned());
            }
            Ok(fine) => {
                let text = in_seconds(fine);
                return Err(("milliseconds", Some(text), "Unix seconds".to_owned()));
            }
            Err(_) => "integer Unix seconds",
        },
        (Input::Attributes, Member::Object(json)) => {
            let attributes: Object = json::parse(json.as_bytes()).unwrap_or_default();
            let is_single = |one: &Member| matches!(one, Member::Text(_) | Member::Number(_));
            let nested = attributes.0.iter().filter(|(_, one)| match one {
                Member::List(json) => json::parse::<Vec<Member>>(json.as_bytes())
                    .is_ok_and(|items| !items.iter().all(is_single)),
                Member::Object(_) => true,
                _ => false,
            });
            problems.extend(nested.map(|(name, _)| Problem {
                expected: Some("text, a number, true, false, null, or a list".to_owned()),
                ..problem(
                    format!("{path}.{name}"),
                    "type",
                    "an attribute holds a single value, or a list of texts and numbers",
                )
            }));
            return Ok((*json).to_owned());
        }
        (Input::Metadata, Member::Object(json)) => {
            return Ok(metadata::canonical(path, json, problems));
        }
        (Input::Addresses, Member::List(json)) => {
            let addresses: Vec<String> = json::parse(json.as_bytes()).unwrap_or_default();
            let web = |text: &String| {
                (text.starts_with("https://") || text.starts_with("http://"))
                    && !text.contains(char::is_whitespace)
            };
            let fine = (1..=MOST_ADDRESSES).contains(&addresses.len()) && addresses.iter().all(web);
            if fine || *json == "[]" {
                return Ok(list(addresses.iter().map(|text| quoted(text))));
            }
            "a list of ten addresses on the web (https://…) at most"
        }
        (Input::Options, Member::List(json)) => {
            let options: Vec<String> = json::parse(json.as_bytes()).unwrap_or_default();
            if options.len() >= 2 && options.iter().all(|option| !option.is_empty()) {
                return Ok(list(options.iter().map(|text| quoted(text))));
            }
            "a list of two texts or more"
        }
        _ => match input {
            Input::Text | Input::Email | Input::Name(_) => "text",
            Input::Id => "text or an integer",
            Input::Number | Input::Teammate | Input::Integer => "an integer",
            Input::Epoch => "integer Unix seconds",
            Input::Boolean => "true or false",
            Input::Addresses | Input::Options => "a list of texts",
            _ => "an object",
        },
    };
    Err(("type", None, expected.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intercom::actions::find;

    fn read_in(api_version: &str, document: &str) -> Result<Values, Failure> {
        let action = find("contacts").unwrap();
        row(action, &action.modes[0], api_version, document.as_bytes())
    }

    fn read(document: &str) -> Result<Values, Failure> {
        read_in("2.11", document)
    }

    #[test]
    fn identities_are_brought_into_one_form() {
        let contact = read(
            r#"{"email":" Ada@Example.COM ","external_id":17,"custom_attributes":{"plan":"pro"}}"#,
        )
        .unwrap();
        assert_eq!(
            (contact.json("email"), contact.json("external_id")),
            (Some(r#""ada@example.com""#), Some(r#""17""#))
        );
    }

    #[test]
    fn an_address_is_small_in_every_script_and_a_blank_id_is_none() {
        let contact =
            read(r#"{"email":" Ada.LÖWE@Example.COM ","external_id":" ","owner_id":"","name":""}"#)
                .unwrap();
        assert_eq!(contact.json("email"), Some(r#""ada.löwe@example.com""#));
        assert_eq!(
            (
                contact.json("external_id"),
                contact.json("owner_id"),
                contact.json("name")
            ),
            (None, None, Some(r#""""#))
        );
        let action = find("companies").unwrap();
        let company = row(
            action,
            &action.modes[0],
            "2.11",
            br#"{"company_id":" ","name":"x"}"#,
        );
        let problems = company.unwrap_err().problems;
        assert_eq!(
            (problems[0].path.as_str(), problems.len()),
            ("company_id", 1)
        );
    }

    #[test]
    fn what_was_found_is_told_by_its_type_only() {
        let failure = read(r#"{"external_id":"1","name":7,"signed_up_at":"secret"}"#).unwrap_err();
        let mut found = failure.problems.iter().map(|one| one.found.as_deref());
        assert!(found.all(|found| matches!(found, Some("a number" | "text"))));
    }

    #[test]
    fn a_field_of_another_mode_is_refused_in_the_name_of_this_one() {
        let action = find("conversations").unwrap();
        let close = action
            .modes
            .iter()
            .find(|mode| mode.name == "close")
            .unwrap();
        for (name, whose) in [("snoozed_until", "`close`"), ("nothing", "`conversations`")] {
            let document = format!(r#"{{"conversation_id":"1","admin_id":"1","{name}":1}}"#);
            let failure = row(action, close, "2.11", document.as_bytes()).unwrap_err();
            assert!(failure.message.contains(whose), "{}", failure.message);
        }
    }

    #[test]
    fn an_owner_has_the_form_of_the_version() {
        for owner in ["17", "\"17\""] {
            let document = format!(r#"{{"external_id":"1","owner_id":{owner}}}"#);
            for (version, sent) in [("2.11", "17"), ("2.15", "17"), ("2.16", "\"17\"")] {
                let contact = read_in(version, &document).unwrap();
                assert_eq!(contact.json("owner_id"), Some(sent), "{version}");
            }
        }
        for owner in ["\"Ada\"", "1.5", "-1", "true", "{}"] {
            let document = format!(r#"{{"external_id":"1","owner_id":{owner}}}"#);
            let failure = read(&document).unwrap_err();
            assert_eq!(failure.problems[0].path, "owner_id", "{owner}");
        }
        let nobody = read(r#"{"external_id":"1","owner_id":null}"#).unwrap();
        assert_eq!(nobody.json("owner_id"), Some("null"));
    }

    #[test]
    fn fields_of_later_versions_are_named_with_their_version() {
        let document = r#"{"external_id":"1","email_verified":true}"#;
        let failure = read(document).unwrap_err();
        assert_eq!(failure.problems[0].code, "not_in_version");
        assert!(failure.message.contains("2.16"), "{}", failure.message);
        assert!(read_in("2.16", document).is_ok());
    }

    #[test]
    fn what_every_input_takes_and_refuses() {
        let field = |input| InputField {
            name: "x",
            input,
            required: false,
            sent: true,
            since: 11,
        };
        for (input, given, sent) in [
            (Input::Name(3), r#""abc""#, Some(r#""abc""#)),
            (Input::Name(3), r#""abcd""#, None),
            (Input::Name(3), r#"" ""#, None),
            (Input::Name(3), "null", None),
            (Input::Number, r#""17""#, Some("17")),
            (Input::Number, "1.5", None),
            (Input::Integer, "9", Some("9")),
            (Input::Integer, "2147483648", None),
            (Input::Integer, "-1", None),
            (Input::Integer, "null", Some("null")),
            (Input::Object, r#"{"a":[1]}"#, Some(r#"{"a":[1]}"#)),
            (Input::Object, "[]", None),
            (
                Input::Addresses,
                r#"["https://x.y/a.png"]"#,
                Some(r#"["https://x.y/a.png"]"#),
            ),
            (Input::Addresses, r#"["file:///etc"]"#, None),
            (Input::Addresses, r#"[1]"#, None),
            (Input::Options, r#"["a","b"]"#, Some(r#"["a","b"]"#)),
            (Input::Options, r#"["a"]"#, None),
            (Input::Attributes, r#"{"a":["1"]}"#, Some(r#"{"a":["1"]}"#)),
        ] {
            let mut problems = Vec::new();
            let value = json::parse(given.as_bytes()).unwrap();
            let read = canonical(&field(input), "2.11", &value, &mut problems);
            assert_eq!(read.ok().as_deref(), sent, "{input:?} {given}");
            assert!(problems.is_empty());
        }
    }

    #[test]
    fn every_problem_is_reported_with_its_path() {
        let failure = read(
            r#"{"emial":"x","email":"nobody","role":"admin","signed_up_at":1719492777000,"last_seen_at":"today","unsubscribed_from_emails":1,"custom_attributes":{"a":[[1]]}}"#,
        )
        .unwrap_err();
        let mut found: Vec<(&str, &str)> = failure
            .problems
            .iter()
            .map(|one| (one.path.as_str(), one.code.as_str()))
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("custom_attributes.a", "type"),
                ("email", "format"),
                ("emial", "unknown_field"),
                ("last_seen_at", "type"),
                ("role", "value"),
                ("signed_up_at", "milliseconds"),
                ("unsubscribed_from_emails", "type"),
            ]
        );
        assert!(
            failure.message.contains("1719492777")
                && failure.message.contains("did you mean `email`")
        );
    }

    #[test]
    fn a_contact_without_identity_or_shape_is_refused() {
        for document in [
            "{}",
            r#"{"name":"x"}"#,
            r#"{"email":"","external_id":null}"#,
            "[]",
            "",
            "{",
            "null",
        ] {
            assert_eq!(
                read(document).unwrap_err().code,
                "invalid_row",
                "{document}"
            );
        }
    }
}
