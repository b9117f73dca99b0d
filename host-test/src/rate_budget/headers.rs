//! What the headers of an answer say about the rate.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

use crate::contract::connector::RatePolicy;

/// What an answer says about the rate. Everything may be absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateHeaders {
    /// The size of a window's budget.
    pub limit: Option<u32>,
    /// What is left of it.
    pub remaining: Option<u32>,
    /// When it is full again.
    pub reset: Option<Reset>,
    /// How long to send nothing.
    pub retry_after: Option<Duration>,
}

/// When a window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    /// In Unix seconds, by the provider's clock.
    pub at: i64,
    /// From the answer on. Zero: it has passed.
    pub wait: Duration,
}

impl RateHeaders {
    /// Reads the headers that the policy names, and `Retry-After`. Times of the provider are compared with the provider's
    /// own clock, the `Date` header; `local` counts only where that is missing.
    pub fn read(policy: &RatePolicy, headers: &HeaderMap, local: SystemTime) -> Self {
        let number = |name: &Option<String>| -> Option<i64> {
            let value = headers.get(name.as_deref()?)?.to_str().ok()?;
            value.trim().parse().ok()
        };
        let now = date(headers, DATE.as_str()).unwrap_or_else(|| unix_seconds(local));
        let until = |at: i64| Duration::from_secs(at.saturating_sub(now).try_into().unwrap_or(0));
        let count = |name| number(name).and_then(|number| u32::try_from(number).ok());
        Self {
            limit: count(&policy.limit_header),
            remaining: count(&policy.remaining_header),
            reset: number(&policy.reset_header).map(|at| Reset {
                at,
                wait: until(at),
            }),
            retry_after: retry_after(headers).or_else(|| {
                let at = date(headers, RETRY_AFTER.as_str())?;
                Some(until(at))
            }),
        }
    }
}

/// `Retry-After` as a number of seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    Duration::try_from_secs_f64(value.trim().parse().ok()?).ok()
}

/// A header with an HTTP date, in Unix seconds.
fn date(headers: &HeaderMap, name: &str) -> Option<i64> {
    let value = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(value).ok().map(unix_seconds)
}

fn unix_seconds(time: SystemTime) -> i64 {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
