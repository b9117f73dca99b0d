//! Numbers, spans and moments as people say them.

use jiff::Timestamp;
use serde_json::Value;

/// What stands where there is no value.
pub(super) const NONE: &str = "–";

/// A number in groups of three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of a document.
pub(super) fn number(value: &Value) -> String {
    value.as_u64().map_or_else(|| NONE.to_owned(), grouped)
}

/// So many things: `1 run`, `2 runs`.
pub(super) fn count(number: u64, one: &str, several: &str) -> String {
    let what = if number == 1 { one } else { several };
    format!("{} {what}", grouped(number))
}

/// A text of a document.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A span, as exactly as it matters.
pub(super) fn span(milliseconds: i64) -> String {
    let milliseconds = milliseconds.max(0);
    let seconds = milliseconds / 1_000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min"),
        3_600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// A span of a document.
pub(super) fn span_of(value: &Value) -> String {
    value.as_i64().map_or_else(|| NONE.to_owned(), span)
}

/// A moment in UTC, to the second.
pub(super) fn moment(at_ms: i64) -> String {
    let moment = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let text = moment.strftime("%Y-%m-%d %H:%M:%S UTC");
    let for_programs = moment.strftime("%Y-%m-%dT%H:%M:%SZ");
    format!("<time datetime=\"{for_programs}\">{text}</time>")
}

/// How long ago a moment was, as HTML that tells the moment as well.
pub(super) fn ago(at_ms: Option<i64>, now_ms: i64) -> String {
    let Some(at) = at_ms else {
        return "never".to_owned();
    };
    let moment = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    let text = moment.strftime("%Y-%m-%d %H:%M:%S UTC");
    let for_programs = moment.strftime("%Y-%m-%dT%H:%M:%SZ");
    let span = span(now_ms.saturating_sub(at));
    format!("<time datetime=\"{for_programs}\" title=\"{text}\">{span} ago</time>")
}

/// How long it is to a moment.
pub(super) fn ahead(at_ms: Option<i64>, now_ms: i64) -> String {
    match at_ms {
        None => NONE.to_owned(),
        Some(at) if at <= now_ms => "now".to_owned(),
        Some(at) => format!("in {}", span(at.saturating_sub(now_ms))),
    }
}

/// A state's name as words: `not_in_version` is `not in version`.
pub(super) fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_spans_are_what_people_say() {
        for (number, said) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), said);
        }
        for (milliseconds, said) in [
            (-5, "0 ms"),
            (53, "53 ms"),
            (59_999, "59 s"),
            (60_000, "1 min"),
            (5_400_000, "1 h 30 min"),
            (200_000_000, "2 d 7 h"),
        ] {
            assert_eq!(span(milliseconds), said);
        }
        assert_eq!(
            count(1, "run", "runs") + &count(2_000, "run", "runs"),
            "1 run2,000 runs"
        );
        assert_eq!(ago(None, 0), "never");
        assert_eq!(
            ago(Some(1_000), 31_000),
            "<time datetime=\"1970-01-01T00:00:01Z\" title=\"1970-01-01 00:00:01 UTC\">30 s ago</time>"
        );
        assert_eq!(
            (ahead(None, 0), ahead(Some(5), 5), ahead(Some(9_000), 0)),
            (NONE.to_owned(), "now".to_owned(), "in 9 s".to_owned())
        );
    }
}
