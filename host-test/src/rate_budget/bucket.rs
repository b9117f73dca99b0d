//! A rate budget for callers that wait.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::HeaderMap;
use tokio::sync::Notify;
use tokio::time::{sleep_until, timeout_at};

use super::{Admission, Ending, RateBudget, RateHeaders, Reserve, Ticket};
use crate::contract::connector::RatePolicy;

/// One budget, shared by all who have its rate key.
pub struct RateBucket {
    policy: RatePolicy,
    budget: Mutex<RateBudget>,
    /// Wakes the waiting whenever an answer came in.
    answered: Notify,
}

/// The budget is spent beyond the caller's deadline; nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateSpent {
    /// When it makes sense to ask again, from now.
    pub retry_after: Duration,
}

impl RateBucket {
    /// A bucket that knows only the descriptor's default.
    pub fn new(policy: &RatePolicy) -> Self {
        let budget = Mutex::new(RateBudget::new(policy));
        Self {
            policy: policy.clone(),
            budget,
            answered: Notify::new(),
        }
    }

    /// A bucket of its own that knows what this one knows.
    pub fn learned(&self) -> Self {
        Self {
            policy: self.policy.clone(),
            budget: Mutex::new(self.lock().learned()),
            answered: Notify::new(),
        }
    }

    /// What is left of the window's budget now, and how large it is.
    pub fn left(&self) -> (u32, u32) {
        let budget = self.lock();
        (budget.left(Instant::now()), budget.limit())
    }

    /// Waits for leave to send one request, at most until the deadline. The second value says whether it had to wait.
    pub async fn acquire(
        self: &Arc<Self>,
        reserve: Reserve,
        deadline: Instant,
    ) -> Result<(Permit, bool), RateSpent> {
        let mut waited = false;
        loop {
            // Registered before the budget is asked: an answer in between must not be missed.
            let answered = self.answered.notified();
            let now = Instant::now();
            let (until, answers_may_help) = match self.lock().start(now, reserve) {
                Admission::Granted(ticket) => {
                    return Ok((
                        Permit {
                            bucket: Arc::clone(self),
                            ticket: Some(ticket),
                        },
                        waited,
                    ));
                }
                Admission::Wait {
                    until,
                    answers_may_help,
                } => (until, answers_may_help),
            };
            if now >= deadline || until > deadline && !answers_may_help {
                return Err(RateSpent {
                    retry_after: until.saturating_duration_since(now),
                });
            }
            waited = true;
            let until = until.min(deadline);
            if answers_may_help {
                // Either outcome is a reason to ask again.
                let _ = timeout_at(until.into(), answered).await;
            } else {
                sleep_until(until.into()).await;
            }
        }
    }

    /// A panic while the lock was held cannot have left numbers that do not fit each other for longer than a window.
    fn lock(&self) -> MutexGuard<'_, RateBudget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, ticket: Ticket, ending: Ending) {
        self.lock().finish(ticket, Instant::now(), ending, chance());
        self.answered.notify_waiters();
    }
}

/// Leave to send one request. Dropped without an ending it counts as a request whose answer was lost.
pub struct Permit {
    bucket: Arc<RateBucket>,
    ticket: Option<Ticket>,
}

impl Permit {
    /// An answer came; its headers teach the budget.
    pub fn answered(mut self, status: u16, headers: &HeaderMap) {
        let headers = RateHeaders::read(&self.bucket.policy, headers, SystemTime::now());
        self.end(Ending::Answered {
            refused: status == 429,
            headers,
        });
    }

    /// Nothing was sent after all.
    pub fn not_sent(mut self) {
        self.end(Ending::NotSent);
    }

    fn end(&mut self, ending: Ending) {
        if let Some(ticket) = self.ticket.take() {
            self.bucket.finish(ticket, ending);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(Ending::Lost);
    }
}

/// A number from 0 to 1. The standard library seeds each state at random, which is enough to keep tenants apart in time.
fn chance() -> f64 {
    let number = RandomState::new().build_hasher().finish();
    number as f64 / u64::MAX as f64
}
