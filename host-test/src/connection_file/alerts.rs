//! `alerts`: what people want to be told, and how.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Url;

use super::document::{Content, Node};
use super::problems::Problems;
use super::section::{Section, count};
use super::span;
use crate::alerts::{AlertKind, AlertRule, AlertTarget};
use crate::http_client::is_loopback;
use crate::nearest::nearest;
use crate::secret::Secret;

/// The most failures in a row that may be waited for.
const MOST_FAILURES: u32 = 1_000;

/// The shortest span of anything here.
const SHORTEST: Duration = Duration::from_secs(1);

/// Reads a list of rules.
pub(crate) fn read(path: &str, node: &Node, problems: &mut Problems) -> Vec<AlertRule> {
    let Content::List(items) = &node.content else {
        problems.push(node.problem(
            path,
            "type",
            "not a list of rules",
            "a list such as [{ on: [failure, recovery], command: [notify-send, alert] }]",
        ));
        return Vec::new();
    };
    let items = items.iter().enumerate();
    let rules = items.filter_map(|(index, item)| rule(&format!("{path}[{index}]"), item, problems));
    rules.collect()
}

fn rule(path: &str, node: &Node, problems: &mut Problems) -> Option<AlertRule> {
    let mut section = Section::open(path, node, problems)?;
    let on = kinds(&mut section, node, problems);
    let target = target(&mut section, node, problems);
    let mut rule = AlertRule::new(on, target?);
    if let Some(node) = section.take("after") {
        let after = count(node, &section.path("after"), 1, MOST_FAILURES, problems);
        rule.after = after.unwrap_or(rule.after);
    }
    if let Some(node) = section.take("threshold") {
        match share(node) {
            Some(share) => rule.threshold = share,
            None => problems.push(node.problem(
                &section.path("threshold"),
                "value",
                "no share of calls",
                "a share such as 20% or 0.2",
            )),
        }
    }
    for (key, place) in [
        ("window", &mut rule.window),
        ("silence", &mut rule.silence),
        ("timeout", &mut rule.timeout),
    ] {
        if let Some(span) = span::read(&mut section, key, SHORTEST, problems) {
            *place = span;
        }
    }
    section.finish(&[], problems);
    Some(rule)
}

fn kinds(section: &mut Section<'_>, rule: &Node, problems: &mut Problems) -> BTreeSet<AlertKind> {
    let path = section.path("on");
    let Some(node) = section.take("on") else {
        let known: Vec<&str> = AlertKind::names().collect();
        let message = format!("what is told is missing; choose of {}", known.join(", "));
        problems.say(&path, rule.line, "missing", message);
        return BTreeSet::new();
    };
    let items: Vec<(String, &Node)> = match &node.content {
        Content::List(items) => {
            let items = items.iter().enumerate();
            items
                .map(|(index, item)| (format!("{path}[{index}]"), item))
                .collect()
        }
        _ => vec![(path, node)],
    };
    let mut kinds = BTreeSet::new();
    for (path, item) in items {
        match &item.content {
            Content::Text(name) => match AlertKind::of(name) {
                Some(kind) => {
                    kinds.insert(kind);
                }
                None => {
                    let near = nearest(name, AlertKind::names());
                    let near = near.map(|near| format!(" (did you mean {near}?)"));
                    let message = format!("there is no such alert{}", near.unwrap_or_default());
                    let known: Vec<&str> = AlertKind::names().collect();
                    problems.push(item.problem(&path, "value", &message, &known.join(", ")));
                }
            },
            Content::Unresolved => {}
            _ => problems.push(item.problem(&path, "type", "not the name of an alert", "a text")),
        }
    }
    kinds
}

fn target(section: &mut Section<'_>, rule: &Node, problems: &mut Problems) -> Option<AlertTarget> {
    let (command, url) = (section.take("command"), section.take("url"));
    let headers = section.take("headers");
    match (command, url) {
        (Some(command), None) => {
            if let Some(headers) = headers {
                let message = "headers belong to a `url`".to_owned();
                problems.say(&section.path("headers"), headers.line, "value", message);
            }
            let words = section.secrets("command", problems);
            if words.is_empty()
                && matches!(&command.content, Content::List(items) if items.is_empty())
            {
                let message = "the command is empty".to_owned();
                problems.say(&section.path("command"), command.line, "missing", message);
            }
            (!words.is_empty()).then_some(AlertTarget::Command(words))
        }
        (None, Some(node)) => {
            let url = section.secret("url", problems)?;
            let headers = headers.map(|node| {
                let path = section.path("headers");
                headers_of(&path, node, problems)
            });
            let headers = headers.unwrap_or_default();
            if let Err(message) = check(&url, !headers.is_empty()) {
                problems.say(&section.path("url"), node.line, "value", message);
                return None;
            }
            Some(AlertTarget::Url { url, headers })
        }
        (Some(_), Some(node)) => {
            let message = "a rule has either a `command` or a `url`".to_owned();
            problems.say(&section.path("url"), node.line, "value", message);
            None
        }
        (None, None) => {
            // A variable that is not set was named already.
            let written = ["command", "url"].iter().any(|key| rule.get(key).is_some());
            if !written {
                let message =
                    "it is not said how: write `command: [PROGRAM, …]` or `url: https://…`";
                problems.say(
                    &section.path("command"),
                    rule.line,
                    "missing",
                    message.to_owned(),
                );
            }
            None
        }
    }
}

fn headers_of(path: &str, node: &Node, problems: &mut Problems) -> Vec<(String, Secret)> {
    let Content::Map(entries) = &node.content else {
        problems.push(node.problem(path, "type", "not a mapping of headers", "NAME: text"));
        return Vec::new();
    };
    let mut headers = Vec::new();
    for (name, value) in entries {
        let path = format!("{path}.{name}");
        let named = name.parse::<http::HeaderName>().is_ok();
        match &value.content {
            Content::Text(text) if named && http::HeaderValue::from_str(text).is_ok() => {
                headers.push((name.clone(), Secret::new(text.clone())));
            }
            Content::Unresolved => {}
            // The value may be a secret: it is not shown.
            _ => problems.say(
                &path,
                value.line,
                "value",
                "not a header and its text".to_owned(),
            ),
        }
    }
    headers
}

/// Plain http shows headers, which may be credentials, to the network.
fn check(url: &Secret, headers: bool) -> Result<(), String> {
    let url = Url::parse(url.expose()).map_err(|error| format!("not a URL: {error}"))?;
    match url.scheme() {
        "https" => Ok(()),
        "http" if !headers || is_loopback(&url) => Ok(()),
        "http" => Err("plain http would show the headers to the network".to_owned()),
        scheme => Err(format!("{scheme} is not a way to post an alert")),
    }
}

/// `20%` or `0.2`.
fn share(node: &Node) -> Option<f64> {
    let share = match &node.content {
        Content::Number(number) => number.as_f64()?,
        Content::Text(text) => text.trim().strip_suffix('%')?.trim().parse::<f64>().ok()? / 100.0,
        _ => return None,
    };
    (share > 0.0 && share <= 1.0).then_some(share)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{problems, read};
    use super::*;

    #[test]
    fn rules_are_read_in_both_forms() {
        let lines = "alerts: [ { on: [failure, recovery], command: [notify, \"${INTERCOM_ACCESS_TOKEN}\"], after: 3, timeout: 5s }, \
                     { on: failure_rate, url: \"https://alerts.example/\", headers: { X-Key: \"${INTERCOM_CLIENT_SECRET}\" }, \
                     threshold: 20%, window: 1m }, { on: [webhook_silence], url: \"http://alerts:9093/\", silence: 2h } ]";
        for text in [
            format!("{{ connector: intercom, {lines} }}"),
            format!("connectors: {{ intercom: {{ {lines} }} }}"),
        ] {
            let file = read(&text).unwrap();
            let [first, second, third] = file.alerts.as_slice() else {
                unreachable!("three rules")
            };
            let words = ["notify", "secret-token"].map(Secret::from);
            assert_eq!(first.target, AlertTarget::Command(words.into()));
            assert_eq!((first.after, first.timeout.as_secs()), (3, 5));
            assert_eq!(first.on, [AlertKind::Failure, AlertKind::Recovery].into());
            assert_eq!((second.threshold, second.window.as_secs()), (0.2, 60));
            assert_eq!((third.silence.as_secs(), third.after), (7_200, 1));
            let shown = format!("{file:?}");
            assert!(!shown.contains("secret-"), "{shown}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let found = problems(
            "connector: intercom\nalerts:\n  - { on: [failur], command: [x] }\n  - { command: [x], url: \"https://x\" }\n  \
             - { on: failure }\n  - { on: failure, url: \"ftp://x\" }\n  \
             - { on: failure, url: \"http://x\", headers: { a: b } }\n  \
             - { on: failure, command: [x], threshold: 200%, window: 5, after: 0, wait: 3 }\n",
        );
        let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "alerts[0].on[0]",
                "alerts[1].on",
                "alerts[1].url",
                "alerts[2].command",
                "alerts[3].url",
                "alerts[4].url",
                "alerts[5].after",
                "alerts[5].threshold",
                "alerts[5].window",
                "alerts[5].wait",
            ]
        );
        assert!(
            found[0].message.contains("did you mean failure?"),
            "{found:?}"
        );
        let found = problems("connector: intercom\nalerts: yes\n");
        assert_eq!(found[0].path, "alerts");
    }
}
