//! From an answer to what the guest gets of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderMap;
use http::header::{AUTHORIZATION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, SET_COOKIE};

use super::failure::{Lost, lost_in_body};
use crate::contract::http::{ErrorKind, Response};
use crate::contract::types::Header;

/// Bytes of all names and values of an answer's headers.
const HEADER_BYTES: usize = 64 * 1024;

/// Bytes that the answers of one host call may still have together: all of them must fit into the guest.
pub(super) struct Allowance {
    total: usize,
    left: AtomicUsize,
}

impl Allowance {
    pub(super) fn new(total: usize) -> Self {
        Self {
            total,
            left: AtomicUsize::new(total),
        }
    }

    /// Bytes that are gone.
    pub(super) fn taken(&self) -> usize {
        self.total - self.left.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize) -> bool {
        let take = |left: usize| left.checked_sub(bytes);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok()
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }

    fn too_large(&self) -> Lost {
        let message = format!("the answer is larger than {} bytes", self.total);
        Lost {
            kind: ErrorKind::TooLarge,
            message,
            sent: true,
        }
    }
}

/// Reads an answer to its end.
pub(super) async fn whole_answer(
    mut answer: reqwest::Response,
    allowance: &Allowance,
) -> Result<Response, Lost> {
    let status = answer.status().as_u16();
    let names_and_values = answer.headers().iter();
    let bytes: usize = names_and_values
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if bytes > HEADER_BYTES {
        let message =
            format!("the answer has {bytes} bytes of headers, {HEADER_BYTES} are allowed");
        return Err(Lost {
            kind: ErrorKind::TooLarge,
            message,
            sent: true,
        });
    }
    let headers = guest_headers(answer.headers());
    // A guess only: it is missing where the body is coded or comes in chunks.
    let expected = answer
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    if expected.is_some_and(|expected| expected > allowance.total) {
        return Err(allowance.too_large());
    }
    let mut body = Vec::with_capacity(expected.unwrap_or(0).min(1024 * 1024));
    let mut failed = None;
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if allowance.take(chunk.len()) => body.extend_from_slice(&chunk),
            Ok(Some(_)) => failed = Some(allowance.too_large()),
            Ok(None) => break,
            Err(error) => failed = Some(lost_in_body(&error)),
        }
        if let Some(lost) = failed {
            allowance.give_back(body.len());
            return Err(lost);
        }
    }
    Ok(Response {
        status,
        headers,
        body,
    })
}

/// All headers but credentials and cookies, in the order received.
fn guest_headers(headers: &HeaderMap) -> Vec<Header> {
    let hidden = [
        SET_COOKIE,
        AUTHORIZATION,
        PROXY_AUTHORIZATION,
        PROXY_AUTHENTICATE,
    ];
    headers
        .iter()
        .filter(|(name, _)| !hidden.contains(name) && name.as_str() != "set-cookie2")
        .map(|(name, value)| Header {
            name: name.as_str().to_owned(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn cookies_and_credentials_stay_outside() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "application/json"),
            ("set-cookie", "session=1"),
            ("x-twice", "1"),
            ("authorization", "Bearer x"),
            ("x-twice", "2"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        let seen: Vec<_> = guest_headers(&headers)
            .into_iter()
            .map(|header| format!("{}={}", header.name, header.value))
            .collect();
        assert_eq!(
            seen,
            ["content-type=application/json", "x-twice=1", "x-twice=2"]
        );
    }
}
