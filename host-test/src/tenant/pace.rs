//! How fast a tenant asks: within the budget of its workspace, less what it leaves to others, and within its own caps.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use tokio::time::sleep_until;

use crate::rate_budget::{
    CapWindows, Permit, RateBucket, RateCap, RateSpent, Reserve, shared_bucket,
};

/// What a connection says about its pace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateRules {
    /// What it leaves of the workspace's budget to others.
    pub reserve: Reserve,
    /// What it allows itself. All tenants of the workspace share the budget; the caps are each connection's own.
    pub caps: Vec<RateCap>,
}

/// The pace of one tenant.
pub(crate) struct Pace {
    /// Where the provider is: budgets of different places are never the same.
    place: String,
    bucket: RwLock<Arc<RateBucket>>,
    reserve: Reserve,
    caps: Mutex<CapWindows>,
}

impl Pace {
    /// The pace of a tenant whose workspace is not known yet: those with the same key share a budget.
    pub(super) fn new(
        place: String,
        key: &str,
        rules: RateRules,
        bucket: impl FnOnce() -> RateBucket,
    ) -> Self {
        let bucket = shared_bucket(&format!("{place} key {key}"), bucket);
        Self {
            place,
            bucket: RwLock::new(bucket),
            reserve: rules.reserve,
            caps: Mutex::new(CapWindows::new(rules.caps)),
        }
    }

    /// The workspace is known: from now on its budget counts, which starts with what this tenant knows.
    pub(super) fn join(&self, workspace: &str) {
        let key = format!("{} workspace {workspace}", self.place);
        let mut bucket = self.bucket.write().unwrap_or_else(PoisonError::into_inner);
        *bucket = shared_bucket(&key, || bucket.learned());
    }

    /// Where the provider is.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The budget that counts now.
    pub(crate) fn bucket(&self) -> Arc<RateBucket> {
        Arc::clone(&self.bucket.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for leave to send one request, at most until the deadline. The second value says whether it had to wait.
    pub(crate) async fn acquire(
        &self,
        method: &str,
        target: &str,
        deadline: Instant,
    ) -> Result<(Permit, bool), RateSpent> {
        let mut waited = false;
        let counted = loop {
            let now = Instant::now();
            let until = match self.caps().start(now, method, target) {
                Ok(()) => break now,
                Err(until) => until,
            };
            if until > deadline {
                return Err(RateSpent {
                    retry_after: until.saturating_duration_since(now),
                });
            }
            waited = true;
            sleep_until(until.into()).await;
        };
        match self.bucket().acquire(self.reserve, deadline).await {
            Ok((permit, too)) => {
                if too {
                    // It is sent now, and not when the caps allowed it.
                    let now = Instant::now();
                    self.caps().put_off(counted, now, method, target);
                }
                Ok((permit, waited || too))
            }
            Err(spent) => {
                self.caps().take_back(counted, method, target);
                Err(spent)
            }
        }
    }

    /// Times alone are behind the lock; a panic cannot leave them in disorder.
    fn caps(&self) -> MutexGuard<'_, CapWindows> {
        self.caps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
