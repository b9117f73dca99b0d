//! Requests to the API, and what every answer's headers say.

use crate::contract::http::{Effect, Method, Request, Response};
use crate::contract::types::Header;
use crate::intercom::timestamp;
use crate::intercom::versions::VERSION_HEADER;
use crate::prelude::*;
use records::search::parted_last;

/// The endpoint's name in the descriptor.
pub const API: &str = "api";

/// A GET.
pub fn get(api_version: &str, target: impl Into<String>) -> Request {
    request(api_version, Method::Get, target.into(), None, Effect::Read)
}

/// A GET of a file.
pub fn download(api_version: &str, target: impl Into<String>) -> Request {
    let mut request = get(api_version, target);
    request.headers[0] = header("accept", "application/octet-stream");
    request
}

/// A search: a POST of a JSON body that changes nothing.
pub fn search(api_version: &str, target: impl Into<String>, body: String) -> Request {
    request(
        api_version,
        Method::Post,
        target.into(),
        Some(body),
        Effect::Read,
    )
}

/// A write with an optional JSON body.
pub fn write(
    api_version: &str,
    method: Method,
    target: impl Into<String>,
    body: Option<String>,
) -> Request {
    request(api_version, method, target.into(), body, Effect::Write)
}

fn request(
    api_version: &str,
    method: Method,
    target: String,
    body: Option<String>,
    effect: Effect,
) -> Request {
    let mut headers = vec![
        header("accept", "application/json"),
        header(VERSION_HEADER, api_version),
    ];
    if body.is_some() {
        headers.push(header("content-type", "application/json"));
    }
    Request {
        endpoint: API.to_owned(),
        method,
        target,
        headers,
        body: body.map(String::into_bytes),
        effect,
        timeout_ms: None,
    }
}

fn header(name: &str, value: &str) -> Header {
    Header {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

/// Percent-encodes a value for a path segment or a query.
pub fn encode(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                encoded.push(char::from(byte))
            }
            // A segment of dots alone would climb the path.
            b'.' if !value.bytes().all(|other| other == b'.') => encoded.push('.'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The value of a header, its name compared without case.
pub fn header_value<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value.as_str())
}

/// The id of the object into which the one asked for was merged: `Link: </contacts/{id}>; rel="canonical"`.
pub fn canonical_id(response: &Response) -> Option<String> {
    let link = header_value(&response.headers, "link")?;
    let path = link.split_once('<')?.1.split_once('>')?.0;
    let id = parted_last(path, b'/').map_or(path, |(_, id)| id);
    (!id.is_empty()).then(|| id.to_owned())
}

/// When the server answered, in Unix seconds by its own clock.
pub fn server_time(response: &Response) -> Option<i64> {
    header_value(&response.headers, "date").and_then(http_date)
}

/// Reads the time in an HTTP `Date` header, in the one form that servers may send: `Thu, 27 Jun 2024 12:52:57 GMT`.
fn http_date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let parts: Vec<&str> = text.trim().split(' ').collect();
    let [_, day, month, year, clock, "GMT"] = parts[..] else {
        return None;
    };
    let (_, month) = MONTHS.iter().zip(1..).find(|(name, _)| **name == month)?;
    timestamp::parse(&format!("\"{year}-{month:02}-{day}T{clock}Z\"")).ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Up to the end of the year 9999.
        #[test]
        fn the_calendar_is_that_of_others(seconds in 0..253_402_300_800_i64) {
            let instant = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds.unsigned_abs());
            proptest::prop_assert_eq!(http_date(&httpdate::fmt_http_date(instant)), Some(seconds));
        }

        #[test]
        fn no_date_is_a_crash(text in "\\PC{0,40}|[0-9A-Z:, ]{0,30}") {
            let _ = http_date(&text);
        }
    }

    #[test]
    fn http_dates_are_read() {
        let read = http_date("Thu, 27 Jun 2024 12:52:57 GMT");
        assert_eq!(read, Some(1_719_492_777));
        for none in [
            "tomorrow",
            "",
            "Thu, 27 Jun 2024 12:52:57 CET",
            "Thu, 7 Jun 2024 12:52:57 GMT",
            "Thu, 31 Jun 2024 12:52:57 GMT",
            "Thu, 27 jun 2024 12:52:57 GMT",
            "Thu, 27 Jun 2024 12:52 GMT",
        ] {
            assert_eq!(http_date(none), None, "{none}");
        }
    }

    #[test]
    fn values_cannot_leave_their_segment() {
        assert_eq!(encode("a/../b?c#d e"), "a%2F..%2Fb%3Fc%23d%20e");
        assert_eq!(encode(".."), "%2E%2E");
        assert_eq!(encode("ü"), "%C3%BC");
        assert_eq!(encode("667d60a9_x-1.2~"), "667d60a9_x-1.2~");
    }

    #[test]
    fn every_request_names_the_version() {
        for request in [
            get("2.11", "/me"),
            search("2.11", "/contacts/search", "{}".to_owned()),
            write("2.11", Method::Delete, "/contacts/1", None),
        ] {
            assert_eq!(
                header_value(&request.headers, "Intercom-Version"),
                Some("2.11")
            );
        }
    }
}
