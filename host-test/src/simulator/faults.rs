//! Faults: what can be made to go wrong, and how that is written on a command line or in JSON.
//!
//! As text: `GET /contacts first=3 times=2 kind=status-500`. The method may be left out (any method), `first` and
//! `times` are 1 unless given, `every` repeats the whole pattern. A path that ends in `*` matches by prefix.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration::parse_duration;

/// One thing that goes wrong, and for which requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FaultFields", into = "FaultFields")]
pub struct Fault {
    /// HTTP method, upper case; none for any.
    pub method: Option<String>,
    /// Path without query: exact, or a prefix with a trailing `*`.
    pub path: String,
    /// Number (from 1) of the first matching request that fails.
    pub first: u64,
    /// How many matching requests fail in a row.
    pub times: u64,
    /// Repeats the pattern: after `first`, of every so many matching requests the first `times` fail.
    pub every: Option<u64>,
    /// What happens.
    pub kind: FaultKind,
}

/// What happens to a request that a [`Fault`] hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// 429; with the reset header a moment ahead, or without any rate headers.
    RateLimited {
        /// Whether the rate headers are sent.
        reset: bool,
    },
    /// This HTTP status with an error list; the request is not applied.
    Status(u16),
    /// 502 with an HTML body, as a proxy in front answers.
    BadGatewayHtml,
    /// The connection is reset before a byte of the answer; the request is not applied.
    Reset,
    /// The request is applied, then the connection is reset before a byte of the answer.
    ResetAfterWork,
    /// The head promises the whole body; half of it comes, then the connection closes.
    CutBody,
    /// 200 with a body of the promised length that is not JSON.
    InvalidJson,
    /// 200 with an empty body.
    EmptyBody,
    /// 200 with `{}`.
    ForeignBody,
    /// The right answer, after this delay.
    Slow(Duration),
    /// The right answer; then this many contacts change.
    Mutate {
        /// How many contacts change.
        contacts: u64,
    },
    /// 404 `not_found`; the request is not applied.
    NotFound,
    /// The workspace's open company scroll is dropped; 404 as for an unknown scroll parameter.
    ScrollExpired,
    /// 400 `scroll_exists`, as when somebody else's scroll is open; with `every` 1, for good.
    ScrollExists,
}

impl Fault {
    /// A fault of `kind` for the first request to `path`, by any method.
    pub fn new(path: impl Into<String>, kind: FaultKind) -> Fault {
        Fault {
            method: None,
            path: path.into(),
            first: 1,
            times: 1,
            every: None,
            kind,
        }
    }

    /// Whether a request is one of those that this fault counts.
    pub(crate) fn matches(&self, method: &str, path: &str) -> bool {
        let method_matches = self
            .method
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        let path_matches = match self.path.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == self.path,
        };
        method_matches && path_matches
    }

    /// Whether the matching request with this number (from 1) is hit.
    pub(crate) fn hits(&self, number: u64) -> bool {
        let Some(since_first) = number.checked_sub(self.first) else {
            return false;
        };
        match self.every {
            Some(every) => since_first % every < self.times,
            None => since_first < self.times,
        }
    }
}

impl FaultKind {
    /// Whether the answer becomes something that the API itself would not say.
    pub(crate) fn garbles(&self) -> bool {
        match self {
            FaultKind::BadGatewayHtml
            | FaultKind::Reset
            | FaultKind::ResetAfterWork
            | FaultKind::CutBody
            | FaultKind::InvalidJson
            | FaultKind::EmptyBody
            | FaultKind::ForeignBody => true,
            FaultKind::RateLimited { .. }
            | FaultKind::Status(_)
            | FaultKind::Slow(_)
            | FaultKind::Mutate { .. }
            | FaultKind::NotFound
            | FaultKind::ScrollExpired
            | FaultKind::ScrollExists => false,
        }
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        let mut fields = FaultFields::default();
        for word in text.split_whitespace() {
            match word.split_once('=') {
                Some(("first", value)) => fields.first = Some(number("first", value)?),
                Some(("times", value)) => fields.times = Some(number("times", value)?),
                Some(("every", value)) => fields.every = Some(number("every", value)?),
                Some(("kind", value)) => value.clone_into(&mut fields.kind),
                Some((name, _)) => {
                    return Err(format!(
                        "`{name}` is not a part of a fault; there are first, times, every and kind"
                    ));
                }
                None if word.starts_with('/') => word.clone_into(&mut fields.path),
                None => fields.method = Some(word.to_ascii_uppercase()),
            }
        }
        Fault::try_from(fields)
    }
}

impl FromStr for FaultKind {
    type Err = String;

    fn from_str(text: &str) -> Result<FaultKind, String> {
        if let Some(status) = text.strip_prefix("status-") {
            return match status.parse() {
                Ok(status @ 400..=599) => Ok(FaultKind::Status(status)),
                _ => Err(format!("`{text}`: the status must lie in 400..=599")),
            };
        }
        if let Some(delay) = text.strip_prefix("slow-") {
            return parse_duration(delay).map(FaultKind::Slow);
        }
        if let Some(contacts) = text.strip_prefix("mutate-") {
            let contacts = number("mutate", contacts)?;
            return Ok(FaultKind::Mutate { contacts });
        }
        Ok(match text {
            "rate-limited" => FaultKind::RateLimited { reset: true },
            "rate-limited-bare" => FaultKind::RateLimited { reset: false },
            "bad-gateway-html" => FaultKind::BadGatewayHtml,
            "reset" => FaultKind::Reset,
            "reset-after-work" => FaultKind::ResetAfterWork,
            "cut-body" => FaultKind::CutBody,
            "invalid-json" => FaultKind::InvalidJson,
            "empty-body" => FaultKind::EmptyBody,
            "foreign-body" => FaultKind::ForeignBody,
            "not-found" => FaultKind::NotFound,
            "scroll-expired" => FaultKind::ScrollExpired,
            "scroll-exists" => FaultKind::ScrollExists,
            "" => return Err("a fault needs kind=…".to_owned()),
            _ => {
                return Err(format!(
                    "`{text}` is not a kind of fault; there are rate-limited, rate-limited-bare, status-NNN, \
                     bad-gateway-html, reset, reset-after-work, cut-body, invalid-json, empty-body, foreign-body, \
                     slow-DURATION, mutate-N, not-found, scroll-expired and scroll-exists"
                ));
            }
        })
    }
}

impl std::fmt::Display for FaultKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            FaultKind::RateLimited { reset: true } => "rate-limited",
            FaultKind::RateLimited { reset: false } => "rate-limited-bare",
            FaultKind::Status(status) => return write!(formatter, "status-{status}"),
            FaultKind::BadGatewayHtml => "bad-gateway-html",
            FaultKind::Reset => "reset",
            FaultKind::ResetAfterWork => "reset-after-work",
            FaultKind::CutBody => "cut-body",
            FaultKind::InvalidJson => "invalid-json",
            FaultKind::EmptyBody => "empty-body",
            FaultKind::ForeignBody => "foreign-body",
            FaultKind::Slow(delay) => return write!(formatter, "slow-{}ms", delay.as_millis()),
            FaultKind::Mutate { contacts } => return write!(formatter, "mutate-{contacts}"),
            FaultKind::NotFound => "not-found",
            FaultKind::ScrollExpired => "scroll-expired",
            FaultKind::ScrollExists => "scroll-exists",
        };
        formatter.write_str(name)
    }
}

/// A fault as JSON has it: the kind is the same word as in the text form.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    every: Option<u64>,
    kind: String,
}

impl TryFrom<FaultFields> for Fault {
    type Error = String;

    fn try_from(fields: FaultFields) -> Result<Fault, String> {
        if !fields.path.starts_with('/') {
            return Err("a fault needs a path that begins with `/`".to_owned());
        }
        let fault = Fault {
            method: fields.method,
            path: fields.path,
            first: fields.first.unwrap_or(1),
            times: fields.times.unwrap_or(1),
            every: fields.every,
            kind: fields.kind.parse()?,
        };
        if fault.first == 0 || fault.every == Some(0) {
            return Err("requests are counted from 1: `first` and `every` cannot be 0".to_owned());
        }
        Ok(fault)
    }
}

impl From<Fault> for FaultFields {
    fn from(fault: Fault) -> FaultFields {
        FaultFields {
            method: fault.method,
            path: fault.path,
            first: Some(fault.first),
            times: Some(fault.times),
            every: fault.every,
            kind: fault.kind.to_string(),
        }
    }
}

fn number(name: &str, text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("`{name}` needs a whole number, not `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form() {
        let fault: Fault = "GET /contacts first=3 times=2 kind=status-500"
            .parse()
            .unwrap();
        assert_eq!(
            fault,
            Fault {
                method: Some("GET".to_owned()),
                path: "/contacts".to_owned(),
                first: 3,
                times: 2,
                every: None,
                kind: FaultKind::Status(500),
            }
        );
        let hit: Vec<u64> = (1..=6).filter(|number| fault.hits(*number)).collect();
        assert_eq!(hit, [3, 4]);
    }

    #[test]
    fn every_repeats_the_pattern() {
        let fault: Fault = "/contacts* first=2 every=3 kind=reset".parse().unwrap();
        let hit: Vec<u64> = (1..=9).filter(|number| fault.hits(*number)).collect();
        assert_eq!(hit, [2, 5, 8]);
        assert!(fault.matches("POST", "/contacts/search"));
        assert!(!fault.matches("POST", "/companies"));
    }

    #[test]
    fn json_form_is_the_text_form_in_fields() {
        let json = r#"{"path":"/me","kind":"slow-20ms","times":4}"#;
        let fault: Fault = serde_json::from_str(json).unwrap();
        assert_eq!(fault.kind, FaultKind::Slow(Duration::from_millis(20)));
        let again: Fault = serde_json::from_str(&serde_json::to_string(&fault).unwrap()).unwrap();
        assert_eq!(again, fault);
    }

    #[test]
    fn mistakes_are_explained() {
        for (text, explanation) in [
            ("GET /me", "needs kind"),
            ("GET kind=reset", "needs a path"),
            ("/me kind=explode", "not a kind of fault"),
            ("/me kind=status-700", "400..=599"),
            ("/me kind=reset first=x", "whole number"),
            ("/me kind=reset first=0", "counted from 1"),
            ("/me kind=reset often=2", "not a part"),
        ] {
            let error = text.parse::<Fault>().unwrap_err();
            assert!(error.contains(explanation), "{text}: {error}");
        }
    }
}
