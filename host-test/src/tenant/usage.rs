//! What a tenant uses.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a tenant has used since it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls of the component that ended, however they ended.
    pub calls: u64,
    /// Instances that were made: one for each call that got as far.
    pub instances: u64,
    /// Requests that were sent, or may have been.
    pub requests: u64,
    /// Answers, by status.
    pub requests_by_status: BTreeMap<u16, u64>,
    /// Bytes of bodies received, decoded.
    pub bytes_received: u64,
    /// Bytes of bodies sent.
    pub bytes_sent: u64,
    /// How often a request waited for the rate budget or was turned back by it.
    pub rate_limited_waits: u64,
    /// Time in which the component itself worked: the time in which its calls ran on a thread, without what ran in the
    /// host's functions and without any waiting. Where the machine has more to do than processors, it holds the time in
    /// which the thread was made to pause as well.
    pub guest_time: Duration,
    /// The most linear memory that one call had, in bytes.
    pub peak_guest_memory: u64,
}

/// The counters behind [`Usage`].
#[derive(Default)]
pub(crate) struct UsageCounters {
    calls: AtomicU64,
    instances: AtomicU64,
    requests: AtomicU64,
    by_status: Mutex<BTreeMap<u16, u64>>,
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
    rate_limited_waits: AtomicU64,
    guest_nanoseconds: AtomicU64,
    peak_guest_memory: AtomicU64,
}

impl UsageCounters {
    pub(crate) fn call(&self, guest_time: Duration, memory: usize) {
        self.calls.fetch_add(1, Relaxed);
        let nanoseconds = u64::try_from(guest_time.as_nanos()).unwrap_or(u64::MAX);
        self.guest_nanoseconds.fetch_add(nanoseconds, Relaxed);
        self.peak_guest_memory.fetch_max(memory as u64, Relaxed);
    }

    pub(crate) fn instance(&self) {
        self.instances.fetch_add(1, Relaxed);
    }

    pub(crate) fn request(&self, bytes: usize) {
        self.requests.fetch_add(1, Relaxed);
        self.bytes_sent.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn answer(&self, status: u16) {
        let mut by_status = self
            .by_status
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *by_status.entry(status).or_default() += 1;
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.bytes_received.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn rate_limited(&self) {
        self.rate_limited_waits.fetch_add(1, Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Usage {
        Usage {
            calls: self.calls.load(Relaxed),
            instances: self.instances.load(Relaxed),
            requests: self.requests.load(Relaxed),
            requests_by_status: self
                .by_status
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            bytes_received: self.bytes_received.load(Relaxed),
            bytes_sent: self.bytes_sent.load(Relaxed),
            rate_limited_waits: self.rate_limited_waits.load(Relaxed),
            guest_time: Duration::from_nanos(self.guest_nanoseconds.load(Relaxed)),
            peak_guest_memory: self.peak_guest_memory.load(Relaxed),
        }
    }
}
