//! Times as Intercom gives them: Unix seconds in REST, ISO 8601 text in webhooks, now and then numeric text.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTime;

/// Reads a time from a JSON value's text. Gives `Ok(None)` for what Intercom uses for "never" (`null`, `""`), and `Err`
/// for what is no time.
pub fn parse(json: &str) -> Result<Option<i64>, NoTime> {
    match json.as_bytes() {
        b"null" | b"\"\"" => Ok(None),
        [b'"', inner @ .., b'"'] => std::str::from_utf8(inner)
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
            if first.is_ascii_digit() && last.is_ascii_digit() && !text[1..].contains('-') =>
        {
            from_number(text)
        }
        [only] if only.is_ascii_digit() => from_number(text),
        _ => iso(text),
    }
}

/// RFC 3339, also with the basic offset (`+0000`) or the blank that some exporters write.
fn iso(text: &str) -> Result<i64, NoTime> {
    if let Ok(instant) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(instant.unix_timestamp());
    }
    if !text.is_ascii() || text.len() < 19 || text.len() > 64 {
        return Err(NoTime);
    }
    let (day, rest) = text.split_at(10);
    let clock = rest[1..].replace(" UTC", "Z").replace(' ', "");
    let offset_colon = match clock.as_bytes() {
        [.., b'+' | b'-', _, _, _, _] => format!(
            "{}:{}",
            &clock[..clock.len() - 2],
            &clock[clock.len() - 2..]
        ),
        [.., b'Z' | b'z'] => clock,
        [.., b'+' | b'-', _, _, b':', _, _] => clock,
        _ => format!("{clock}Z"),
    };
    OffsetDateTime::parse(&format!("{day}T{offset_colon}"), &Rfc3339)
        .map(OffsetDateTime::unix_timestamp)
        .map_err(|_| NoTime)
}

/// Whole seconds of a number; a fraction of a second is cut off downwards.
fn from_number(text: &str) -> Result<i64, NoTime> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(NoTime);
    }
    let seconds: i64 = whole.parse().map_err(|_| NoTime)?;
    let below = text.starts_with('-') && fraction.bytes().any(|digit| digit != b'0');
    seconds.checked_sub(i64::from(below)).ok_or(NoTime)
}

/// Reads the time in an HTTP `Date` header.
pub fn http_date(text: &str) -> Option<i64> {
    let since_epoch = httpdate::parse_http_date(text)
        .ok()?
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    i64::try_from(since_epoch.as_secs()).ok()
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn http_dates_are_read() {
        assert_eq!(
            http_date("Thu, 27 Jun 2024 12:52:57 GMT"),
            Some(1_719_492_777)
        );
        assert_eq!(http_date("tomorrow"), None);
    }
}
