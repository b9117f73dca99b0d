//! `webhooks`: what is taken of them, from whom, and for how long it is remembered.

use std::time::Duration;

use ipnet::IpNet;
use serde_json::json;

use super::ConnectionFile;
use super::document::{Content, Node};
use super::problems::Problems;
use super::section::{Section, count};
use super::span;

/// The longest memory, in days.
const MOST_DAYS: u32 = 3_650;

/// The largest queue.
const MOST_WAITING: u32 = 10_000_000;

/// What `webhooks` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// How long the id of a delivery is remembered, so that it is taken once.
    pub remember: Duration,
    /// Deliveries that the provider made longer ago are refused.
    pub replay_window: Duration,
    /// Whether rows are read again of which a delivery tells a part; absent: where there is a token.
    pub read_again: Option<bool>,
    /// From whom deliveries are taken; empty: from everybody.
    pub allow_from: Vec<AllowedSource>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How many deliveries may wait for the output; absent: as many as the host thinks right.
    pub queue_limit: Option<u32>,
}

impl Default for WebhookSettings {
    fn default() -> WebhookSettings {
        let week = Duration::from_secs(7 * 86_400);
        WebhookSettings {
            remember: week,
            replay_window: week,
            read_again: None,
            allow_from: Vec::new(),
            trusted_proxies: Vec::new(),
            queue_limit: None,
        }
    }
}

/// From whom deliveries are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedSource {
    /// An address or a network.
    Network(IpNet),
    /// The addresses that a provider of this name publishes, as the component knows them.
    Published(String),
}

/// Reads `webhooks`.
pub(super) fn take(
    section: &mut Section<'_>,
    connection: &mut ConnectionFile,
    problems: &mut Problems,
) {
    if let Some(node) = section.take("webhooks") {
        let path = section.path("webhooks");
        connection.webhooks = read(&path, node, connection, problems);
    }
}

fn read(
    path: &str,
    node: &Node,
    connection: &mut ConnectionFile,
    problems: &mut Problems,
) -> WebhookSettings {
    let mut settings = WebhookSettings::default();
    let Some(mut section) = Section::open(path, node, problems) else {
        return settings;
    };
    let line = section.take("topics").map(|node| node.line);
    let topics = texts(
        &mut section,
        "topics",
        "a topic or a list of topics",
        problems,
    );
    if let Some(line) = line {
        let path = section.path("topics");
        if topics.is_empty() {
            let message = "no topic is named; leave it out to take all of them".to_owned();
            problems.say(&path, line, "missing", message);
        }
        let topics: Vec<String> = topics.into_iter().map(|(_, _, text)| text).collect();
        // Which topics there are, the component knows.
        let before = connection
            .config
            .insert("webhooks".to_owned(), json!({ "topics": topics }));
        if before.is_some() {
            let message = "config.webhooks names topics as well; keep one of them".to_owned();
            problems.say(&path, line, "duplicate_key", message);
        }
    }
    if let Some(node) = section.take("remember_days") {
        let days = count(node, &section.path("remember_days"), 1, MOST_DAYS, problems);
        if let Some(days) = days {
            settings.remember = Duration::from_secs(u64::from(days) * 86_400);
        }
    }
    let shortest = Duration::from_secs(60);
    if let Some(window) = span::read(&mut section, "replay_window", shortest, problems) {
        settings.replay_window = window;
    }
    settings.read_again = section.truth("read_again", problems);
    let sources = texts(&mut section, "allow_from", ADDRESSES, problems);
    settings.allow_from = sources
        .into_iter()
        .filter_map(|(path, node, text)| match network(&text) {
            Some(network) => Some(AllowedSource::Network(network)),
            None if is_word(&text) => Some(AllowedSource::Published(text)),
            None => {
                problems.push(node.problem(&path, "value", "no address", ADDRESSES));
                None
            }
        })
        .collect();
    settings.trusted_proxies = trusted_proxies(&mut section, problems);
    if let Some(node) = section.take("queue_limit") {
        let path = section.path("queue_limit");
        settings.queue_limit = count(node, &path, 1, MOST_WAITING, problems);
    }
    section.finish(&[], problems);
    settings
}

/// Reads `trusted_proxies`: whose word is taken for whom they ask.
pub(crate) fn trusted_proxies(section: &mut Section<'_>, problems: &mut Problems) -> Vec<IpNet> {
    let proxies = texts(section, "trusted_proxies", ADDRESSES, problems);
    proxies
        .into_iter()
        .filter_map(|(path, node, text)| {
            let network = network(&text);
            if network.is_none() {
                problems.push(node.problem(&path, "value", "no address", ADDRESSES));
            }
            network
        })
        .collect()
}

const ADDRESSES: &str = "an IP address or a network such as 10.0.0.0/8";

fn network(text: &str) -> Option<IpNet> {
    let address = text.parse::<std::net::IpAddr>().map(IpNet::from);
    address.ok().or_else(|| text.parse().ok())
}

fn is_word(text: &str) -> bool {
    let mut letters = text.chars();
    letters.all(|letter| letter.is_ascii_alphabetic() || letter == '-' || letter == '_')
}

/// A text or a list of texts, each with its place.
fn texts<'a>(
    section: &mut Section<'a>,
    key: &'static str,
    expected: &str,
    problems: &mut Problems,
) -> Vec<(String, &'a Node, String)> {
    let Some(node) = section.take(key) else {
        return Vec::new();
    };
    let path = section.path(key);
    let items: Vec<(String, &Node)> = match &node.content {
        Content::List(items) => {
            let items = items.iter().enumerate();
            items
                .map(|(index, item)| (format!("{path}[{index}]"), item))
                .collect()
        }
        _ => vec![(path, node)],
    };
    items
        .into_iter()
        .filter_map(|(path, item)| match &item.content {
            Content::Text(text) if !text.trim().is_empty() => {
                Some((path, item, text.trim().to_owned()))
            }
            Content::Unresolved => None,
            _ => {
                problems.push(item.problem(&path, "type", "not a text", expected));
                None
            }
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{problems, read};
    use super::*;

    #[test]
    fn webhooks_are_read_in_both_forms() {
        let lines = "webhooks: { remember_days: 3, replay_window: 2h, read_again: false, queue_limit: 50, \
                     allow_from: [intercom, 192.0.2.1, \"2001:db8::/32\"], trusted_proxies: 10.0.0.0/8 }";
        for text in [
            format!("{{ connector: intercom, {lines} }}"),
            format!("connectors: {{ intercom: {{ {lines} }} }}"),
        ] {
            let settings = read(&text).unwrap().webhooks;
            let expected = WebhookSettings {
                remember: Duration::from_secs(3 * 86_400),
                replay_window: Duration::from_secs(7_200),
                read_again: Some(false),
                allow_from: vec![
                    AllowedSource::Published("intercom".to_owned()),
                    AllowedSource::Network("192.0.2.1/32".parse().unwrap()),
                    AllowedSource::Network("2001:db8::/32".parse().unwrap()),
                ],
                trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
                queue_limit: Some(50),
            };
            assert_eq!(settings, expected);
        }
        let settings = read("connector: intercom").unwrap().webhooks;
        assert_eq!(settings, WebhookSettings::default());
    }

    #[test]
    fn the_component_is_told_which_topics_are_taken() {
        for lines in [
            "webhooks: { topics: [contact.created, \"ticket.*\"] }",
            "config: { webhooks: { topics: [contact.created, \"ticket.*\"] } }",
        ] {
            let config = read(&format!("{{ connector: intercom, {lines} }}"))
                .unwrap()
                .config;
            let expected = serde_json::json!({ "topics": ["contact.created", "ticket.*"] });
            assert_eq!(config["webhooks"], expected);
        }
        for lines in [
            "webhooks: { topics: [] }",
            "webhooks: { topics: [\"*\"] }, config: { webhooks: { topics: [ping] } }",
        ] {
            let found = problems(&format!("{{ connector: intercom, {lines} }}"));
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].path, "webhooks.topics");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let found = problems(
            "connector: intercom\nwebhooks: { remember_days: 0, replay_window: 5, read_again: maybe, queue_limit: 0, \
             allow_from: [10.0.0.0/99, 7], trusted_proxies: intercom, remember: 5 }\n",
        );
        let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "webhooks.remember_days",
                "webhooks.replay_window",
                "webhooks.read_again",
                "webhooks.allow_from[1]",
                "webhooks.allow_from[0]",
                "webhooks.trusted_proxies",
                "webhooks.queue_limit",
                "webhooks.remember",
            ]
        );
    }
}
