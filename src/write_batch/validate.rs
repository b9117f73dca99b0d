//! Validation of a row's document before anything is sent: every problem at once.

use crate::contract::types::{Failure, Problem};
use crate::failure::{nearest, not_valid, problem};
use crate::intercom::actions::{Action, Input};
use crate::intercom::versions::{OWNER_IS_TEXT, is_from};
use crate::json::{self, Member, Object, quoted};

/// Seconds beyond this are milliseconds given by mistake (the year 5138).
const LATEST_SECOND: u64 = 100_000_000_000;

/// A valid contact, in the form in which it is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// The caller's own id.
    pub external_id: Option<String>,
    /// Trimmed and in lower case.
    pub email: Option<String>,
    /// The JSON body to send.
    pub body: String,
}

/// Reads a row's document, to be sent to an API version.
///
/// # Errors
/// `invalid_row`, with every problem and its path.
pub fn contact(action: &Action, api_version: &str, document: &[u8]) -> Result<Contact, Failure> {
    let mut problems = Vec::new();
    let fields = json::parse::<Object>(document).unwrap_or_else(|reason| {
        problems.push(Problem {
            expected: Some("an object".to_owned()),
            ..problem("", "json", format!("expected a JSON object; {reason}"))
        });
        Object::default()
    });
    let mut body = Vec::new();
    let (mut external_id, mut email) = (None, None);
    for (name, value) in fields.0 {
        match action.fields.iter().find(|field| field.name == name) {
            Some(field) => {
                let value = canonical(field.input, &name, value, &mut problems);
                let sent = match (field.input, &value) {
                    (Input::Teammate, Member::Text(digits))
                        if !is_from(api_version, OWNER_IS_TEXT) =>
                    {
                        digits.clone()
                    }
                    _ => written(&value),
                };
                body.push(format!("\"{name}\":{sent}"));
                match (field.input, value) {
                    (Input::Email, Member::Text(text)) if !text.is_empty() => email = Some(text),
                    (Input::Id, Member::Text(text))
                        if name == "external_id" && !text.is_empty() =>
                    {
                        external_id = Some(text)
                    }
                    _ => {}
                }
            }
            None => {
                let hint = nearest(&name, action.fields.iter().map(|field| field.name))
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let shown: String = name.chars().take(60).collect();
                problems.push(problem(
                    shown,
                    "unknown_field",
                    format!("`{}` does not take this field{hint} (custom attributes go into `custom_attributes`)", action.name),
                ));
            }
        }
    }
    if problems.is_empty() && external_id.is_none() && email.is_none() {
        problems.push(problem(
            "",
            "missing",
            "a contact needs an `external_id` or an `email` to be found by",
        ));
    }
    if problems.is_empty() {
        return Ok(Contact {
            external_id,
            email,
            body: format!("{{{}}}", body.join(",")),
        });
    }
    Err(not_valid("invalid_row", "the row", problems))
}

fn written(value: &Member) -> String {
    match value {
        Member::Null => "null".to_owned(),
        Member::Boolean(truth) => truth.to_string(),
        Member::Number(json) | Member::List(json) | Member::Object(json) => (*json).to_owned(),
        Member::Text(text) => quoted(text),
    }
}

/// A number without sign and fraction, or a text that is one.
fn whole_number(value: &Member) -> Option<u64> {
    match value {
        Member::Number(digits) => digits.parse().ok(),
        Member::Text(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// The value in the form in which it is sent. One that the field does not take adds a problem and comes back as it was.
fn canonical<'a>(
    input: Input,
    path: &str,
    value: Member<'a>,
    problems: &mut Vec<Problem>,
) -> Member<'a> {
    if value == Member::Null && input != Input::Attributes && !matches!(input, Input::OneOf(_)) {
        return value;
    }
    let wrong = match (input, &value) {
        (Input::Text | Input::Id, Member::Text(_)) | (Input::Boolean, Member::Boolean(_)) => {
            return value;
        }
        (Input::Id, Member::Number(digits))
            if digits.bytes().all(|digit| digit.is_ascii_digit()) =>
        {
            return Member::Text((*digits).to_owned());
        }
        (Input::Teammate, given) if let Some(id) = whole_number(given) => {
            return Member::Text(id.to_string());
        }
        (Input::Email, Member::Text(text)) => {
            let email = text.trim().to_ascii_lowercase();
            let parts = email
                .split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
            if (parts && !email.contains(char::is_whitespace)) || email.is_empty() {
                return Member::Text(email);
            }
            (
                "format",
                "this is no e-mail address".to_owned(),
                "an e-mail address".to_owned(),
            )
        }
        (Input::OneOf(names), Member::Text(text)) if names.contains(&text.as_str()) => {
            return value;
        }
        (Input::OneOf(names), _) => (
            "value",
            format!("expected one of {}", names.join(", ")),
            names.join(", "),
        ),
        (Input::Epoch, Member::Number(digits)) => match digits.parse::<i64>() {
            Ok(seconds) if seconds.unsigned_abs() < LATEST_SECOND => return value,
            Ok(ms) => {
                let text = format!(
                    "{ms} looks like milliseconds; in Unix seconds it is {}",
                    ms.div_euclid(1_000)
                );
                ("milliseconds", text, "Unix seconds".to_owned())
            }
            Err(_) => (
                "type",
                "expected integer Unix seconds".to_owned(),
                "integer Unix seconds".to_owned(),
            ),
        },
        (Input::Attributes, Member::Object(json)) => {
            let attributes: Object = json::parse(json.as_bytes()).unwrap_or_default();
            let nested = attributes
                .0
                .iter()
                .filter(|(_, one)| matches!(one, Member::List(_) | Member::Object(_)));
            problems.extend(nested.map(|(name, _)| Problem {
                expected: Some("text, a number, true, false or null".to_owned()),
                ..problem(
                    format!("{path}.{name}"),
                    "type",
                    "an attribute holds a single value",
                )
            }));
            return value;
        }
        _ => {
            let expected = match input {
                Input::Text | Input::Email => "text",
                Input::Id => "text or an integer",
                Input::Teammate => "an integer",
                Input::Epoch => "integer Unix seconds",
                Input::Boolean => "true or false",
                Input::Attributes | Input::OneOf(_) => "an object",
            };
            ("type", format!("expected {expected}"), expected.to_owned())
        }
    };
    let (code, message, expected) = wrong;
    problems.push(Problem {
        expected: Some(expected),
        ..problem(path, code, message)
    });
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intercom::actions::find;

    fn read(document: &str) -> Result<Contact, Failure> {
        contact(find("contacts").unwrap(), "2.11", document.as_bytes())
    }

    #[test]
    fn identities_are_brought_into_one_form() {
        let contact = read(
            r#"{"email":" Ada@Example.COM ","external_id":17,"custom_attributes":{"plan":"pro"}}"#,
        )
        .unwrap();
        assert_eq!(
            (contact.email.as_deref(), contact.external_id.as_deref()),
            (Some("ada@example.com"), Some("17"))
        );
        assert!(contact.body.contains(r#""email":"ada@example.com""#));
    }

    #[test]
    fn an_owner_has_the_form_of_the_version() {
        let action = find("contacts").unwrap();
        for owner in ["17", "\"17\""] {
            let document = format!(r#"{{"external_id":"1","owner_id":{owner}}}"#);
            for (version, sent) in [("2.11", "17"), ("2.15", "17"), ("2.16", "\"17\"")] {
                let contact = contact(action, version, document.as_bytes()).unwrap();
                let expected = format!(r#"{{"external_id":"1","owner_id":{sent}}}"#);
                assert_eq!(contact.body, expected, "{version}");
            }
        }
        for owner in ["\"Ada\"", "1.5", "-1", "\"\"", "true", "{}"] {
            let document = format!(r#"{{"external_id":"1","owner_id":{owner}}}"#);
            let failure = read(&document).unwrap_err();
            assert_eq!(failure.problems[0].path, "owner_id", "{owner}");
        }
        let nobody = read(r#"{"external_id":"1","owner_id":null}"#).unwrap();
        assert!(nobody.body.contains(r#""owner_id":null"#));
    }

    #[test]
    fn every_problem_is_reported_with_its_path() {
        let failure = read(
            r#"{"emial":"x","email":"nobody","role":"admin","signed_up_at":1719492777000,"last_seen_at":"today","unsubscribed_from_emails":1,"custom_attributes":{"a":[1]}}"#,
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
