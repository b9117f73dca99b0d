//! What to do about a call that failed: how often to try again, and how long to wait.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

use crate::call::CallError;
use crate::contract::types::FailureKind;

/// The longest wait that a provider can impose on a run. Beyond it the stream is given up with its position kept.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// How often a defect of the component is given another chance: it may have been the moment.
const TRIES_AFTER_A_DEFECT: usize = 2;

/// How failures that pass are met.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// How often to try again before giving up. A page that comes through starts the count anew.
    pub tries: usize,
    /// The first wait; each further one is twice as long.
    pub first_wait: Duration,
    /// The longest wait that this host chooses by itself.
    pub longest_wait: Duration,
    /// Divides every wait; above 1 for tests.
    pub time_scale: f64,
}

impl Default for RetryPolicy {
    fn default() -> RetryPolicy {
        RetryPolicy {
            tries: 8,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            time_scale: 1.0,
        }
    }
}

/// How a failure is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// Try again, at most so often.
    TryAgain { tries: usize },
    /// Try again with fewer rows, at most so often: the page was too much.
    TryLess { tries: usize },
    /// Give up.
    GiveUp,
}

impl Reaction {
    /// How often to try again at most.
    pub(crate) fn tries(self) -> usize {
        match self {
            Reaction::TryAgain { tries } | Reaction::TryLess { tries } => tries,
            Reaction::GiveUp => 0,
        }
    }
}

/// How to meet a failure of a read.
pub(crate) fn reaction(error: &CallError, policy: &RetryPolicy) -> Reaction {
    let defect = TRIES_AFTER_A_DEFECT.min(policy.tries);
    match error {
        CallError::Failure(failure) => match failure.kind {
            FailureKind::RateLimited | FailureKind::Transient | FailureKind::Conflict => {
                Reaction::TryAgain {
                    tries: policy.tries,
                }
            }
            FailureKind::Auth
            | FailureKind::Permission
            | FailureKind::InvalidInput
            | FailureKind::NotFound
            | FailureKind::Drift
            | FailureKind::Bug => Reaction::GiveUp,
        },
        CallError::Trapped { .. } => Reaction::TryAgain { tries: defect },
        CallError::TimedOut { .. } | CallError::LimitReached { .. } => {
            Reaction::TryLess { tries: defect }
        }
        CallError::Host { .. } => Reaction::TryAgain { tries: defect },
    }
}

impl RetryPolicy {
    /// The waits between tries, from the first one.
    pub fn waits(&self) -> Waits {
        Waits::new(self)
    }

    /// A wait, shortened by the time scale.
    pub fn scaled(&self, wait: Duration) -> Duration {
        let seconds = wait.as_secs_f64() / self.time_scale.max(f64::MIN_POSITIVE);
        Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT)
    }

    /// Waits, shortened by the time scale.
    pub async fn pause(&self, wait: Duration) {
        tokio::time::sleep(self.scaled(wait)).await;
    }
}

/// The waits between tries: each twice the one before, with a random part so that many hosts do not come at once.
pub struct Waits {
    backoff: backon::ExponentialBackoff,
    tried: usize,
}

impl Waits {
    /// Before the first failure.
    fn new(policy: &RetryPolicy) -> Waits {
        Waits {
            backoff: ExponentialBuilder::default()
                .with_min_delay(policy.first_wait)
                .with_max_delay(policy.longest_wait)
                .with_factor(2.0)
                .with_jitter()
                .without_max_times()
                .build(),
            tried: 0,
        }
    }

    /// How long to wait before the next try, at least as long as the provider says. `None`: enough tried.
    pub fn next(&mut self, tries: usize, provider: Option<Duration>) -> Option<Duration> {
        if self.tried >= tries {
            return None;
        }
        self.tried += 1;
        let own = self.backoff.next()?;
        match provider {
            Some(wait) if wait > LONGEST_WAIT => None,
            Some(wait) => Some(own.max(with_jitter(wait))),
            None => Some(own),
        }
    }
}

/// A wait that the provider named, and up to a tenth more.
pub(super) fn with_jitter(wait: Duration) -> Duration {
    wait.mul_f64(1.0 + fastrand::f64() / 10.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let policy = RetryPolicy {
            tries: 3,
            first_wait: Duration::from_millis(100),
            ..RetryPolicy::default()
        };
        let mut waits = Waits::new(&policy);
        for least in [100, 200, 400] {
            let wait = waits.next(policy.tries, None).unwrap();
            assert!(wait >= Duration::from_millis(least), "{wait:?}");
            assert!(wait <= Duration::from_millis(2 * least), "{wait:?}");
        }
        assert_eq!(waits.next(policy.tries, None), None);
    }

    #[test]
    fn the_provider_is_waited_for_and_a_tenth_more_at_most() {
        let mut waits = Waits::new(&RetryPolicy::default());
        let wait = waits.next(8, Some(Duration::from_secs(100))).unwrap();
        assert!(wait >= Duration::from_secs(100) && wait <= Duration::from_secs(110));
        assert_eq!(waits.next(8, Some(Duration::from_secs(3_600))), None);
    }
}
