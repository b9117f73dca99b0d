//! What a receiver answers.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// The most that is read of an answer, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// The answer to a document that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status, from 200 to 299.
    pub status: u16,
    /// The body, as far as the first 64 KiB go. May hold personal data.
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(status: u16, body: Vec<u8>) -> Answer {
        Answer { status, body }
    }

    /// Whether the receiver says that it took only some of what is in the document (207).
    pub fn is_partial(&self) -> bool {
        self.status == 207
    }
}

/// The beginning of an answer's body; what broke off ends there.
pub(super) async fn body(mut answer: reqwest::Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < MOST_BYTES
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        let room = MOST_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    body
}

/// How long the receiver asks to wait: seconds, or a date.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        }
    }
}

/// The word by which a receiver names what is wrong. Its sentences are left out: they may repeat what was sent.
pub(super) fn code(body: &[u8]) -> Option<String> {
    const LONGEST: usize = 60;
    let document: serde_json::Value = serde_json::from_slice(body).ok()?;
    let places = [
        "/code",
        "/error/code",
        "/error/type",
        "/error",
        "/errors/0/code",
    ];
    let code = places
        .iter()
        .find_map(|place| document.pointer(place)?.as_str())?;
    let plain = |letter: char| letter.is_ascii_alphabetic() || "_-.".contains(letter);
    (!code.is_empty() && code.len() <= LONGEST && code.chars().all(plain)).then(|| code.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_waited_for() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for (text, expected) in [
            ("7", Some(Duration::from_secs(7))),
            (
                "Tue, 14 Nov 2023 22:13:50 GMT",
                Some(Duration::from_secs(30)),
            ),
            ("Tue, 14 Nov 2023 22:13:00 GMT", Some(Duration::ZERO)),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), expected, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn words_are_shown_and_sentences_are_not() {
        for (body, expected) in [
            (
                r#"{"code":"invalid_parameter","message":"ada@example.com"}"#,
                Some("invalid_parameter"),
            ),
            (r#"{"error":{"code":"too-large"}}"#, Some("too-large")),
            (r#"{"error":"forbidden"}"#, Some("forbidden")),
            (r#"{"error":"ada@example.com is wrong"}"#, None),
            (r#"{"code":7}"#, None),
            ("nothing", None),
        ] {
            assert_eq!(code(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }
}
