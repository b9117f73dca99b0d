//! The rate limit: so many requests in each window of ten seconds.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::clock::as_milliseconds;

/// The documented length of a window; the time scale divides it.
pub(crate) const WINDOW: Duration = Duration::from_secs(10);

/// Counts requests by window.
#[derive(Debug)]
pub(crate) struct RateLimit {
    limit: u32,
    window: i64,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    window: i64,
    requests: u32,
}

/// Where a request stands in its window: the three headers of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateState {
    /// Requests allowed in a window.
    pub(crate) limit: u32,
    /// Requests left in this one.
    pub(crate) remaining: u32,
    /// When the next window begins, in Unix seconds.
    pub(crate) reset: i64,
    /// Whether this request was one too many.
    pub(crate) exceeded: bool,
}

impl RateLimit {
    pub(crate) fn new(limit: u32, window: Duration) -> RateLimit {
        RateLimit {
            limit,
            window: as_milliseconds(window).max(1),
            used: Mutex::default(),
        }
    }

    /// Counts one request made at `now` (Unix milliseconds).
    pub(crate) fn take(&self, now: i64) -> RateState {
        let window = now.div_euclid(self.window);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.window != window {
            *used = Used {
                window,
                requests: 0,
            };
        }
        let exceeded = used.requests >= self.limit;
        if !exceeded {
            used.requests += 1;
        }
        let ends = window.saturating_add(1).saturating_mul(self.window);
        RateState {
            limit: self.limit,
            remaining: self.limit - used.requests,
            // Rounded up: a client that waits for it finds the next window open.
            reset: ends.saturating_add(999).div_euclid(1_000),
            exceeded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_admits_its_limit_and_the_next_one_starts_afresh() {
        let rate = RateLimit::new(2, WINDOW);
        let states: Vec<RateState> = [0, 5_000, 9_999, 10_000]
            .into_iter()
            .map(|now| rate.take(now))
            .collect();
        let exceeded: Vec<bool> = states.iter().map(|state| state.exceeded).collect();
        assert_eq!(exceeded, [false, false, true, false]);
        let remaining: Vec<u32> = states.iter().map(|state| state.remaining).collect();
        assert_eq!(remaining, [1, 0, 0, 1]);
        assert_eq!(states[0].reset, 10);
        assert_eq!(states[3].reset, 20);
    }

    #[test]
    fn a_limit_of_nothing_refuses_everything() {
        assert!(RateLimit::new(0, WINDOW).take(1).exceeded);
    }
}
