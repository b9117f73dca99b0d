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

/// The longest span, a hundred years: a time that is put off by it can still be counted, in whatever unit.
const LONGEST: Duration = Duration::from_secs(36_500 * 86_400);

/// Reads a number with a unit that is not shorter than so, nor longer than [`LONGEST`].
pub(crate) fn read(
    section: &mut Section<'_>,
    key: &'static str,
    shortest: Duration,
    problems: &mut Problems,
) -> Option<Duration> {
    let node = section.take(key)?;
    let span = match &node.content {
        Content::Unresolved => return None,
        Content::Text(text) => {
            parse(text.trim()).filter(|span| (shortest..=LONGEST).contains(span))
        }
        _ => None,
    };
    if span.is_none() {
        problems.push(node.problem(
            &section.path(key),
            "value",
            &format!("no span of {} or more", written(shortest)),
            "a number and s, m, h, d or w, such as 7d, of a hundred years at most",
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::{Instant, SystemTime};

    use super::*;
    use crate::connection_file::tests::{problems, read};

    #[test]
    fn a_span_has_an_end_that_every_clock_can_count_to() {
        assert!(Instant::now().checked_add(LONGEST).is_some());
        assert!(SystemTime::now().checked_add(LONGEST).is_some());
        let file = read("connector: intercom\nsweep_every: 36500d\n").unwrap();
        assert_eq!(file.sweep_every, Some(LONGEST));
        for long in ["36501d", "200000000000000d", "99999999999999999999w"] {
            let found = problems(&format!("connector: intercom\nsweep_every: {long}\n"));
            let [problem] = found.as_slice() else {
                unreachable!("one problem: {found:?}");
            };
            let text = problem.to_string();
            assert!(text.contains("a hundred years at most"), "{text}");
        }
    }
}
