//! What one call of a tenant may use.

mod settings;

use std::time::Duration;

use wasmtime::ResourceLimiter;

pub use settings::{LimitSetting, SETTINGS, Unit};

/// One mebibyte.
const MIB: usize = 1024 * 1024;

/// What one call may use. The defaults suit pages of a few hundred records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLimits {
    /// The longest that one call may take; a shorter time budget in the request rules.
    pub call_time: Duration,
    /// How long after its time a call may still work before it is ended from outside: the component is told its time
    /// budget and ends by itself, so only a broken one gets that far.
    pub grace: Duration,
    /// How long a call waits for its turn when too many are running.
    pub queue_time: Duration,
    /// Calls of one tenant that run at the same time.
    pub concurrent_calls: usize,
    /// Bytes of linear memory, over all memories of the call.
    pub guest_memory: usize,
    /// Elements in one table.
    pub table_elements: usize,
    /// Core instances in one component.
    pub instances: usize,
    /// Bytes that one host call may take out of the guest, and that the guest may give as its result. Must be larger than
    /// the largest page.
    pub transfer: usize,
    /// Handles of resources.
    pub handles: usize,
    /// HTTP requests that one call may make.
    pub requests: usize,
    /// Requests in flight at the same time within one `send-all`.
    pub requests_in_flight: usize,
    /// Bytes in the body of one request.
    pub request_body: usize,
    /// Bytes in the body of one answer, decoded. Half of `guest_memory` where that is less: a larger body could not be
    /// given to the guest, and a failure is better than a trap.
    pub response_body: usize,
    /// Bytes in the bodies of all answers of one call, decoded.
    pub call_response_bytes: usize,
    /// How long to wait for an answer when the request does not say.
    pub request_time: Duration,
    /// The longest that a request may ask to wait.
    pub longest_request_time: Duration,
    /// Bytes in one value of the state.
    pub state_value: usize,
    /// Bytes in all values and keys of the connection's state.
    pub state_total: u64,
    /// Values in the connection's state.
    pub state_keys: u64,
    /// Lines that one call may log.
    pub log_lines: usize,
    /// Bytes that one call may log.
    pub log_bytes: usize,
    /// Bytes that all calls of the connection may log within a minute.
    pub log_bytes_per_minute: usize,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            call_time: Duration::from_secs(120),
            grace: Duration::from_secs(5),
            queue_time: Duration::from_secs(60),
            concurrent_calls: 16,
            guest_memory: 64 * MIB,
            table_elements: 20_000,
            instances: 16,
            transfer: 256 * MIB,
            handles: 1_000,
            requests: 10_000,
            requests_in_flight: 25,
            request_body: 16 * MIB,
            response_body: 64 * MIB,
            call_response_bytes: 1024 * MIB,
            request_time: Duration::from_secs(30),
            longest_request_time: Duration::from_secs(120),
            state_value: 256 * 1024,
            state_total: 64 * MIB as u64,
            state_keys: 50_000,
            log_lines: 500,
            log_bytes: 256 * 1024,
            log_bytes_per_minute: 4 * MIB,
        }
    }
}

impl CallLimits {
    /// Bytes that the answers of one host call may have together.
    pub(crate) fn answer_bytes(&self) -> usize {
        self.response_body.min(self.guest_memory / 2)
    }
}

/// A limit that a call ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of linear memory.
    Memory,
    /// Elements of a table.
    Table,
    /// Bytes between guest and host in one call.
    Transfer,
    /// Calls at the same time, for the whole wait in the queue.
    ConcurrentCalls,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Memory => "bytes of memory",
            Self::Table => "elements in a table",
            Self::Transfer => "bytes between component and host in one call",
            Self::ConcurrentCalls => "calls at the same time",
        })
    }
}

/// Holds one call to its memory, and remembers how much it had and what it was refused.
pub(crate) struct GuestLimiter {
    memory_limit: usize,
    table_limit: usize,
    instances: usize,
    /// Bytes over all memories of the call. A memory never shrinks, so this is the peak as well.
    pub(crate) memory: usize,
    /// The limit that made the guest trap.
    pub(crate) refused: Option<(Limit, u64)>,
}

impl GuestLimiter {
    /// `pool_memory`: what a place in the engine's pool holds; a guest would be told of it only by a failed allocation.
    pub(crate) fn new(limits: &CallLimits, pool_memory: usize) -> Self {
        Self {
            memory_limit: limits.guest_memory.min(pool_memory),
            table_limit: limits.table_elements,
            instances: limits.instances,
            memory: 0,
            refused: None,
        }
    }
}

impl ResourceLimiter for GuestLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_add(desired.saturating_sub(current));
        if total > self.memory_limit {
            self.refused = Some((Limit::Memory, self.memory_limit as u64));
            // A refusal without a trap would reach the guest as a failed allocation, and that as a bare `unreachable`.
            wasmtime::bail!(
                "{total} bytes of memory wanted, {} allowed",
                self.memory_limit
            );
        }
        self.memory = total;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > self.table_limit {
            self.refused = Some((Limit::Table, self.table_limit as u64));
            wasmtime::bail!(
                "{desired} table elements wanted, {} allowed",
                self.table_limit
            );
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.instances
    }

    fn memories(&self) -> usize {
        self.instances
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together() {
        let limits = CallLimits {
            guest_memory: 1_000,
            ..CallLimits::default()
        };
        let mut limiter = GuestLimiter::new(&limits, 2_000);
        assert!(limiter.memory_growing(0, 600, None).unwrap());
        assert!(limiter.memory_growing(600, 900, None).unwrap());
        assert_eq!(limiter.memory, 900);
        assert!(limiter.memory_growing(0, 101, None).is_err());
        assert_eq!(limiter.refused, Some((Limit::Memory, 1_000)));
        assert_eq!(limiter.memory, 900);
        let mut pool = GuestLimiter::new(&limits, 500);
        assert!(pool.memory_growing(0, 501, None).is_err());
        assert_eq!(pool.refused, Some((Limit::Memory, 500)));
    }

    #[test]
    fn answers_fit_into_the_guest() {
        let limits = CallLimits {
            guest_memory: 10,
            response_body: 100,
            ..CallLimits::default()
        };
        assert_eq!(limits.answer_bytes(), 5);
        let limits = CallLimits {
            guest_memory: 1_000,
            response_body: 100,
            ..CallLimits::default()
        };
        assert_eq!(limits.answer_bytes(), 100);
    }
}
