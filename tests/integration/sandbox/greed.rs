use std::sync::Arc;
use std::time::{Duration, Instant};

use host_test::call::CallError;
use host_test::limits::{CallLimits, Limit};
use host_test::state_store::{MemoryState, SqliteState, StateStore};

use super::{Neighbour, page};
use crate::hostile::{self, Made};

/// What is short here, so that nobody waits for it.
pub(super) fn short() -> CallLimits {
    CallLimits {
        call_time: Duration::from_millis(300),
        grace: Duration::from_millis(50),
        ..CallLimits::default()
    }
}

fn made(config: &str, limits: CallLimits) -> Made<'_> {
    Made {
        config,
        limits,
        ..Made::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_wants_too_much_is_ended_and_nobody_else() {
    let plugin = hostile::plugin().await;
    let neighbour = Neighbour::move_in(&plugin);
    let plain = CallLimits::default;
    let narrow = || CallLimits {
        transfer: 1 << 20,
        ..CallLimits::default()
    };
    type Expected = fn(&CallError) -> bool;
    let memory: Expected = |error| matches!(error, CallError::LimitReached { limit: Limit::Memory, allowed, .. } if *allowed == 64 << 20);
    let transfer: Expected = |error| {
        matches!(
            error,
            CallError::LimitReached {
                limit: Limit::Transfer,
                ..
            }
        )
    };
    let time: Expected = |error| matches!(error, CallError::TimedOut { .. });
    let stack: Expected = |error| matches!(error, CallError::Trapped { message, .. } if message.contains("stack exhausted"));
    let cases: [(&str, CallLimits, Expected, &str); 7] = [
        (
            r#"{"do":"endless_loop"}"#,
            short(),
            time,
            "did not end `read-page` within 300ms",
        ),
        (
            r#"{"do":"recursion"}"#,
            plain(),
            stack,
            "call stack exhausted",
        ),
        (
            r#"{"do":"allocate","n":1000000000}"#,
            plain(),
            memory,
            "limit of 67108864 bytes of memory",
        ),
        (
            r#"{"do":"grow"}"#,
            plain(),
            memory,
            "limit of 67108864 bytes of memory",
        ),
        // One large row, and many small ones.
        (
            r#"{"rows":1,"bytes":4000000}"#,
            narrow(),
            transfer,
            "limit of 1048576 bytes between",
        ),
        (
            r#"{"rows":20000,"bytes":100}"#,
            narrow(),
            transfer,
            "limit of 1048576 bytes between",
        ),
        // What one host call takes out of the component.
        (
            r#"{"do":"send","body":4000000}"#,
            narrow(),
            transfer,
            "limit of 1048576 bytes between",
        ),
    ];
    for (config, limits, expected, said) in cases {
        let tenant = made(config, limits).tenant(&plugin);
        let error = page(&plugin, &tenant).await.expect_err(config);
        assert!(expected(&error), "{config}: {error}");
        assert!(error.to_string().contains(said), "{config}: {error}");
        neighbour.is_well().await;
    }
    neighbour.move_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_log_lines_ends_at_its_limit_and_the_call_goes_on() {
    let plugin = hostile::plugin().await;
    let neighbour = Neighbour::move_in(&plugin);
    for config in [
        r#"{"do":"log_flood","n":100000,"bytes":100}"#,
        r#"{"do":"log_flood","n":5,"bytes":8000000}"#,
    ] {
        let tenant = made(config, CallLimits::default()).tenant(&plugin);
        assert_eq!(page(&plugin, &tenant).await.expect(config), "");
    }
    neighbour.move_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn state_ends_where_the_connection_may_have_no_more() {
    let plugin = hostile::plugin().await;
    let neighbour = Neighbour::move_in(&plugin);
    let folder = written::Folder::new();
    let file = SqliteState::open(&folder.path().join("state.sqlite")).expect("a database");
    let stores: [Arc<dyn StateStore>; 2] = [Arc::new(MemoryState::new()), Arc::new(file)];
    for state in stores {
        let own = |name| Made {
            name,
            state: Arc::clone(&state),
            ..Made::default()
        };
        for (name, config, said) in [
            (
                "greedy",
                r#"{"do":"state_keys","n":100000}"#,
                "would hold 51000 values, 50000 are allowed",
            ),
            (
                "large",
                r#"{"do":"state_bytes","n":400}"#,
                "bytes, 67108864 are allowed",
            ),
        ] {
            let tenant = Made {
                config,
                ..own(name)
            }
            .tenant(&plugin);
            let error = page(&plugin, &tenant).await.expect_err(config);
            let CallError::Failure(failure) = error else {
                panic!("{config}: {error}");
            };
            assert_eq!(failure.code, "refused");
            assert!(failure.message.contains(said), "{}", failure.message);
        }
        // The others have all of their own.
        let config = r#"{"do":"state_keys","n":1000}"#;
        let other = Made {
            config,
            ..own("other")
        }
        .tenant(&plugin);
        assert_eq!(page(&plugin, &other).await.expect("room"), "1000");
        for key in [
            "greedy/key-1",
            "../greedy/key-1",
            "greedy\u{1f}key-1",
            "greedy:key-1",
            "' OR 1=1 --",
            "key-20000",
        ] {
            let config = format!("{{\"do\":\"state_key\",\"text\":\"{key}\"}}");
            let tenant = Made {
                config: &config,
                ..own("other")
            }
            .tenant(&plugin);
            match page(&plugin, &tenant).await {
                Ok(said) => assert_eq!(said, "nothing", "{key}"),
                Err(CallError::Failure(failure)) => {
                    assert!(failure.message.contains("control character"), "{failure:?}");
                }
                Err(error) => panic!("{key}: {error}"),
            }
        }
    }
    neighbour.move_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_gets_an_answer_is_told_so_in_time() {
    let plugin = hostile::plugin().await;
    let neighbour = Neighbour::move_in(&plugin);
    let silent = hostile::server(Vec::new(), Vec::new(), 0).await;
    // A busy machine may take its time until the component has said what it was told.
    let limits = CallLimits {
        grace: Duration::from_secs(15),
        ..short()
    };
    let tenant = Made {
        endpoint: Some(silent),
        limits,
        config: r#"{"do":"send_all","n":200,"target":"/"}"#,
        ..Made::default()
    }
    .tenant(&plugin);
    let started = Instant::now();
    let error = page(&plugin, &tenant).await.expect_err("no answer");
    let CallError::Failure(failure) = error else {
        panic!("{error}");
    };
    assert_eq!(failure.code, "ErrorKind::Deadline", "{failure:?}");
    assert!(started.elapsed() < Duration::from_secs(20));
    // All of them were waited for together: not even the second batch of 25 was sent.
    assert!(tenant.usage().requests <= 25, "{}", tenant.usage().requests);
    neighbour.move_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_with_many_calls_leaves_room_for_others() {
    let plugin = hostile::plugin().await;
    let limits = CallLimits {
        concurrent_calls: 2,
        ..short()
    };
    let busy = made(r#"{"do":"endless_loop"}"#, limits).tenant(&plugin);
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let (plugin, busy) = (plugin.clone(), busy.clone());
            tokio::spawn(async move { page(&plugin, &busy).await })
        })
        .collect();
    let neighbour = Neighbour::move_in(&plugin);
    for call in calls {
        let error = call.await.expect("no panic").expect_err("endless");
        assert!(matches!(error, CallError::TimedOut { .. }), "{error}");
    }
    neighbour.move_out().await;
}
