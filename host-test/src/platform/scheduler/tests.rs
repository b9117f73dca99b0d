use std::time::Instant;

use super::*;

const MINUTE: Time = 60_000;

fn every(span: Time) -> Schedule {
    Schedule {
        every: Some(span),
        phase: 1_000,
        jitter: 0,
    }
}

fn scheduler(global: usize, per_tenant: usize) -> Scheduler {
    Scheduler::new(Limits { global, per_tenant }, 7)
}

/// The connections of all slices that may run now.
fn turns(scheduler: &mut Scheduler, now: Time) -> Vec<ConnectionId> {
    std::iter::from_fn(|| scheduler.next(now))
        .map(|slice| slice.connection)
        .collect()
}

#[test]
fn those_that_begin_at_once_are_due_at_their_own_phases_afterwards() {
    let mut scheduler = scheduler(1_000, 1_000);
    for id in 0..60 {
        let schedule = Schedule {
            phase: id * 1_000,
            ..every(MINUTE)
        };
        scheduler.add(id, "a", schedule, 7 * MINUTE);
    }
    let first = turns(&mut scheduler, 7 * MINUTE);
    assert_eq!(first.len(), 60);
    for id in first {
        scheduler.ended(id, Ended::Run, 7 * MINUTE + 10);
    }
    let due: BTreeSet<Time> = scheduler.times.iter().map(|(time, _)| *time).collect();
    assert_eq!(due.len(), 60);
    // Half a span to one and a half after the first run.
    assert!(
        due.iter()
            .all(|due| (27..=96).contains(&((due - 7 * MINUTE) / 1_000))),
        "{due:?}"
    );
}

#[test]
fn a_run_is_due_a_span_after_the_one_before_was_and_not_after_it_ended() {
    let mut scheduler = scheduler(4, 4);
    scheduler.add(1, "a", every(MINUTE), 1_000);
    assert_eq!(scheduler.next(999), None);
    assert_eq!(scheduler.wakes_at(), Some(1_000));
    let slice = scheduler.next(1_500).map(|slice| (slice.due, slice.first));
    assert_eq!(slice, Some((1_000, true)));
    scheduler.ended(1, Ended::Run, 40_000);
    assert_eq!(
        scheduler.activity(1),
        Some(Activity::Idle { due: Some(61_000) })
    );
    // A run of more than two spans: the times that passed meanwhile are not made up for.
    assert_eq!(turns(&mut scheduler, 61_000), [1]);
    scheduler.ended(1, Ended::Run, 61_000 + 150_000);
    assert_eq!(scheduler.wakes_at(), Some(241_000));
}

#[test]
fn a_jitter_spreads_the_times_and_does_not_add_up() {
    let mut scheduler = scheduler(1_000, 1_000);
    let schedule = Schedule {
        every: Some(MINUTE),
        phase: 0,
        jitter: 10_000,
    };
    for id in 0..200 {
        scheduler.add(id, "a", schedule, 0);
    }
    let mut now = 0;
    for round in 0..50 {
        let mut seen = BTreeSet::new();
        while seen.len() < 200 {
            now = scheduler.wakes_at().expect("a time");
            for id in turns(&mut scheduler, now) {
                seen.insert(id);
                scheduler.ended(id, Ended::Run, now);
            }
        }
        // Always less than the span, and on the average by half the jitter.
        assert!(now <= (round + 1) * MINUTE, "{now} in round {round}");
    }
    let due: BTreeSet<Time> = scheduler.times.iter().map(|(time, _)| *time).collect();
    assert!(due.len() > 100, "{} different times", due.len());
}

#[test]
fn a_tenant_with_a_million_records_does_not_starve_one_with_ten() {
    // The large one needs 10,000 slices, alone or with twenty connections; the small one needs one.
    for large in [1, 20] {
        let mut scheduler = scheduler(2, 2);
        for id in 0..large {
            scheduler.add(id, "large", every(MINUTE), 0);
        }
        let mut left = 10_000;
        let mut running = turns(&mut scheduler, 0);
        scheduler.add(99, "small", every(MINUTE), 50);
        let mut slices_before_small = None;
        let mut now = 0;
        let mut slices = 0;
        while slices_before_small.is_none() {
            now += 100;
            for id in std::mem::take(&mut running) {
                left -= 1;
                slices += 1;
                scheduler.ended(id, Ended::Slice { wait: 0 }, now);
            }
            running = turns(&mut scheduler, now);
            if running.contains(&99) {
                slices_before_small = Some(slices);
            }
            assert!(left > 0, "the small one waits for the large one's end");
        }
        // One slice of each place that the large one had.
        assert!(slices_before_small <= Some(2), "{slices_before_small:?}");
    }
}

#[test]
fn tenants_take_turns_whatever_they_have() {
    let mut scheduler = scheduler(1, 1);
    for id in 0..10 {
        scheduler.add(id, "many", every(MINUTE), 0);
    }
    scheduler.add(100, "one", every(MINUTE), 0);
    scheduler.add(200, "two", every(MINUTE), 0);
    let mut order = Vec::new();
    for _ in 0..9 {
        let turn = turns(&mut scheduler, 0);
        assert_eq!(turn.len(), 1);
        order.push(turn[0] / 100);
        scheduler.ended(turn[0], Ended::Slice { wait: 0 }, 0);
    }
    for three in order.chunks(3) {
        let mut three = three.to_vec();
        three.sort_unstable();
        assert_eq!(three, [0, 1, 2], "{order:?}");
    }
}

#[test]
fn no_more_run_than_may() {
    let mut scheduler = scheduler(5, 2);
    for id in 0..10 {
        scheduler.add(id, "a", every(MINUTE), 0);
    }
    assert_eq!(turns(&mut scheduler, 0).len(), 2);
    for id in 10..20 {
        scheduler.add(id, &format!("tenant {id}"), every(MINUTE), 0);
    }
    assert_eq!(turns(&mut scheduler, 0).len(), 3);
    assert_eq!((scheduler.running(), scheduler.waiting()), (5, 15));
    scheduler.ended(0, Ended::Run, 0);
    assert_eq!(turns(&mut scheduler, 0).len(), 1);
}

#[test]
fn who_is_paused_keeps_its_run_and_who_is_removed_its_place_until_the_end() {
    let mut scheduler = scheduler(1, 1);
    scheduler.add(1, "a", every(MINUTE), 0);
    scheduler.add(2, "a", every(MINUTE), 0);
    assert_eq!(turns(&mut scheduler, 0), [1]);
    scheduler.pause(1);
    assert_eq!(scheduler.activity(1), Some(Activity::Running));
    scheduler.ended(1, Ended::Slice { wait: 0 }, 10);
    assert_eq!(scheduler.activity(1), Some(Activity::Paused));
    assert!(!scheduler.ask(1, 10));
    assert_eq!(turns(&mut scheduler, 10), [2]);
    scheduler.resume(1, 20);
    assert_eq!(scheduler.activity(1), Some(Activity::Waiting));
    scheduler.remove(2);
    let slice = scheduler.next(20).expect("a slice");
    assert_eq!((slice.connection, slice.first), (1, false));
    // What is gone may still end.
    scheduler.ended(2, Ended::Run, 30);
    assert_eq!(scheduler.running(), 1);
}

#[test]
fn who_asks_during_a_run_gets_another_one_behind_it() {
    let mut scheduler = scheduler(1, 1);
    let never = Schedule {
        every: None,
        phase: 0,
        jitter: 0,
    };
    scheduler.add(1, "a", never, 0);
    assert_eq!(scheduler.next(1_000_000), None);
    assert!(scheduler.ask(1, 5) && scheduler.ask(1, 6));
    let slice = scheduler.next(7).expect("a slice");
    assert_eq!((slice.due, slice.first, slice.asked), (5, true, true));
    scheduler.ended(1, Ended::Slice { wait: 500 }, 10);
    assert_eq!(scheduler.wakes_at(), Some(510));
    assert!(scheduler.ask(1, 20));
    let slice = scheduler.next(510).expect("a slice");
    assert_eq!((slice.due, slice.first), (5, false));
    scheduler.ended(1, Ended::Run, 600);
    let slice = scheduler.next(600).expect("a slice");
    assert_eq!((slice.due, slice.first, slice.asked), (600, true, true));
    scheduler.ended(1, Ended::Run, 700);
    assert_eq!(scheduler.activity(1), Some(Activity::Idle { due: None }));
}

/// What an hour of so many connections costs, each due every minute, a slice of 60 ms each.
fn cost(connections: u64) -> f64 {
    let mut scheduler = scheduler(64, 2);
    for id in 0..connections {
        let phase = id * MINUTE / connections;
        let schedule = Schedule {
            phase,
            ..every(MINUTE)
        };
        scheduler.add(id, &format!("tenant {}", id / 2), schedule, phase);
    }
    let began = Instant::now();
    let mut turns = 0_u64;
    while turns < connections * 20 {
        let now = scheduler.wakes_at().expect("a time");
        while let Some(slice) = scheduler.next(now) {
            turns += 1;
            scheduler.ended(slice.connection, Ended::Run, now);
        }
    }
    began.elapsed().as_secs_f64() / turns as f64
}

#[test]
fn a_turn_costs_about_the_same_among_a_hundred_and_among_ten_thousand() {
    let least = |connections| {
        let costs = (0..5).map(|_| cost(connections));
        costs.fold(f64::INFINITY, f64::min)
    };
    let (few, many) = (least(100), least(10_000));
    // Trees are deeper and caches colder; a cost that grew with the number would be a hundred times as high.
    assert!(many < few * 12.0, "{few} s a turn, then {many} s");
}

#[test]
fn a_tenant_that_goes_leaves_its_number_and_its_place_to_the_next() {
    let mut scheduler = scheduler(1, 1);
    for (id, tenant) in [(1, "a"), (2, "b"), (3, "c")] {
        scheduler.add(id, tenant, every(MINUTE), 0);
    }
    assert_eq!(turns(&mut scheduler, MINUTE), [1]);
    // One waits in the ring, one runs; both go, and others come.
    scheduler.remove(2);
    scheduler.remove(1);
    assert_eq!((scheduler.running(), scheduler.waiting()), (0, 1));
    scheduler.add(4, "d", every(MINUTE), 0);
    scheduler.add(5, "a", every(MINUTE), 0);
    let mut seen = Vec::new();
    while let Some(slice) = scheduler.next(MINUTE) {
        seen.push(slice.connection);
        scheduler.ended(slice.connection, Ended::Run, MINUTE);
    }
    seen.sort_unstable();
    assert_eq!(seen, [3, 4, 5]);
    assert_eq!((scheduler.running(), scheduler.waiting()), (0, 0));
}

/// Nobody who adds a connection waits for hours because it is read once a day.
#[test]
fn the_first_time_is_not_put_off() {
    let mut scheduler = scheduler(1, 1);
    let schedule = Schedule {
        every: Some(1_440 * MINUTE),
        phase: 7 * MINUTE,
        jitter: 144 * MINUTE,
    };
    scheduler.add(1, "a", schedule, 50);
    assert_eq!(scheduler.wakes_at(), Some(50));
    assert_eq!(turns(&mut scheduler, 50), [1]);
    scheduler.ended(1, Ended::Run, 60);
    assert!(scheduler.wakes_at() > Some(60));
}
