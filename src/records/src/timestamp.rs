//! Times as Intercom gives them: Unix seconds in REST, ISO 8601 text in webhooks, now and then numeric text.

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Days from 1 January of the year 1 to that of 1970.
const DAYS_BEFORE_1970: i64 = 719_162;

/// What is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTime;

/// Reads a time from a JSON value's text. Gives `Ok(None)` for what Intercom uses for "never" (`null`, `""`), and `Err`
/// for what is no time.
pub fn parse(json: &str) -> Result<Option<i64>, NoTime> {
    match json.as_bytes() {
        b"null" | b"\"\"" => Ok(None),
        [b'"', inner @ .., b'"'] => core::str::from_utf8(inner)
            .map_err(|_| NoTime)
            .and_then(from_text)
            .map(Some),
        [b'0'..=b'9' | b'-', ..] => from_number(json).map(Some),
        _ => Err(NoTime),
    }
}

fn from_text(text: &str) -> Result<i64, NoTime> {
    match text.as_bytes() {
        [first, .., last]
            if first.is_ascii_digit()
                && last.is_ascii_digit()
                && !text.as_bytes()[1..].contains(&b'-') =>
        {
            from_number(text)
        }
        [only] if only.is_ascii_digit() => from_number(text),
        _ => iso(text),
    }
}

/// RFC 3339, also with the basic offset (`+0000`), with the blanks and the `UTC` that some exporters write, or without any
/// offset.
fn iso(text: &str) -> Result<i64, NoTime> {
    let read = || {
        let (day, rest) = text.split_at_checked(10)?;
        let [year, month, day] = numbers(day, b'-', [4, 2, 2])?;
        let (clock, rest) = rest.get(1..)?.split_at_checked(8)?;
        let seconds = days(year, month, day)? * DAY + second_of_day(clock)?;
        let rest = match rest.strip_prefix('.') {
            Some(fraction) => {
                let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
                (digits > 0).then(|| &fraction[digits..])?
            }
            None => rest,
        };
        seconds.checked_sub(offset(rest.trim_start())?)
    };
    read().ok_or(NoTime)
}

/// Seconds east of Greenwich.
fn offset(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1) {
        None => return Some(0),
        Some(("+", digits)) => (1, digits),
        Some(("-", digits)) => (-1, digits),
        Some(_) => return matches!(text, "Z" | "z" | "UTC").then_some(0),
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let [hours, minutes] = [number(hours, 2)?, number(minutes, 2)?];
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Seconds since midnight of `hh:mm:ss`. A leap second counts as the one before it.
fn second_of_day(text: &str) -> Option<i64> {
    let [hour, minute, second] = numbers(text, b':', [2, 2, 2])?;
    let valid = hour < 24 && minute < 60 && second <= 60;
    valid.then_some(hour * 3_600 + minute * 60 + second.min(59))
}

/// Days from 1 January 1970 to a day of the Gregorian calendar, where there is such a day.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    // As if all months had 30 or 31 days in turn, February as well; from March on less what it lacks.
    let lacking = if month > 2 { 2 - i64::from(leap) } else { 0 };
    let before = (367 * month - 362) / 12 - lacking;
    let years = year - 1;
    let leaps = years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    let first = 365 * years + leaps - DAYS_BEFORE_1970;
    (1..=length)
        .contains(&day)
        .then_some(first + before + day - 1)
}

/// Numbers of so many digits each, with a separator between them.
fn numbers(text: &str, separator: u8, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut rest = text;
    let mut numbers = [0; 3];
    for (slot, digits) in numbers.iter_mut().zip(digits) {
        let (one, behind) = rest.split_at_checked(digits)?;
        *slot = number(one, digits)?;
        rest = match behind.as_bytes().split_first() {
            Some((first, _)) if *first != separator => return None,
            _ => behind.get(1..).unwrap_or_default(),
        };
    }
    rest.is_empty().then_some(numbers)
}

/// A number of so many digits.
#[inline(never)]
fn number(text: &str, digits: usize) -> Option<i64> {
    if text.len() != digits {
        return None;
    }
    let mut bytes = text.bytes();
    bytes.try_fold(0, |number, byte| {
        Some(number * 10 + i64::from(char::from(byte).to_digit(10)?))
    })
}

/// Whole seconds of a number; a fraction of a second is cut off downwards.
fn from_number(text: &str) -> Result<i64, NoTime> {
    let point = text.bytes().position(|byte| byte == b'.');
    let (whole, fraction) = text.split_at(point.unwrap_or(text.len()));
    let fraction = fraction.get(1..).unwrap_or_default();
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(NoTime);
    }
    let seconds: i64 = whole.parse().map_err(|_| NoTime)?;
    let below = text.starts_with('-') && fraction.bytes().any(|digit| digit != b'0');
    seconds.checked_sub(i64::from(below)).ok_or(NoTime)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    #[test]
    fn every_form_of_a_time_is_read() {
        for (json, expected) in [
            ("1719492777", Some(1_719_492_777)),
            ("\"1719492777\"", Some(1_719_492_777)),
            ("1719492777.9", Some(1_719_492_777)),
            ("-86400", Some(-86_400)),
            ("-1.5", Some(-2)),
            ("-1.0", Some(-1)),
            ("0", Some(0)),
            ("\"2024-06-27T12:52:57.000+00:00\"", Some(1_719_492_777)),
            ("\"2024-06-27T12:52:57Z\"", Some(1_719_492_777)),
            ("\"2024-06-27T14:52:57+0200\"", Some(1_719_492_777)),
            ("\"2024-06-27 12:52:57 UTC\"", Some(1_719_492_777)),
            ("\"2024-06-27T12:52:57\"", Some(1_719_492_777)),
            ("\"2024-06-27 12:52:57 +0000\"", Some(1_719_492_777)),
            ("\"2016-12-31T23:59:60Z\"", Some(1_483_228_799)),
            ("null", None),
            ("\"\"", None),
        ] {
            assert_eq!(parse(json), Ok(expected), "{json}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for json in [
            "true",
            "{}",
            "[]",
            "\"yesterday\"",
            "\"2024-13-40T00:00:00Z\"",
            "1e300",
            "\"€€€€€€€€€€€€\"",
            "\"+\"",
        ] {
            assert_eq!(parse(json), Err(NoTime), "{json}");
        }
    }

    proptest! {
        #[test]
        fn rfc_3339_is_read_as_others_do(
            text in "(000[01]|19[0-9]{2}|20[0-3][0-9])-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-5][0-9](\\.[0-9]{0,3})?([+-][0-2][0-9]:[0-6][0-9]|Z)"
        ) {
            let expected = OffsetDateTime::parse(&text, &Rfc3339);
            prop_assert_eq!(iso(&text).ok(), expected.ok().map(OffsetDateTime::unix_timestamp));
        }

        #[test]
        fn no_text_is_a_crash(text in "\\PC{0,40}|[0-9TZ:. +-]{0,30}") {
            let _ = from_text(&text);
        }
    }
}
