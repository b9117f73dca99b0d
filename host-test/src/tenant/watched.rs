//! What can be seen of a tenant at any time.

use std::sync::Arc;

use super::TenantShared;
use crate::metrics::{Looked, watch};

/// Shows the workspace's rate budget and what the component used, as long as there is the tenant.
pub(super) fn watch_over(tenant: &Arc<TenantShared>) {
    let tenant = Arc::downgrade(tenant);
    watch(move |readings| {
        let Some(tenant) = tenant.upgrade() else {
            return false;
        };
        let labels = [("connection", tenant.observers.name())];
        let (remaining, limit) = tenant.pace.bucket().left();
        readings.set(Looked::RateRemaining, &labels, f64::from(remaining));
        readings.set(Looked::RateLimit, &labels, f64::from(limit));
        let usage = tenant.usage.snapshot();
        readings.add(
            Looked::GuestSeconds,
            &labels,
            usage.guest_time.as_secs_f64(),
        );
        readings.set(
            Looked::GuestMemoryPeak,
            &labels,
            usage.peak_guest_memory as f64,
        );
        true
    });
}
