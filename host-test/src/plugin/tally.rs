//! How often a version failed.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::call::CallError;
use crate::contract::types::FailureKind;

/// What calls came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Calls that ended.
    pub calls: u64,
    /// Those of them that failed in a way for which the version may be to blame.
    pub failures: u64,
    /// How long the component computed in all of them, in microseconds: waits for answers do not count.
    pub computed_us: u64,
}

impl Counted {
    /// What came after an earlier count.
    pub fn since(self, earlier: Counted) -> Counted {
        Counted {
            calls: self.calls.saturating_sub(earlier.calls),
            failures: self.failures.saturating_sub(earlier.failures),
            computed_us: self.computed_us.saturating_sub(earlier.computed_us),
        }
    }
}

/// Counts the calls of one version.
#[derive(Default)]
pub(crate) struct Tally {
    calls: AtomicU64,
    failures: AtomicU64,
    computed_us: AtomicU64,
}

impl Tally {
    pub(super) fn count(&self, error: Option<&CallError>) {
        self.calls.fetch_add(1, Relaxed);
        if error.is_some_and(may_be_the_versions_fault) {
            self.count_wrong();
        }
    }

    /// Adds what the component computed in a call.
    pub(crate) fn computed(&self, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.computed_us.fetch_add(microseconds, Relaxed);
    }

    /// A call that was counted as good turned out to be none.
    pub(super) fn count_wrong(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(super) fn counted(&self) -> Counted {
        Counted {
            calls: self.calls.load(Relaxed),
            failures: self.failures.load(Relaxed),
            computed_us: self.computed_us.load(Relaxed),
        }
    }
}

/// A credential that was revoked, a plan that lacks something and a budget that is spent say nothing about the version. What
/// else fails may be the provider's fault, but then it fails with the other version as well.
fn may_be_the_versions_fault(error: &CallError) -> bool {
    match error {
        CallError::Failure(failure) => !matches!(
            failure.kind,
            FailureKind::Auth | FailureKind::Permission | FailureKind::RateLimited
        ),
        // There was no place for it.
        CallError::LimitReached {
            limit: crate::limits::Limit::ConcurrentCalls,
            ..
        } => false,
        _ => true,
    }
}
