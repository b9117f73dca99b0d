//! Spans of time as people write them: `15m`, `7d`.

use std::time::Duration;

use super::document::Content;
use super::problems::Problems;
use super::section::Section;

/// Units of a span, and their seconds.
const UNITS: &[(char, u64)] = &[
    ('s', 1),
    ('m', 60),
    ('h', 3_600),
    ('d', 86_400),
    ('w', 604_800),
];

/// Reads a number with a unit that is not shorter than so.
pub(crate) fn read(
    section: &mut Section<'_>,
    key: &'static str,
    shortest: Duration,
    problems: &mut Problems,
) -> Option<Duration> {
    let node = section.take(key)?;
    let span = match &node.content {
        Content::Unresolved => return None,
        Content::Text(text) => parse(text.trim()).filter(|span| *span >= shortest),
        _ => None,
    };
    if span.is_none() {
        problems.push(node.problem(
            &section.path(key),
            "value",
            &format!("no span of {} or more", written(shortest)),
            "a number and s, m, h, d or w, such as 7d",
        ));
    }
    span
}

fn parse(text: &str) -> Option<Duration> {
    let mut units = UNITS.iter();
    let seconds = units.find_map(|(unit, seconds)| {
        let count: u64 = text.strip_suffix(*unit)?.parse().ok()?;
        count.checked_mul(*seconds)
    })?;
    Some(Duration::from_secs(seconds))
}

fn written(span: Duration) -> String {
    match span.as_secs() {
        seconds if seconds >= 3_600 && seconds.is_multiple_of(3_600) => {
            format!("{}h", seconds / 3_600)
        }
        seconds if seconds >= 60 && seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}
