//! One call of a component: a fresh instance, its limits, and what became of it.

mod context;
mod error;
mod log;
mod timed;

pub(crate) use context::CallContext;
pub(crate) use error::in_one_line;
pub use error::{CallError, HostError};
pub(crate) use log::Admitted;
pub(crate) use timed::timed;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;
use wasmtime::component::{ComponentNamedList, Instance, InstancePre, Lift, Lower};
use wasmtime::{Store, UpdateDeadline};

use crate::engine::Engine;
use crate::limits::{CallLimits, Limit};
use crate::plugin::{DESCRIBE_TIME, Export, Tally};
use crate::tenant::TenantShared;

/// The shortest time for a call; one that is given none would be over before it began.
const SHORTEST_CALL: Duration = Duration::from_millis(1);

/// What a call is made for.
pub(crate) struct Purpose<'a> {
    /// The exported function, in the contract's words.
    pub(crate) export: &'static str,
    /// The stream or the action that it is about; empty where there is none.
    pub(crate) subject: &'a str,
    /// Nobody: every import refuses.
    pub(crate) tenant: Option<&'a Arc<TenantShared>>,
    /// The caller's time budget, where the request has one.
    pub(crate) time_budget_ms: Option<u64>,
    /// The component's version, for its log lines.
    pub(crate) version: &'a Arc<str>,
    /// What its version's calls are counted in.
    pub(crate) tally: Option<&'a Arc<Tally>>,
}

/// A fresh instance that is ready for one exported function.
pub(crate) struct Call {
    pub(crate) instance: Instance,
    pub(crate) store: Store<CallContext>,
    /// When the call is ended from outside.
    end: Instant,
    allowed: Duration,
    guest_time: Duration,
    /// Given back when everything above is gone.
    _turns: (Option<OwnedSemaphorePermit>, OwnedSemaphorePermit),
}

impl Call {
    /// Waits for a turn and makes an instance. The call's time begins with it.
    pub(crate) async fn begin(
        engine: &Engine,
        pre: &InstancePre<CallContext>,
        purpose: Purpose<'_>,
    ) -> Result<Self, CallError> {
        let no_tenant = CallLimits {
            call_time: DESCRIBE_TIME,
            grace: Duration::ZERO,
            ..CallLimits::default()
        };
        let limits = purpose.tenant.map_or(&no_tenant, |tenant| &tenant.limits);
        let turns = take_turns(engine, &purpose, limits.queue_time).await?;

        let budget = purpose
            .time_budget_ms
            .map(Duration::from_millis)
            .unwrap_or(limits.call_time);
        let allowed = budget.clamp(SHORTEST_CALL, limits.call_time.max(SHORTEST_CALL));
        let deadline = Instant::now() + allowed;
        let end = deadline + limits.grace;

        let context = CallContext::new(&purpose, limits, engine.guest_memory(), deadline, end);
        let mut store = Store::new(engine.wasmtime(), context);
        store.limiter(|context| &mut context.limiter);
        store.set_hostcall_fuel(limits.transfer);
        store.set_max_component_handles(limits.handles);
        store.set_epoch_deadline(1);
        // At every tick the guest lets others run, so that one that computes for long holds up nobody and the timeout
        // around the call gets its turn.
        store.epoch_deadline_callback(|store| {
            Ok(if Instant::now() >= store.data().end {
                UpdateDeadline::Interrupt
            } else {
                UpdateDeadline::Yield(1)
            })
        });

        let (instantiated, spent) =
            timed(timeout_at(end.into(), pre.instantiate_async(&mut store))).await;
        if let Some(tenant) = purpose.tenant {
            tenant.usage.instance();
            tenant.observers.metrics.instance();
        }
        match flatten(instantiated) {
            Ok(instance) => Ok(Self {
                instance,
                store,
                end,
                allowed,
                guest_time: spent,
                _turns: turns,
            }),
            Err(failure) => Err(conclude(&store, failure, allowed, spent)),
        }
    }

    /// Runs the exported function until it ends or the call's time does. A guest that waits in a host function is stopped by
    /// the timeout here, one that computes by its epoch.
    pub(crate) async fn run<P, R>(mut self, export: Export, parameters: P) -> Result<R, CallError>
    where
        P: ComponentNamedList + Lower,
        R: 'static,
        (R,): ComponentNamedList + Lift,
    {
        let called = async {
            let function = self
                .instance
                .get_typed_func::<P, (R,)>(&mut self.store, export.index)?;
            let (result,) = function.call_async(&mut self.store, parameters).await?;
            Ok(result)
        };
        let (outcome, spent) = timed(timeout_at(self.end.into(), called)).await;
        let spent = self.guest_time + spent;
        match flatten(outcome) {
            Ok(result) => {
                count(&self.store, spent);
                Ok(result)
            }
            Err(failure) => Err(conclude(&self.store, failure, self.allowed, spent)),
        }
    }
}

/// Why there is no result.
enum Failure {
    OutOfTime,
    Stopped(wasmtime::Error),
}

fn flatten<R>(
    outcome: Result<wasmtime::Result<R>, tokio::time::error::Elapsed>,
) -> Result<R, Failure> {
    match outcome {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(error)) => Err(Failure::Stopped(error)),
        Err(_) => Err(Failure::OutOfTime),
    }
}

/// The turns of a call: first the tenant's own, so that a tenant with many calls waits without holding a place that another
/// could use.
async fn take_turns(
    engine: &Engine,
    purpose: &Purpose<'_>,
    queue_time: Duration,
) -> Result<(Option<OwnedSemaphorePermit>, OwnedSemaphorePermit), CallError> {
    let until = Instant::now() + queue_time;
    let own = match purpose.tenant {
        Some(tenant) => Some(
            take_turn(&tenant.turns, until, purpose.export, || {
                tenant.limits.concurrent_calls as u64
            })
            .await?,
        ),
        None => None,
    };
    let places = || engine.concurrent_calls() as u64;
    let place = take_turn(engine.turns(), until, purpose.export, places).await?;
    Ok((own, place))
}

async fn take_turn(
    turns: &Arc<Semaphore>,
    until: Instant,
    export: &'static str,
    allowed: impl Fn() -> u64,
) -> Result<OwnedSemaphorePermit, CallError> {
    // The way without a clock is the usual one.
    if let Ok(turn) = Arc::clone(turns).try_acquire_owned() {
        return Ok(turn);
    }
    match timeout_at(until.into(), Arc::clone(turns).acquire_owned()).await {
        Ok(Ok(turn)) => Ok(turn),
        // The semaphores are never closed; an elapsed queue is the one other way.
        Ok(Err(_)) | Err(_) => Err(CallError::LimitReached {
            export,
            limit: Limit::ConcurrentCalls,
            allowed: allowed(),
            guest_log: String::new(),
        }),
    }
}

fn count(store: &Store<CallContext>, spent: Duration) {
    let context = store.data();
    let guest_time = spent.saturating_sub(context.host_time);
    if let Some(tally) = &context.tally {
        tally.computed(guest_time);
    }
    if let Some(tenant) = &context.tenant {
        tenant.usage.call(guest_time, context.limiter.memory);
    }
}

/// Says why a call has no result, and counts it.
fn conclude(
    store: &Store<CallContext>,
    failure: Failure,
    allowed: Duration,
    spent: Duration,
) -> CallError {
    count(store, spent);
    error::explain(store.data(), failure, allowed)
}

#[cfg(test)]
mod tests;
