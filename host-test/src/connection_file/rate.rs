//! `rate`: what a connection leaves of the provider's budget to others, and the caps that it sets itself.
//!
//! A cap is about all requests (`preset`, `requests_per_10_seconds`), about those of a name that the component knows
//! (`NAME_per_second`, `NAME_per_minute`, …), or about those of a method and a path (`caps`). The component says which names
//! there are, and which requests they mean: this host knows no provider.

use std::time::Duration;

use super::document::{Content, Node};
use super::problems::{Problems, join};
use super::section::{Section, count};
use crate::rate_budget::{Reserve, TargetPattern};

/// Known sizes of a provider's plan, in requests per ten seconds.
const PRESETS: &[(&str, u32)] = &[("starter", 20), ("pro", 50), ("premium", 100)];

/// The spans of caps: as the end of a key, as the end of a cap's text, and how long they are.
const SPANS: &[(&str, &str, Duration)] = &[
    ("_per_second", "/s", Duration::from_secs(1)),
    ("_per_10_seconds", "/10s", Duration::from_secs(10)),
    ("_per_minute", "/min", Duration::from_secs(60)),
];

/// The name that stands for all requests.
const ALL: &str = "requests";

/// The largest number of requests that a cap or a reserve can name. A provider with a larger budget needs no cap.
const MOST: u32 = 100_000;

/// What `rate` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateSettings {
    /// What is left to others.
    pub reserve: Reserve,
    /// The caps, in the order of the file.
    pub caps: Vec<CapSetting>,
}

/// A cap as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapSetting {
    /// Where it stands in the file.
    pub path: String,
    /// The requests that it is about.
    pub requests: CappedRequests,
    /// So many of them, at most.
    pub most: u32,
    /// In a span of this length.
    pub window: Duration,
}

/// The requests that a cap is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CappedRequests {
    /// All.
    All,
    /// Those that the component knows by this name.
    Named(String),
    /// Those that match.
    Matching(TargetPattern),
}

/// Reads `rate`.
pub(super) fn read(path: &str, node: &Node, problems: &mut Problems) -> RateSettings {
    let mut settings = RateSettings::default();
    let Some(mut section) = Section::open(path, node, problems) else {
        return settings;
    };
    if let Some(most) = section.choice("preset", PRESETS, problems) {
        settings.caps.push(CapSetting {
            path: section.path("preset"),
            requests: CappedRequests::All,
            most,
            window: Duration::from_secs(10),
        });
    }
    if let Some(node) = section.take("reserve") {
        settings.reserve = reserve(&section.path("reserve"), node, problems).unwrap_or_default();
    }
    if let Some(node) = section.take("caps")
        && let Some(caps) = Section::open(&section.path("caps"), node, problems)
    {
        for (pattern, node) in caps.others() {
            let cap = by_pattern(
                &join(&section.path("caps"), pattern),
                pattern,
                node,
                problems,
            );
            settings.caps.extend(cap);
        }
    }
    for (key, node) in section.others() {
        let Some((name, window)) = split(key) else {
            continue;
        };
        section.claim(key);
        let path = section.path(key);
        let requests = match name {
            ALL => CappedRequests::All,
            name => CappedRequests::Named(name.to_owned()),
        };
        if let Some(most) = count(node, &path, 1, MOST, problems) {
            settings.caps.push(CapSetting {
                path,
                requests,
                most,
                window,
            });
        }
    }
    section.finish(&[], problems);
    settings
}

/// What a key such as `search_per_second` is about.
fn split(key: &str) -> Option<(&str, Duration)> {
    let mut spans = SPANS.iter();
    spans.find_map(|(ending, _, window)| {
        let name = key.strip_suffix(ending)?;
        (!name.is_empty()).then_some((name, *window))
    })
}

/// A number of requests, or a share such as `20%`.
fn reserve(path: &str, node: &Node, problems: &mut Problems) -> Option<Reserve> {
    let Content::Text(text) = &node.content else {
        return count(node, path, 0, MOST, problems).map(Reserve::Requests);
    };
    let share = text.trim().strip_suffix('%');
    let share = share.and_then(|share| share.trim_end().parse().ok());
    let share = share.filter(|share: &u32| *share <= 90);
    if share.is_none() {
        let expected = "a number of requests of each window, or a share from 0% to 90%";
        problems.push(node.problem(path, "value", "no part of a budget", expected));
    }
    share.map(Reserve::Percent)
}

/// A cap such as `POST /events: 10/s`.
fn by_pattern(
    path: &str,
    pattern: &str,
    node: &Node,
    problems: &mut Problems,
) -> Option<CapSetting> {
    let requests = match pattern.parse() {
        Ok(pattern) => Some(CappedRequests::Matching(pattern)),
        Err(reason) => {
            problems.say(path, node.line, "value", reason);
            None
        }
    };
    let rate = match &node.content {
        Content::Text(text) => rate(text.trim()),
        Content::Unresolved => return None,
        _ => None,
    };
    if rate.is_none() {
        let expected = format!("a number from 1 to {MOST} and a span: 5/s, 20/10s, 60/min");
        problems.push(node.problem(path, "value", "no rate", &expected));
    }
    let (most, window) = rate?;
    Some(CapSetting {
        path: path.to_owned(),
        requests: requests?,
        most,
        window,
    })
}

fn rate(text: &str) -> Option<(u32, Duration)> {
    let mut spans = SPANS.iter();
    spans.find_map(|(_, ending, window)| {
        let most = text.strip_suffix(ending)?.parse().ok()?;
        (1..=MOST).contains(&most).then_some((most, *window))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{problems, read};
    use super::*;

    const BASE: &str = "connector: intercom\n";

    #[test]
    fn a_rate_is_read_whole() {
        let text = "rate: { preset: pro, reserve: 10, search_per_second: 5, scroll_per_minute: 60, \
                    requests_per_10_seconds: 30, caps: { \"POST /events*\": 10/s, /tags: 60/min } }";
        let rate = read(&format!("{BASE}{text}")).unwrap().rate;
        assert_eq!(rate.reserve, Reserve::Requests(10));
        let caps: Vec<(&str, u32, u64)> = rate
            .caps
            .iter()
            .map(|cap| (cap.path.as_str(), cap.most, cap.window.as_secs()))
            .collect();
        assert_eq!(
            caps,
            [
                ("rate.preset", 50, 10),
                ("rate.caps.POST /events*", 10, 1),
                ("rate.caps./tags", 60, 60),
                ("rate.search_per_second", 5, 1),
                ("rate.scroll_per_minute", 60, 60),
                ("rate.requests_per_10_seconds", 30, 10),
            ]
        );
        assert_eq!(rate.caps[0].requests, CappedRequests::All);
        assert_eq!(
            rate.caps[3].requests,
            CappedRequests::Named("search".to_owned())
        );
        let nested = "connectors: { intercom: { rate: { preset: starter, reserve: 20% } } }";
        let rate = read(nested).unwrap().rate;
        assert_eq!(
            (rate.reserve, rate.caps[0].most),
            (Reserve::Percent(20), 20)
        );
    }

    #[test]
    fn all_problems_come_at_once_with_their_places() {
        let text = "rate: { preset: gold, reserve: 95%, search_per_second: 0, scroll_per_minute: many, \
                    events_per_hour: 3, caps: { search: 5/s, /a: 5, \"GET /b\": 0/s } }";
        let found = problems(&format!("{BASE}{text}"));
        let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "rate.preset",
                "rate.reserve",
                "rate.caps.search",
                "rate.caps./a",
                "rate.caps.GET /b",
                "rate.search_per_second",
                "rate.scroll_per_minute",
                "rate.events_per_hour",
            ]
        );
        for (text, path) in [
            ("rate: 5", "rate"),
            ("rate: { reserve: -1 }", "rate.reserve"),
        ] {
            let found = problems(&format!("{BASE}{text}"));
            assert_eq!((found.len(), found[0].path.as_str()), (1, path));
        }
    }
}
