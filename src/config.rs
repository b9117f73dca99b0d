//! The connection's configuration: read once at the start of a call, every problem at once.

mod topics;
mod writing;

pub use writing::{Conflict, MissingAttribute, Several, Writing};

use crate::contract::types::{Connection, Failure, Problem};
use crate::failure::{nearest, not_valid, problem};
use crate::intercom::versions::{DEFAULT_VERSION, VERSIONS};
use crate::json::{self, Member, Object};
use crate::prelude::*;

/// Regions by their names in the configuration, with the base URL of the API. The first one is the default.
pub const REGIONS: &[(&str, &str)] = &[
    ("us", "https://api.intercom.io"),
    ("eu", "https://api.eu.intercom.io"),
    ("au", "https://api.au.intercom.io"),
];

const KEYS: &[&str] = &[
    "region",
    "api_version",
    "start_date",
    "custom_object_types",
    "webhooks",
    "write",
];

/// A valid configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// One of the names in [`REGIONS`].
    pub region: &'static str,
    /// The `Intercom-Version` sent with every request.
    pub api_version: &'static str,
    /// The types of custom objects to read, as the workspace calls them.
    pub custom_object_types: Vec<String>,
    /// The topics whose webhooks are taken, by names, aliases or beginnings with `*`; empty: all.
    pub webhook_topics: Vec<String>,
    /// How rows are written where there is a choice.
    pub write: Writing,
}

impl Config {
    /// Reads the configuration of a connection.
    ///
    /// # Errors
    /// `invalid_config`, with a problem for every key that is unknown or has a wrong value.
    pub fn of(connection: &Connection) -> Result<Self, Failure> {
        match json::parse(&connection.config) {
            Ok(keys) => Self::from_keys(&keys),
            Err(reason) => Err(invalid(vec![problem(
                "config",
                "json",
                format!("expected a JSON object; {reason}"),
            )])),
        }
    }

    fn from_keys(keys: &Object) -> Result<Self, Failure> {
        let mut problems = Vec::new();
        refuse_unknown("config", keys, KEYS, &mut problems);
        let regions: Vec<&'static str> = REGIONS.iter().map(|(name, _)| *name).collect();
        let region = one_of(
            "config.region",
            keys.get("region"),
            &regions,
            regions[0],
            &mut problems,
        );
        let api_version = one_of(
            "config.api_version",
            keys.get("api_version"),
            VERSIONS,
            DEFAULT_VERSION,
            &mut problems,
        );
        let custom_object_types = texts(
            "config.custom_object_types",
            keys.get("custom_object_types"),
            &mut problems,
        );
        let webhook_topics = topics::of(keys.get("webhooks"), &mut problems);
        let write = Writing::of(keys.get("write"), &mut problems);
        if problems.is_empty() {
            Ok(Self {
                region,
                api_version,
                custom_object_types,
                webhook_topics,
                write,
            })
        } else {
            Err(invalid(problems))
        }
    }
}

/// Names the keys of an object that are not known.
fn refuse_unknown(path: &str, keys: &Object, known: &[&str], problems: &mut Vec<Problem>) {
    for (name, _) in &keys.0 {
        if !known.contains(&name.as_str()) {
            problems.push(Problem {
                expected: Some(known.joined(", ")),
                ..unknown(format!("{path}.{name}"), "key", name, known.iter().copied())
            });
        }
    }
}

/// A name that is not known, with the one that was meant.
fn unknown<'a>(
    path: String,
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Problem {
    let hint = nearest(name, known).map(|near| format!("; did you mean `{near}`?"));
    problem(
        path,
        &format!("unknown_{what}"),
        format!("unknown {what}{}", hint.unwrap_or_default()),
    )
}

/// The members of a part of the configuration; `None` where it is absent or no object.
fn part<'a>(
    path: &str,
    value: Option<&Member<'a>>,
    problems: &mut Vec<Problem>,
) -> Option<Object<'a>> {
    let keys = match value {
        None | Some(Member::Null) => return None,
        Some(Member::Object(keys)) => json::parse(keys.as_bytes()).ok(),
        Some(_) => None,
    };
    if keys.is_none() {
        problems.push(problem(path, "type", "expected an object"));
    }
    keys
}

fn one_of(
    path: &str,
    value: Option<&Member>,
    known: &[&'static str],
    default: &'static str,
    problems: &mut Vec<Problem>,
) -> &'static str {
    let found = match value {
        None | Some(Member::Null) => return default,
        Some(Member::Text(text)) => match known.iter().find(|name| name.eq_ignore_ascii_case(text))
        {
            Some(name) => return name,
            None => text.chars().take(40).collect(),
        },
        Some(Member::Number(number)) => format!("the number {number} (put it in quotes)"),
        Some(_) => "something else than text".to_owned(),
    };
    problems.push(Problem {
        found: Some(found.clone()),
        expected: Some(known.joined(", ")),
        ..problem(
            path,
            "value",
            format!("found {found}; expected one of {}", known.joined(", ")),
        )
    });
    default
}

fn texts(path: &str, value: Option<&Member>, problems: &mut Vec<Problem>) -> Vec<String> {
    let list = match value {
        None | Some(Member::Null) => return Vec::new(),
        Some(Member::List(list)) => json::parse::<Vec<String>>(list.as_bytes()).ok(),
        Some(_) => None,
    };
    match list.filter(|texts| texts.iter().all(|text| !text.is_empty())) {
        Some(texts) => texts,
        None => {
            problems.push(Problem {
                expected: Some("a list of texts".to_owned()),
                ..problem(path, "type", "expected a list of texts, none of them empty")
            });
            Vec::new()
        }
    }
}

fn invalid(problems: Vec<Problem>) -> Failure {
    not_valid("invalid_config", "the configuration", problems)
}

/// JSON Schema of the configuration, with that of triggers. `x-webhook-sources` are the addresses from which Intercom sends
/// webhooks, by region, as its documents list them. What is read of it elsewhere is compared by tests.
pub use crate::packed_text::CONFIG as SCHEMA;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn connection(config: &str) -> Connection {
        Connection {
            config: config.as_bytes().to_vec(),
            mapping: None,
            triggers: None,
            account: None,
            prepared: None,
        }
    }

    #[test]
    fn the_schema_names_every_key() {
        let schema: Value = serde_json::from_str(&SCHEMA.text()).unwrap();
        let mut names: Vec<&str> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut keys = KEYS.to_vec();
        names.sort_unstable();
        keys.sort_unstable();
        assert_eq!(names, keys);
        let regions: Vec<&str> = REGIONS.iter().map(|(name, _)| *name).collect();
        let choices = [("region", &*regions), ("api_version", VERSIONS)];
        for (name, known) in choices {
            let property = &schema["properties"][name];
            assert_eq!(property["enum"], serde_json::json!(known), "{name}");
        }
        assert_eq!(
            schema["properties"]["api_version"]["default"],
            DEFAULT_VERSION
        );
        assert_eq!(schema["properties"]["region"]["default"], regions[0]);
        assert_eq!(schema["x-triggers"]["type"], "object");
    }

    #[test]
    fn an_empty_configuration_has_defaults() {
        assert_eq!(
            Config::of(&connection("{}")),
            Ok(Config {
                region: "us",
                api_version: "2.11",
                custom_object_types: Vec::new(),
                webhook_topics: Vec::new(),
                write: Writing::default(),
            })
        );
    }

    #[test]
    fn every_problem_is_reported_with_its_path() {
        let failure = Config::of(&connection(
            r#"{"region":"mars","api_version":2.1,"regoin":"eu","custom_object_types":["a",1]}"#,
        ))
        .unwrap_err();
        assert_eq!(failure.code, "invalid_config");
        let paths: Vec<&str> = failure
            .problems
            .iter()
            .map(|one| one.path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "config.regoin",
                "config.region",
                "config.api_version",
                "config.custom_object_types"
            ]
        );
        assert!(
            failure.problems[0]
                .message
                .contains("did you mean `region`")
        );
        assert!(failure.problems[2].message.contains("quotes"));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for text in ["", "[]", "null", "{", "\u{0}"] {
            assert_eq!(
                Config::of(&connection(text)).unwrap_err().code,
                "invalid_config",
                "{text:?}"
            );
        }
    }
}
