//! The rate budget of a provider, decided without clock, network or randomness: what it is told is what it knows.
//!
//! Everybody who shares a rate key shares one budget. It learns size, rest and end of the provider's window from answers,
//! counts the requests that are in flight against the rest, and sends nobody after a 429 until the provider wants to hear
//! again. [`RateBucket`] is the same for callers that wait.

mod bucket;
mod caps;
mod classes;
mod headers;
mod pattern;
mod reserve;
mod shared;

pub use bucket::{Permit, RateBucket, RateSpent};
pub use caps::{CapWindows, RateCap};
pub use classes::request_classes;
pub use headers::{RateHeaders, Reset};
pub use pattern::TargetPattern;
pub use reserve::Reserve;
pub use shared::shared_bucket;

use std::time::{Duration, Instant};

use crate::contract::connector::RatePolicy;

/// The first wait after a 429 that does not say how long.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// The longest wait after a 429 that does not say how long, before half of it is added at most by chance: 60 s.
const LONGEST_BACKOFF: Duration = Duration::from_secs(40);
/// The longest wait that a header may ask for; a longer one is cut to this.
const LONGEST_WAIT: Duration = Duration::from_secs(120);
/// A header that asks for more than this means something else (milliseconds, another epoch) and is ignored.
const ABSURD_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether a request may go now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may, and is counted as in flight until [`RateBudget::finish`] gets this ticket.
    Granted(Ticket),
    /// Not before this time.
    Wait {
        /// When to ask again at the latest.
        until: Instant,
        /// Whether an answer that is still out may make room before.
        answers_may_help: bool,
    },
}

/// A request in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    started: Instant,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// There was an answer; the headers are what it says about the rate.
    Answered {
        /// Whether its status was 429.
        refused: bool,
        /// What its headers say.
        headers: RateHeaders,
    },
    /// There was no answer. The provider may have counted the request.
    Lost,
    /// It was never sent.
    NotSent,
}

/// The budget of one rate key.
#[derive(Clone, Debug)]
pub struct RateBudget {
    window: Duration,
    limit: u32,
    /// What the provider grants until `resets_at`, not counting what is in flight.
    remaining: u32,
    in_flight: u32,
    /// Whether an answer of this window told the rest; else it is a guess of this side.
    told: bool,
    /// The end of the window. `None`: no window has begun.
    resets_at: Option<Instant>,
    /// The latest end that an answer named, in the provider's words: what tells windows apart.
    newest_reset: i64,
    /// After a 429: nobody goes before.
    blocked_until: Option<Instant>,
    /// When the last 429 came. Requests that were sent before belong to the same refusal.
    refused_at: Option<Instant>,
    /// Refusals in a row that did not say how long to wait.
    backoffs: u32,
}

impl RateBudget {
    /// A budget that knows only the descriptor's default.
    pub fn new(policy: &RatePolicy) -> Self {
        let limit = policy.default_limit.max(1);
        Self {
            window: Duration::from_millis(policy.window_ms.max(1)).min(LONGEST_WAIT),
            limit,
            remaining: limit,
            in_flight: 0,
            told: false,
            resets_at: None,
            newest_reset: i64::MIN,
            blocked_until: None,
            refused_at: None,
            backoffs: 0,
        }
    }

    /// The same knowledge, for another key: nothing of it is in flight there.
    pub fn learned(&self) -> Self {
        Self {
            in_flight: 0,
            ..self.clone()
        }
    }

    /// Asks for one request, of which there must be more than the reserve.
    pub fn start(&mut self, now: Instant, reserve: Reserve) -> Admission {
        if let Some(until) = self.blocked_until {
            if now < until {
                return Admission::Wait {
                    until,
                    answers_may_help: false,
                };
            }
            self.blocked_until = None;
            self.begin_window();
        }
        if self.resets_at.is_some_and(|reset| reset <= now) {
            self.begin_window();
        }
        // Nobody knows whether a provider that refused without a time is ready again: one request finds out.
        let free = self.remaining.saturating_sub(reserve.of(self.limit));
        let allowed = if self.backoffs > 0 { free.min(1) } else { free };
        if self.in_flight < allowed {
            self.in_flight += 1;
            self.resets_at.get_or_insert(now + self.window);
            return Admission::Granted(Ticket { started: now });
        }
        let until = self.resets_at.unwrap_or(now + self.window);
        Admission::Wait {
            until,
            answers_may_help: self.in_flight > 0,
        }
    }

    /// Says how a request ended. `chance` is a random number from 0 to 1, for the wait after a refusal that names none.
    pub fn finish(&mut self, ticket: Ticket, now: Instant, ending: Ending, chance: f64) {
        self.in_flight = self.in_flight.saturating_sub(1);
        match ending {
            Ending::NotSent => {}
            Ending::Lost => self.remaining = self.remaining.saturating_sub(1),
            Ending::Answered { refused, headers } => {
                self.learn(now, headers);
                if refused {
                    self.refuse(ticket, now, headers, chance);
                } else if self
                    .refused_at
                    .is_none_or(|refused_at| ticket.started > refused_at)
                {
                    self.backoffs = 0;
                }
            }
        }
    }

    /// Requests that may be sent before the window ends, those in flight not counted.
    pub fn left(&self, now: Instant) -> u32 {
        if self.blocked_until.is_some_and(|until| now < until) {
            return 0;
        }
        let is_over = self.blocked_until.is_some() || self.resets_at.is_some_and(|at| at <= now);
        let remaining = if is_over { self.limit } else { self.remaining };
        remaining.saturating_sub(self.in_flight)
    }

    /// Requests that are in flight.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// The size of the window's budget, as far as it is known.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    fn begin_window(&mut self) {
        self.remaining = self.limit;
        self.resets_at = None;
        self.told = false;
    }

    fn learn(&mut self, now: Instant, headers: RateHeaders) {
        if let Some(limit) = headers.limit.filter(|limit| *limit > 0) {
            if !self.told {
                let used = self.limit.saturating_sub(self.remaining);
                self.remaining = limit.saturating_sub(used);
            }
            self.limit = limit;
        }
        if let Some(reset) = headers.reset {
            let wait = credible(reset.wait);
            // An answer that was overtaken by the next window, or whose time means nothing here: it used one, no more.
            let (Some(wait), false) = (wait, reset.at < self.newest_reset) else {
                self.remaining = self.remaining.saturating_sub(1);
                return;
            };
            let until = now + wait;
            if reset.at > self.newest_reset {
                self.newest_reset = reset.at;
                self.told = false;
                self.resets_at = Some(until);
            } else {
                // Every answer names a time that is too late by its own age; the earliest is the best.
                self.resets_at = Some(self.resets_at.map_or(until, |old| old.min(until)));
            }
        }
        match headers.remaining {
            // Answers overtake each other: the smallest rest within a window is the newest.
            Some(remaining) if self.told => self.remaining = self.remaining.min(remaining),
            Some(remaining) => {
                self.remaining = remaining;
                self.told = true;
            }
            None => self.remaining = self.remaining.saturating_sub(1),
        }
    }

    fn refuse(&mut self, ticket: Ticket, now: Instant, headers: RateHeaders, chance: f64) {
        let told = headers
            .retry_after
            .and_then(credible)
            .or(headers.reset.and_then(|reset| credible(reset.wait)));
        let same_refusal = self.refused_at.is_some_and(|at| ticket.started <= at);
        let wait = match told {
            Some(wait) => {
                self.backoffs = 0;
                wait
            }
            None if same_refusal => return,
            None => {
                self.backoffs = self.backoffs.saturating_add(1);
                backoff(self.backoffs, chance)
            }
        };
        if !same_refusal {
            self.refused_at = Some(now);
        }
        let until = now + wait;
        self.blocked_until = Some(self.blocked_until.map_or(until, |old| old.max(until)));
        self.remaining = 0;
    }
}

/// A wait that a header asks for: none in the past, none beyond belief, none longer than the longest.
fn credible(wait: Duration) -> Option<Duration> {
    (!wait.is_zero() && wait <= ABSURD_WAIT).then(|| wait.min(LONGEST_WAIT))
}

/// The wait after the `count`th refusal in a row: 1 s, 2 s, 4 s … 40 s, and up to half of it on top.
fn backoff(count: u32, chance: f64) -> Duration {
    let doublings = count.saturating_sub(1).min(16);
    let base = FIRST_BACKOFF
        .saturating_mul(1 << doublings)
        .min(LONGEST_BACKOFF);
    base + base.mul_f64(chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests;
