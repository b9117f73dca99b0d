//! `webhooks`: which topics are taken.

use super::{part, refuse_unknown, texts, unknown};
use crate::contract::types::Problem;
use crate::intercom::topics::{TOPICS, chooses, names};
use crate::json::Member;
use crate::prelude::*;

/// Reads which topics are chosen; empty: all of them.
pub(super) fn of(value: Option<&Member>, problems: &mut Vec<Problem>) -> Vec<String> {
    let Some(keys) = part("config.webhooks", value, problems) else {
        return Vec::new();
    };
    refuse_unknown("config.webhooks", &keys, &["topics"], problems);
    const PATH: &str = "config.webhooks.topics";
    let chosen = texts(PATH, keys.get("topics"), problems);
    for (place, choice) in chosen.iter().enumerate() {
        if !TOPICS.iter().any(|topic| chooses(choice, topic)) {
            problems.push(Problem {
                found: Some(choice.chars().take(80).collect()),
                ..unknown(
                    format!("{PATH}[{place}]"),
                    "topic",
                    choice,
                    names().into_iter(),
                )
            });
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_chosen_by_name_alias_and_beginning_and_others_are_refused() {
        let mut problems = Vec::new();
        let mut read = |text: &str| of(Some(&Member::Object(text)), &mut problems);
        let good = r#"{"topics":["contact.user.created","user.deleted","ticket.*","*"]}"#;
        assert_eq!(read(good).len(), 4);
        assert!(read("{}").is_empty() && read(r#"{"topics":null}"#).is_empty());
        read(r#"{"topics":["contact.user.craeted","galaxy.*","galaxy.born"],"topcis":[]}"#);
        read(r#"{"topics":"contact.created"}"#);
        of(Some(&Member::Boolean(true)), &mut problems);
        let found: Vec<(&str, &str)> = problems
            .iter()
            .map(|one| (one.path.as_str(), one.message.as_str()))
            .collect();
        assert_eq!(
            found,
            [
                (
                    "config.webhooks.topcis",
                    "unknown key; did you mean `topics`?"
                ),
                (
                    "config.webhooks.topics[0]",
                    "unknown topic; did you mean `contact.user.created`?"
                ),
                ("config.webhooks.topics[1]", "unknown topic"),
                ("config.webhooks.topics[2]", "unknown topic"),
                (
                    "config.webhooks.topics",
                    "expected a list of texts, none of them empty"
                ),
                ("config.webhooks", "expected an object"),
            ]
        );
    }
}
