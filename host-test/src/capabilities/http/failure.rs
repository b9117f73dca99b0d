//! Why there is no answer, and whether the provider may have seen the request.

use std::error::Error as StdError;
use std::io;

use crate::contract::http::ErrorKind;

/// A request without an answer.
pub(super) struct Lost {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
    pub(super) sent: bool,
}

/// A failure before the head of an answer was there. `begun`: whether the body was begun, where there is one; `proxy`: host
/// and port of the one in between.
pub(super) fn lost_before_answer(
    error: &reqwest::Error,
    begun: Option<bool>,
    proxy: Option<&str>,
) -> Lost {
    let lost = |kind, what: &str, sent| Lost {
        kind,
        message: describe(what, error),
        sent,
    };
    if error.is_builder() {
        return lost(ErrorKind::Refused, "the request cannot be sent", false);
    }
    if error.is_connect() {
        let what = proxy.map(|proxy| unconnected(error, proxy));
        let what = what.as_deref().unwrap_or("no connection");
        return lost(ErrorKind::Unreachable, what, false);
    }
    let http = source::<hyper::Error>(error);
    let sent = begun.unwrap_or(true) && !http.is_some_and(hyper::Error::is_canceled);
    if http.is_some_and(hyper::Error::is_parse) {
        return lost(ErrorKind::Malformed, "the answer is no HTTP", true);
    }
    if error.is_timeout() {
        return lost(ErrorKind::Timeout, "no answer in time", sent);
    }
    lost(
        ErrorKind::ConnectionLost,
        "the connection broke before the answer",
        sent,
    )
}

/// A failure within the body of an answer.
pub(super) fn lost_in_body(error: &reqwest::Error) -> Lost {
    let lost = |kind, what: &str| Lost {
        kind,
        message: describe(what, error),
        sent: true,
    };
    if error.is_timeout() {
        return lost(ErrorKind::Timeout, "the answer did not end in time");
    }
    match source::<hyper::Error>(error) {
        Some(http) if http.is_parse() => lost(ErrorKind::Malformed, "the answer's body is no HTTP"),
        Some(_) => lost(
            ErrorKind::ConnectionLost,
            "the connection broke within the answer",
        ),
        None if source::<io::Error>(error).is_some_and(is_broken) => lost(
            ErrorKind::ConnectionLost,
            "the connection broke within the answer",
        ),
        None => lost(
            ErrorKind::Malformed,
            "the answer's content coding is broken",
        ),
    }
}

fn is_broken(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected
    )
}

/// What was tried and the innermost cause. The URL is left out: its query may hold personal data.
pub(crate) fn describe(what: &str, error: &reqwest::Error) -> String {
    let mut innermost: &(dyn StdError + 'static) = error;
    while let Some(next) = below(innermost) {
        innermost = next;
    }
    match innermost.downcast_ref::<reqwest::Error>() {
        // It would print the URL.
        Some(_) => what.to_owned(),
        None => format!("{what}: {innermost}"),
    }
}

/// Why there is no connection through a proxy: whose fault it is shows in the words of the causes alone.
fn unconnected(error: &reqwest::Error, proxy: &str) -> String {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    let mut refused = false;
    while let Some(error) = next {
        let text = error.to_string();
        // Whoever is asked for by name or address is the proxy; it alone knows the provider's.
        if matches!(text.as_str(), "tcp connect error" | "dns error") {
            return format!("the proxy {proxy} cannot be reached");
        }
        refused |= text.starts_with("tunnel error");
        next = below(error);
    }
    match refused {
        true => format!("the proxy {proxy} opens no tunnel"),
        false => format!("no connection through the proxy {proxy}"),
    }
}

/// The first cause of a type.
fn source<E: StdError + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = below(error);
    }
    None
}

/// The next cause. An [`io::Error`] that wraps another gives that one's cause as its own and so would hide it.
fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}
