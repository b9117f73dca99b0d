//! Custom attributes before they are written: whether the workspace has them, and whether the values are of their types.

use super::values::{Values, written};
use crate::config::MissingAttribute;
use crate::contract::state::Change;
use crate::contract::types::Problem;
use crate::failure::{nearest, problem};
use crate::intercom::actions::Mode;
use crate::intercom::envelope;
use crate::intercom::versions::{CONVERSATION_ATTRIBUTES, is_from};
use crate::json::{self, Member, Members, Object, Unexpected, Value, list};
use crate::prelude::*;

/// The format of the stored list.
const FORMAT: u8 = b'1';

/// How long the stored list is believed. An attribute that it lacks is asked for all the same.
const TTL_MS: u64 = 10 * 60 * 1_000;

/// An attribute of the workspace's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    name: String,
    data_type: String,
    /// Why it cannot be written; none: it can.
    closed: Option<String>,
}

impl<'a> Value<'a> for Attribute {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        let mut members = Object::read(member)?;
        let is = |members: &Object, name: &str, truth: bool| {
            members.get(name) == Some(&Member::Boolean(truth))
        };
        let closed = match members.take::<Option<String>>("closed") {
            Ok(Some(closed)) => Some(closed),
            _ if is(&members, "archived", true) => Some("archived".to_owned()),
            _ if is(&members, "api_writable", false) => Some("read-only".to_owned()),
            _ => None,
        };
        let mut take = members.taking();
        let attribute = Self {
            closed,
            data_type: take.member::<Option<_>>("data_type").unwrap_or_default(),
            name: take.member("name"),
        };
        take.end(attribute)
    }
}

impl Attribute {
    fn written(&self) -> String {
        Members::default()
            .text("name", &self.name)
            .text("data_type", &self.data_type)
            .some_text("closed", self.closed.as_deref())
            .object()
    }
}

/// The attributes of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes {
    all: Vec<Attribute>,
    loaded: Option<Vec<u8>>,
}

/// What a row's attributes came to.
#[derive(Debug, Default, PartialEq)]
pub struct Checked {
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Attributes to create: name and type.
    pub missing: Vec<(String, &'static str)>,
    /// Attributes that were left out.
    pub dropped: Vec<String>,
}

impl Attributes {
    /// The state key of the stored list.
    pub fn key(model: &str) -> String {
        format!("attributes/{model}")
    }

    /// The path of the list.
    pub fn path(model: &str, api_version: &str) -> String {
        match is_conversations_own(model, api_version) {
            true => format!("{OF_CONVERSATIONS}?include_archived=true"),
            false => format!("/data_attributes?model={model}&include_archived=true"),
        }
    }

    /// The request that creates one: path and body. None where nobody can: why.
    pub fn making(
        model: &str,
        api_version: &str,
        name: &str,
        data_type: &str,
    ) -> Result<(&'static str, String), &'static str> {
        let mut named = Members::default();
        named.text("name", name);
        match is_conversations_own(model, api_version) {
            true => Ok((
                OF_CONVERSATIONS,
                named.text("data_type", decimal(data_type)).object(),
            )),
            false if model == CONVERSATION => Err(
                ", and the API lets nobody create one of conversations before version 2.16: create it in Intercom's settings",
            ),
            false => Ok((
                "/data_attributes",
                named
                    .text("model", model)
                    .text("data_type", data_type)
                    .object(),
            )),
        }
    }

    /// Reads the stored list. One that cannot be read counts as none.
    pub fn stored(value: Option<Vec<u8>>) -> Self {
        let all = value
            .as_deref()
            .and_then(|value| value.split_first())
            .filter(|(format, _)| **format == FORMAT)
            .and_then(|(_, document)| json::parse(document).ok())
            .unwrap_or_default();
        Self { all, loaded: value }
    }

    /// Reads Intercom's answer. One that cannot be read leaves it as it was: Intercom itself is the judge then.
    pub fn read(&mut self, body: &[u8]) -> Option<Change> {
        let (items, _) = envelope::items(body, &["data", "data_attributes"]).ok()?;
        // Those of conversations do not say it where they are a list of their own.
        let custom = |object: &Object| object.get("custom") != Some(&Member::Boolean(false));
        self.all = items
            .iter()
            .filter(|item| json::parse(item.as_bytes()).is_ok_and(|object: Object| custom(&object)))
            .filter_map(|item| json::parse(item.as_bytes()).ok())
            .collect();
        let mut value = vec![FORMAT];
        value.append(&mut list(self.all.iter().map(Attribute::written)).into_bytes());
        (self.loaded.as_ref() != Some(&value)).then(|| Change {
            key: String::new(),
            expected: self.loaded.clone(),
            value: Some(value),
            ttl_ms: Some(TTL_MS),
        })
    }

    /// Whether everything that a row gives is known and can be written.
    pub fn covers(&self, values: &Values) -> bool {
        let given = given(values);
        given.0.iter().all(|(name, value)| {
            let known = self.all.iter().find(|known| known.name == *name);
            known.is_some_and(|known| known.closed.is_none() && fits(&known.data_type, value))
        })
    }

    /// Checks what a row gives, and leaves out of it what the policy wants to be left out. `cannot`: why none can be created. `mode`:
    /// no attribute has the name of one of its fields.
    pub fn check(
        &self,
        values: &mut Values,
        policy: MissingAttribute,
        cannot: Option<&str>,
        mode: &Mode,
    ) -> Checked {
        let mut checked = Checked::default();
        let mut kept = Members::default();
        let object = given(values);
        for (name, value) in &object.0 {
            let known = self.all.iter().find(|known| known.name == *name);
            let path = format!("custom_attributes.{name}");
            let closed = known.and_then(|known| known.closed.as_deref());
            match (known, policy) {
                (Some(known), _) if closed.is_none() => {
                    if !fits(&known.data_type, value) {
                        checked.problems.push(Problem {
                            expected: Some(known.data_type.clone()),
                            ..problem(
                                path,
                                "attribute_type",
                                format!("the attribute's type is {}", known.data_type),
                            )
                        });
                    }
                }
                (_, MissingAttribute::Drop) => {
                    checked.dropped.push(name.clone());
                    continue;
                }
                (None, _) if mode.field(name).is_some() => checked.problems.push(problem(
                    path,
                    "reserved_name",
                    format!("`{name}` is a field of the row itself, beside `custom_attributes`"),
                )),
                // A list names instances of a custom object: what holds such is not in every list of attributes.
                (None, _) if matches!(value, Member::List(_)) => {}
                (None, MissingAttribute::Create) if cannot.is_none() => match type_of(value) {
                    Some(data_type) => checked.missing.push((name.clone(), data_type)),
                    // Nothing is there to be cleared, and nothing says of which type it would be.
                    None => continue,
                },
                _ => {
                    let names = self.all.iter().filter(|one| one.closed.is_none());
                    let hint = nearest(name, names.map(|known| known.name.as_str()))
                        .filter(|_| closed.is_none())
                        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                    let message = match closed {
                        Some(closed) => format!("the workspace's attribute `{name}` is {closed}"),
                        None => {
                            let why = cannot.filter(|_| policy == MissingAttribute::Create);
                            let why = why.unwrap_or_default();
                            format!("the workspace has no attribute `{name}`{why}{hint}")
                        }
                    };
                    checked
                        .problems
                        .push(problem(path, "missing_attribute", message));
                }
            }
            kept.json(name, &written(value));
        }
        if !checked.dropped.is_empty() || kept != Members::default() {
            values.set("custom_attributes", kept.object());
        }
        checked
    }
}

/// The attributes that a row gives.
fn given(values: &Values) -> Object<'_> {
    let json = values.json("custom_attributes").unwrap_or("{}");
    json::parse(json.as_bytes()).unwrap_or_default()
}

/// The attributes that a row gives and the answer to it lacks.
pub fn left_out(answer: &[u8], values: &Values) -> Vec<String> {
    let taken = json::parse(answer)
        .ok()
        .and_then(|mut object: Object| object.take::<Option<Object>>("custom_attributes").ok()?);
    let Some(taken) = taken else {
        return Vec::new();
    };
    let given = given(values).0.into_iter();
    given
        .filter(|(name, value)| *value != Member::Null && taken.get(name).is_none())
        .map(|(name, _)| name)
        .collect()
}

/// Whether a row gives any attribute.
pub fn are_given(values: &Values) -> bool {
    !given(values).0.is_empty()
}

/// The model of conversations.
const CONVERSATION: &str = "conversation";

/// Where theirs are where they are a list of their own.
const OF_CONVERSATIONS: &str = "/conversations/attributes";

fn is_conversations_own(model: &str, api_version: &str) -> bool {
    model == CONVERSATION && is_from(api_version, CONVERSATION_ATTRIBUTES)
}

/// A type by the name that it has where it is not of people and companies.
pub fn decimal(data_type: &str) -> &str {
    match data_type {
        "float" => "decimal",
        other => other,
    }
}

/// The type that an attribute with this value has.
pub fn type_of(value: &Member) -> Option<&'static str> {
    match value {
        Member::Text(_) => Some("string"),
        Member::Number(digits) if digits.parse::<i64>().is_ok() => Some("integer"),
        Member::Number(_) => Some("float"),
        Member::Boolean(_) => Some("boolean"),
        _ => None,
    }
}

/// Whether a value is of a type. Types that are not known here are Intercom's to judge.
pub fn fits(data_type: &str, value: &Member) -> bool {
    let whole = |digits: &str| digits.parse::<i64>().is_ok();
    let data_type = match data_type {
        "decimal" => "float",
        other => other,
    };
    match (data_type, value) {
        (_, Member::Null) => true,
        ("integer", Member::Number(digits)) => whole(digits),
        ("float", Member::Number(_)) => true,
        ("boolean", Member::Boolean(_)) => true,
        ("date" | "datetime", Member::Number(digits)) => digits
            .parse::<i64>()
            .is_ok_and(|seconds| seconds.unsigned_abs() < super::validate::LATEST_SECOND),
        ("date" | "datetime", Member::Text(_)) => true,
        ("string" | "options", Member::Text(_)) => true,
        ("integer" | "float" | "boolean" | "date" | "datetime" | "string" | "options", _) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes() -> Attributes {
        let mut attributes = Attributes::default();
        let body = br#"{"type":"list","data":[
            {"name":"plan","full_name":"custom_attributes.plan","data_type":"string","custom":true,"api_writable":true},
            {"name":"seats","data_type":"integer","custom":true},
            {"name":"old","data_type":"integer","custom":true,"archived":true},
            {"name":"email","data_type":"string","custom":false}]}"#;
        let change = attributes.read(body).unwrap();
        let stored = Attributes::stored(change.value);
        assert_eq!(stored.all, attributes.all);
        attributes
    }

    fn values(json: &str) -> Values {
        let mut values = Values::default();
        values.set("custom_attributes", json.to_owned());
        values
    }

    fn mode() -> &'static Mode {
        &crate::intercom::actions::find("contacts").unwrap().modes[0]
    }

    #[test]
    fn a_field_of_the_row_is_no_attribute_of_its_own() {
        for policy in [MissingAttribute::Fail, MissingAttribute::Create] {
            let mut given = values(r#"{"phone":"1"}"#);
            let checked = attributes().check(&mut given, policy, None, mode());
            assert_eq!(checked.problems[0].code, "reserved_name");
            assert!(checked.missing.is_empty());
        }
    }

    #[test]
    fn one_unknown_key_is_reported_dropped_or_created() {
        let given = r#"{"plan":"pro","sets":3,"old":1,"nothing":null}"#;
        let check = |policy| {
            let mut values = values(given);
            let checked = attributes().check(&mut values, policy, None, mode());
            let json = values.json("custom_attributes").unwrap().to_owned();
            (checked, json)
        };
        let (failed, _) = check(MissingAttribute::Fail);
        let paths: Vec<&str> = failed
            .problems
            .iter()
            .map(|one| one.path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "custom_attributes.sets",
                "custom_attributes.old",
                "custom_attributes.nothing"
            ]
        );
        assert!(failed.problems[0].message.contains("did you mean `seats`"));
        let (dropped, json) = check(MissingAttribute::Drop);
        assert_eq!(dropped.dropped, ["sets", "old", "nothing"]);
        assert_eq!(json, r#"{"plan":"pro"}"#);
        let (created, json) = check(MissingAttribute::Create);
        assert_eq!(created.missing, [("sets".to_owned(), "integer")]);
        assert_eq!(created.problems.len(), 1);
        assert_eq!(json, r#"{"plan":"pro","sets":3,"old":1}"#);
    }

    #[test]
    fn what_an_answer_lacks_was_not_taken() {
        let given = values(r#"{"plan":"pro","seats":3,"cleared":null}"#);
        for (answer, expected) in [
            (
                r#"{"id":"1","custom_attributes":{"plan":"pro"}}"#,
                vec!["seats"],
            ),
            (
                r#"{"custom_attributes":{"plan":"other","seats":null}}"#,
                vec![],
            ),
            (r#"{"custom_attributes":{}}"#, vec!["plan", "seats"]),
            // An answer without any says nothing.
            (r#"{"id":"1"}"#, vec![]),
            (r#"{"custom_attributes":null}"#, vec![]),
            ("", vec![]),
        ] {
            assert_eq!(left_out(answer.as_bytes(), &given), expected, "{answer}");
        }
    }

    #[test]
    fn types_are_checked() {
        for (json, fine) in [
            (r#"{"seats":3}"#, true),
            (r#"{"seats":3.5}"#, false),
            (r#"{"seats":"3"}"#, false),
            (r#"{"seats":null}"#, true),
            (r#"{"plan":true}"#, false),
        ] {
            let mut given = values(json);
            assert_eq!(attributes().covers(&given), fine, "{json}");
            let checked = attributes().check(&mut given, MissingAttribute::Fail, None, mode());
            assert_eq!(checked.problems.is_empty(), fine, "{json}");
        }
    }
}
