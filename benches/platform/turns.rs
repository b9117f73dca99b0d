//! An hour of the scheduler, with each connection due every minute.

use std::time::Instant;

use host_test::platform::scheduler::{Ended, Limits, Schedule, Scheduler};

const MINUTE: u64 = 60_000;

/// A turn among the most may cost so many times what it costs among the fewest: trees are deeper, caches colder.
const FACTOR: f64 = 8.0;

/// Prints what a turn costs; gives what is over its budget.
pub fn measure() -> Vec<String> {
    let costs: Vec<f64> = [100, 1_000, 10_000]
        .into_iter()
        .map(|connections| {
            let cost = (0..5)
                .map(|_| hour(connections))
                .fold(f64::INFINITY, f64::min);
            let whole = cost * (connections * 60) as f64;
            println!(
                "{connections:>6} connections: {:.2} µs a turn, {:.1} ms for an hour of {} turns",
                cost * 1e6,
                whole * 1e3,
                connections * 60
            );
            cost
        })
        .collect();
    match costs.as_slice() {
        [few, .., many] if *many > *few * FACTOR => {
            vec![format!(
                "a turn among 10,000 costs {:.1} times as much as among 100",
                many / few
            )]
        }
        _ => Vec::new(),
    }
}

/// Seconds of a turn.
fn hour(connections: u64) -> f64 {
    let limits = Limits {
        global: 16,
        per_tenant: 2,
    };
    let mut scheduler = Scheduler::new(limits, 1);
    for id in 0..connections {
        let phase = id * MINUTE / connections;
        let schedule = Schedule {
            every: Some(MINUTE),
            phase,
            jitter: 0,
        };
        scheduler.add(id, &format!("tenant-{id}"), schedule, phase);
    }
    let begun = Instant::now();
    let mut turns = 0_u64;
    while turns < connections * 60 {
        let Some(now) = scheduler.wakes_at() else {
            break;
        };
        while let Some(slice) = scheduler.next(now) {
            turns += 1;
            scheduler.ended(slice.connection, Ended::Run, now);
        }
    }
    begun.elapsed().as_secs_f64() / turns.max(1) as f64
}
