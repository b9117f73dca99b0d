#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use super::*;
use crate::artifact;
use crate::engine::EngineOptions;
use crate::limits::{CallLimits, Limit};
use crate::tenant::TenantOptions;
use crate::tenant::sample::{http, options};

/// A component of the text format, in a cache of its own.
async fn load(text: &str) -> Result<Plugin, LoadError> {
    let (engine, _directory) = engine();
    Plugin::load(&engine, &wat::parse_str(text).unwrap()).await
}

fn engine() -> (Engine, written::Folder) {
    let directory = written::Folder::new();
    let options = EngineOptions {
        concurrent_calls: 4,
        cache_directory: Some(directory.path().join("cache")),
        ..EngineOptions::default()
    };
    (Engine::new(options).unwrap(), directory)
}

async fn connector() -> (Plugin, written::Folder) {
    let (engine, directory) = engine();
    let bytes = artifact::find_or_build(None).unwrap();
    (Plugin::load(&engine, &bytes).await.unwrap(), directory)
}

fn tenant(plugin: &Plugin, limits: CallLimits) -> Tenant {
    Tenant::new(
        plugin.descriptor(),
        &http(),
        TenantOptions {
            limits,
            ..options()
        },
    )
    .unwrap()
}

#[tokio::test]
async fn foreign_imports_are_refused_by_name() {
    let text = r#"(component
        (import "wasi:filesystem/types@0.2.0" (instance (export "f" (func))))
        (import "integration:connector/types@0.1.0" (instance))
        (import "wasi:sockets/tcp@0.2.0" (instance (export "f" (func)))))"#;
    match load(text).await {
        Err(LoadError::ForeignImports { names }) => {
            assert_eq!(
                names,
                ["wasi:filesystem/types@0.2.0", "wasi:sockets/tcp@0.2.0"]
            );
        }
        other => panic!("{:?}", other.err()),
    }
}

#[tokio::test]
async fn another_version_of_the_contract_is_refused_by_number() {
    for text in [
        r#"(component (import "integration:connector/http@0.2.0" (instance (export "f" (func)))))"#,
        r#"(component
            (core module $m (func (export "f")))
            (core instance $m (instantiate $m))
            (func $f (canon lift (core func $m "f")))
            (instance $i (export "f" (func $f)))
            (export "integration:connector/connector@0.2.0" (instance $i)))"#,
    ] {
        let error = load(text).await.err().unwrap();
        assert!(matches!(error, LoadError::OtherVersion { .. }), "{error}");
        let sentence = error.to_string();
        assert!(
            sentence.contains("0.2.0") && sentence.contains("speaks 0.1"),
            "{sentence}"
        );
    }
}

#[tokio::test]
async fn what_is_no_connector_is_refused() {
    assert!(matches!(
        load("(component)").await,
        Err(LoadError::OtherShape(_))
    ));
    assert!(matches!(load("(module)").await, Err(LoadError::Compile(_))));
    let (engine, _directory) = engine();
    let error = Plugin::load(&engine, b"no WebAssembly")
        .await
        .err()
        .unwrap();
    assert!(matches!(error, LoadError::Compile(_)), "{error}");
    // A clock may be read and not waited for.
    let waits = r#"(component (import "wasi:clocks/monotonic-clock@0.2.0"
        (instance (export "subscribe-duration" (func (param "when" u64) (result u32))))))"#;
    assert!(matches!(load(waits).await, Err(LoadError::OtherShape(_))));
}

#[tokio::test]
async fn the_connector_is_taken_and_runs_on_one_thread() {
    let (plugin, _directory) = connector().await;
    assert_eq!(plugin.sha256().len(), 64);
    assert!(plugin.size() > 10_000);
    assert!(
        plugin
            .imports()
            .iter()
            .all(|name| imports::classify(name).is_some())
    );
    assert_eq!(plugin.describe().await.unwrap(), *plugin.descriptor());
}

/// Calls must be able to run on any thread of a runtime.
#[test]
fn calls_can_be_spawned() {
    fn check(call: impl Send) {
        drop(call);
    }
    fn all(plugin: &Plugin, tenant: &Tenant, request: &PageRequest, batch: &Batch) {
        check(plugin.read_page(tenant, request));
        check(plugin.write_batch(tenant, batch));
        check(plugin.map_record(tenant, "", &[]));
        check(plugin.authenticate(tenant, &AuthenticationRequest::Check));
    }
    let _ = all;
}

#[tokio::test]
async fn a_call_is_held_to_its_limits() {
    let (plugin, _directory) = connector().await;
    let small = CallLimits {
        guest_memory: 64 * 1024,
        ..CallLimits::default()
    };
    let small = tenant(&plugin, small);
    let error = plugin
        .map_record(&small, "contacts", &[])
        .await
        .err()
        .unwrap();
    assert!(
        matches!(
            error,
            CallError::LimitReached {
                limit: Limit::Memory,
                allowed: 65_536,
                ..
            }
        ),
        "{error}"
    );

    let busy = CallLimits {
        concurrent_calls: 1,
        queue_time: Duration::from_millis(5),
        ..CallLimits::default()
    };
    let busy = tenant(&plugin, busy);
    let held = std::sync::Arc::clone(&busy.shared.turns)
        .try_acquire_owned()
        .unwrap();
    let error = plugin
        .map_record(&busy, "contacts", &[])
        .await
        .err()
        .unwrap();
    let limit = Limit::ConcurrentCalls;
    assert!(
        matches!(error, CallError::LimitReached { limit: l, .. } if l == limit),
        "{error}"
    );
    drop(held);
    // The outcome is the component's affair; it got its turn.
    let _ = plugin.map_record(&busy, "contacts", &[]).await;
    assert_eq!(busy.usage().instances, 1);
}
