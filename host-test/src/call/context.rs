//! What the host functions of one call know.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Purpose;
use super::log::CallLog;
use crate::limits::{CallLimits, GuestLimiter};
use crate::plugin::Tally;
use crate::tenant::TenantShared;

/// The data of a call's store.
pub(crate) struct CallContext {
    /// For whom the imports act; nobody: every import refuses.
    pub(crate) tenant: Option<Arc<TenantShared>>,
    /// The exported function.
    pub(crate) export: &'static str,
    /// The stream or the action that it is about; empty where there is none.
    pub(crate) subject: String,
    /// The component's version.
    pub(crate) version: Arc<str>,
    /// What its version's calls are counted in; absent: they are not.
    pub(crate) tally: Option<Arc<Tally>>,
    /// When the call should be done: host functions wait no longer.
    pub(crate) deadline: Instant,
    /// When the call is ended from outside.
    pub(crate) end: Instant,
    pub(crate) limiter: GuestLimiter,
    /// Bytes that one host call may take out of the guest.
    pub(crate) transfer: u64,
    pub(crate) log: CallLog,
    /// Requests that the call may still make.
    pub(crate) requests_left: usize,
    /// Bytes that the answers of the call may still have.
    pub(crate) answer_bytes_left: usize,
    /// Time that host functions worked.
    pub(crate) host_time: Duration,
}

impl CallContext {
    pub(crate) fn new(
        purpose: &Purpose<'_>,
        limits: &CallLimits,
        pool_memory: usize,
        deadline: Instant,
        end: Instant,
    ) -> Self {
        Self {
            tenant: purpose.tenant.map(Arc::clone),
            export: purpose.export,
            subject: purpose.subject.to_owned(),
            version: Arc::clone(purpose.version),
            tally: purpose.tally.map(Arc::clone),
            deadline,
            end,
            limiter: GuestLimiter::new(limits, pool_memory),
            transfer: limits.transfer as u64,
            log: CallLog::default(),
            requests_left: limits.requests,
            answer_bytes_left: limits.call_response_bytes,
            host_time: Duration::ZERO,
        }
    }
}
