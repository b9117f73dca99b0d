//! How rows are written where there is a choice.

use super::{one_of, part, refuse_unknown};
use crate::contract::types::Problem;
use crate::json::Member;
use crate::prelude::*;

/// Which of several contacts that share what a row gives is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Several {
    /// A user before a lead, then the one that changed last.
    Newest,
    /// A user before a lead, then the one that changed least recently.
    Oldest,
    /// None: the row fails.
    Fail,
    /// Every one of them.
    All,
}

/// What to do about a custom attribute that the workspace has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingAttribute {
    /// The row fails.
    Fail,
    /// It is created, with the type of the value.
    Create,
    /// It is left out of the row, and named in the log.
    Drop,
}

/// What to do about a row whose object was changed since the caller's copy was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The row fails.
    Fail,
    /// The object keeps what it has: the row is skipped.
    Upstream,
    /// The row is written.
    LastWriter,
}

/// The choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writing {
    /// `several`
    pub several: Several,
    /// `missing_attribute`
    pub missing_attribute: MissingAttribute,
    /// `missing_object`: whether a tag or a company that is not there is created.
    pub creates_objects: bool,
    /// `conflict`
    pub conflict: Conflict,
    /// `unchanged`: whether a row that says what was written last is not written again.
    pub skips_unchanged: bool,
    /// `identities`: whether a contact that was written within the hour is not searched for.
    pub remembers: bool,
}

impl Default for Writing {
    fn default() -> Self {
        Self {
            several: Several::Newest,
            missing_attribute: MissingAttribute::Fail,
            creates_objects: true,
            conflict: Conflict::Fail,
            skips_unchanged: false,
            remembers: true,
        }
    }
}

/// The keys with their values; the first one of each is the default.
const KEYS: &[(&str, &[&str])] = &[
    ("several", &["newest", "oldest", "fail", "all"]),
    ("missing_attribute", &["fail", "create", "drop"]),
    ("missing_object", &["create", "fail"]),
    ("conflict", &["fail", "upstream", "last_writer"]),
    ("unchanged", &["write", "skip"]),
    ("identities", &["remember", "search"]),
];

impl Writing {
    /// Reads the choices.
    pub(super) fn of(value: Option<&Member>, problems: &mut Vec<Problem>) -> Self {
        let Some(keys) = part("config.write", value, problems) else {
            return Self::default();
        };
        let known: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
        refuse_unknown("config.write", &keys, &known, problems);
        let mut choice = |name: &str| {
            let mut keys_and_values = KEYS.iter();
            let known = keys_and_values.find(|(known, _)| *known == name);
            let (_, values) = known.unwrap_or(&KEYS[0]);
            let path = format!("config.write.{name}");
            one_of(&path, keys.get(name), values, values[0], problems)
        };
        Self {
            several: match choice("several") {
                "oldest" => Several::Oldest,
                "fail" => Several::Fail,
                "all" => Several::All,
                _ => Several::Newest,
            },
            missing_attribute: match choice("missing_attribute") {
                "create" => MissingAttribute::Create,
                "drop" => MissingAttribute::Drop,
                _ => MissingAttribute::Fail,
            },
            creates_objects: choice("missing_object") == "create",
            conflict: match choice("conflict") {
                "upstream" => Conflict::Upstream,
                "last_writer" => Conflict::LastWriter,
                _ => Conflict::Fail,
            },
            skips_unchanged: choice("unchanged") == "skip",
            remembers: choice("identities") == "remember",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_schema_has_the_keys_with_their_values() {
        let schema: Value = serde_json::from_str(&crate::config::SCHEMA.text()).unwrap();
        let written = schema["properties"]["write"]["properties"]
            .as_object()
            .unwrap();
        assert_eq!(written.len(), KEYS.len());
        for (name, values) in KEYS {
            assert_eq!(written[*name]["enum"], json!(values), "{name}");
            assert_eq!(written[*name]["default"], values[0], "{name}");
        }
    }

    #[test]
    fn choices_are_read_and_wrong_ones_named() {
        let mut problems = Vec::new();
        let given = r#"{"several":"all","missing_attribute":"drop","missing_object":"fail","conflict":"upstream","unchanged":"skip","identities":"search"}"#;
        let writing = Writing::of(Some(&Member::Object(given)), &mut problems);
        assert_eq!(
            writing,
            Writing {
                several: Several::All,
                missing_attribute: MissingAttribute::Drop,
                creates_objects: false,
                conflict: Conflict::Upstream,
                skips_unchanged: true,
                remembers: false,
            }
        );
        assert_eq!(Writing::of(None, &mut problems), Writing::default());
        assert!(problems.is_empty());
        let wrong = r#"{"several":"some","conflikt":"fail"}"#;
        Writing::of(Some(&Member::Object(wrong)), &mut problems);
        Writing::of(Some(&Member::Boolean(true)), &mut problems);
        let paths: Vec<&str> = problems.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "config.write.conflikt",
                "config.write.several",
                "config.write"
            ]
        );
    }
}
