#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, Ordering};

use wasmtime::component::{Component, Linker};

use super::*;
use crate::engine::EngineOptions;
use crate::tenant::sample::{descriptor, http, options};
use crate::tenant::{Tenant, TenantOptions};

/// A component that has the exports' names and does this when an instance of it is made.
fn component(at_start: &str) -> Vec<u8> {
    let names = [
        "describe",
        "authenticate",
        "read-page",
        "map-record",
        "verify-webhook",
        "write-batch",
    ];
    let exports: String = names
        .map(|name| format!("(export \"{name}\" (func $f))"))
        .concat();
    let text = format!(
        "(component
            (core module $m
                (memory 1)
                (table 1 funcref)
                (func $start {at_start})
                (func (export \"f\"))
                (start $start))
            (core instance $m (instantiate $m))
            (func $f (canon lift (core func $m \"f\")))
            (instance $i {exports})
            (export \"integration:connector/connector@0.1.0\" (instance $i)))"
    );
    wat::parse_str(text).unwrap()
}

fn engine() -> Engine {
    let options = EngineOptions {
        concurrent_calls: 2,
        cache_directory: Some(std::path::PathBuf::from("/nonexistent/cache")),
        ..EngineOptions::default()
    };
    Engine::new(options).unwrap()
}

fn tenant() -> Tenant {
    let limits = CallLimits {
        call_time: Duration::from_millis(60),
        grace: Duration::from_millis(20),
        queue_time: Duration::from_millis(5),
        guest_memory: 1024 * 1024,
        ..CallLimits::default()
    };
    let options = TenantOptions {
        limits,
        ..options()
    };
    Tenant::new(&descriptor(), &http(), options).unwrap()
}

/// Begins a call of a component that does this at its start. What is given is the error.
async fn begin(engine: &Engine, tenant: &Tenant, at_start: &str) -> CallError {
    let component = Component::from_binary(engine.wasmtime(), &component(at_start)).unwrap();
    let linker = Linker::<CallContext>::new(engine.wasmtime());
    let pre = linker.instantiate_pre(&component).unwrap();
    let version = Arc::from("1.0.0");
    let purpose = Purpose {
        export: "read-page",
        subject: "contacts",
        tenant: Some(&tenant.shared),
        time_budget_ms: None,
        version: &version,
        tally: None,
    };
    Call::begin(engine, &pre, purpose).await.err().unwrap()
}

#[tokio::test]
async fn a_guest_that_never_ends_is_stopped_and_lets_others_run() {
    let (engine, tenant) = (engine(), tenant());
    let (others, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    let guest = async {
        let error = begin(&engine, &tenant, "(loop $again (br $again))").await;
        ended.store(true, Ordering::SeqCst);
        error
    };
    let other = async {
        // One thread serves both: this comes to its end first only if the guest gives way.
        tokio::time::sleep(Duration::from_millis(1)).await;
        others.store(!ended.load(Ordering::SeqCst), Ordering::SeqCst);
    };
    let (error, ()) = tokio::join!(guest, other);
    assert!(matches!(error, CallError::TimedOut { .. }), "{error}");
    assert!(others.load(Ordering::SeqCst));
    let usage = tenant.usage();
    assert_eq!((usage.calls, usage.instances), (1, 1));
    assert!(
        usage.guest_time >= Duration::from_millis(20),
        "{:?}",
        usage.guest_time
    );
    assert_eq!(usage.peak_guest_memory, 65_536);
}

#[tokio::test]
async fn a_trap_and_a_limit_end_one_call_each() {
    let (engine, tenant) = (engine(), tenant());
    for _ in 0..3 {
        let error = begin(&engine, &tenant, "unreachable").await;
        assert!(matches!(error, CallError::Trapped { .. }), "{error}");
        assert!(error.to_string().contains("unreachable"), "{error}");
        let error = begin(&engine, &tenant, "(drop (memory.grow (i32.const 100)))").await;
        let limit = Limit::Memory;
        assert!(
            matches!(error, CallError::LimitReached { limit: l, .. } if l == limit),
            "{error}"
        );
    }
    assert_eq!(tenant.usage().calls, 6);
}

#[tokio::test]
async fn a_table_grows_to_its_limit_and_no_further() {
    let (engine, tenant) = (engine(), tenant());
    // Step by step, until it is refused; and all at once, by more than there can be.
    for at_start in [
        "(loop $again (drop (table.grow (ref.null func) (i32.const 1000))) (br $again))",
        "(drop (table.grow (ref.null func) (i32.const -1)))",
    ] {
        let error = begin(&engine, &tenant, at_start).await;
        assert!(
            matches!(
                error,
                CallError::LimitReached {
                    limit: Limit::Table,
                    allowed: 20_000,
                    ..
                }
            ),
            "{at_start}: {error}"
        );
        assert_eq!(
            error.to_string(),
            "`read-page` reached its limit of 20000 elements in a table"
        );
    }
    // As many as are allowed are there; what is done with them then is another matter.
    let all = "(if (i32.eq (table.grow (ref.null func) (i32.const 19999)) (i32.const 1)) (then unreachable))";
    let error = begin(&engine, &tenant, all).await;
    assert!(matches!(error, CallError::Trapped { .. }), "{error}");
}

#[tokio::test]
async fn calls_wait_for_a_place_in_the_engine() {
    let (engine, tenant) = (engine(), tenant());
    let held = Arc::clone(engine.turns())
        .try_acquire_many_owned(2)
        .unwrap();
    let error = begin(&engine, &tenant, "unreachable").await;
    assert!(
        matches!(
            error,
            CallError::LimitReached {
                limit: Limit::ConcurrentCalls,
                allowed: 2,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(tenant.usage().instances, 0);
    drop(held);
    let error = begin(&engine, &tenant, "unreachable").await;
    assert!(matches!(error, CallError::Trapped { .. }), "{error}");
}
