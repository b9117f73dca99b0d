//! Each run of this matrix is a sync that is killed (SIGKILL) at one request and run to its end afterwards, with something
//! going wrong in the workspace meanwhile. The output then has to hold exactly what the workspace holds.
//!
//! A run is named by what is synced (people, or streams of every kind of paging), its output, its trouble (every kind of
//! fault of the simulator, changes between the pages, or none) and its place: the request at which the host dies, and in
//! which [`Moment`] of that request. The simulator holds the request back, so the place is exact. Two more runs of each kind
//! die again and again until a run comes through.
//!
//! By default a sample is run, a few minutes of it, in which every place is met with some trouble and every trouble at
//! some place. `KILL_MATRIX=full` runs all of it: every trouble at every request in every moment; `KILL_MATRIX=7` every
//! seventh run.

/// Readings beside the position, killed.
mod beside;
/// What changed since, wherever the host is killed.
mod changes;
/// Where the host dies.
mod place;
/// One run of the matrix.
mod run;
/// What goes wrong meanwhile.
mod trouble;
/// What is synced.
mod workload;

use std::io::{Write as _, stderr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Instant;

use self::place::{MOMENTS, Place};
use self::run::{Run, runs};
use self::trouble::Trouble;
use self::workload::{MIXED, PEOPLE, Workload};
use crate::stored::Sink;

const SINKS: [Sink; 2] = [Sink::Files, Sink::Database];

/// Whether everything is to be run.
pub fn is_full() -> bool {
    std::env::var("KILL_MATRIX").is_ok_and(|value| value == "full")
}

/// Of how many runs one is made.
pub fn every(sample: u64) -> u64 {
    match std::env::var("KILL_MATRIX").as_deref() {
        Err(_) | Ok("") => sample,
        Ok("full") => 1,
        Ok(number) => number.parse().expect("KILL_MATRIX is `full` or a number"),
    }
}

/// Makes runs, which have names, a few at a time because most of them wait; names those that fail, and gives what they
/// give. When more than a sample was asked for, whoever waits for it sees how far it is.
pub fn make_all<R: Send, T: Send>(runs: Vec<(String, R)>, run: impl Fn(&R) -> T + Sync) -> Vec<T> {
    let told = std::env::var_os("KILL_MATRIX").is_some();
    let (count, started) = (runs.len(), Instant::now());
    let runs = Mutex::new(runs.into_iter());
    let made = Mutex::new(Vec::new());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some((name, next)) = runs.lock().unwrap().next() else {
                        return;
                    };
                    let result = catch_unwind(AssertUnwindSafe(|| run(&next)));
                    let (mut made, mut failed) = (made.lock().unwrap(), failed.lock().unwrap());
                    if told {
                        let (done, seconds) = (made.len() + failed.len() + 1, started.elapsed());
                        let mark = if result.is_ok() { "✓" } else { "✗" };
                        let line = format!("{mark} {done} of {count}: {name}; {seconds:.0?}\n");
                        // What the macros print is held back until a test has failed.
                        let _ = stderr().write_all(line.as_bytes());
                    }
                    match result {
                        Ok(result) => made.push(result),
                        Err(_) => failed.push(name),
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} runs: {failed:#?}", failed.len());
    made.into_inner().unwrap()
}

/// Makes the runs of an output.
fn sync_all(workload: &'static Workload, sink: Sink) {
    let runs = runs(workload, sink, every(workload.sample)).into_iter();
    make_all(runs.map(|run| (run.name(), run)).collect(), Run::check);
}

#[test]
fn files_are_exact_wherever_the_host_is_killed() {
    sync_all(&PEOPLE, Sink::Files);
}

#[test]
fn a_database_is_exact_wherever_the_host_is_killed() {
    sync_all(&PEOPLE, Sink::Database);
}

#[test]
fn files_of_every_kind_of_stream_are_exact_wherever_the_host_is_killed() {
    sync_all(&MIXED, Sink::Files);
}

#[test]
fn a_database_of_every_kind_of_stream_is_exact_wherever_the_host_is_killed() {
    sync_all(&MIXED, Sink::Database);
}

/// A check looks at all streams at once before anything is read.
#[test]
fn whoever_is_killed_in_the_check_reads_everything_later() {
    for sink in SINKS {
        let run = Run::quiet(&PEOPLE, sink);
        let world = run.unchecked_world();
        let killed = (1..=100).find(|request| {
            let moment = MOMENTS[*request as usize % MOMENTS.len()];
            run.kill_at(&world, PEOPLE.page_rows, *request, moment);
            let status = world.status(sink.argument());
            let records = status["streams"]["contacts"]["records"].as_u64();
            records.is_some_and(|records| records > 0)
        });
        assert!(killed.is_some(), "no check comes through");
        run.finish(&world);
        (PEOPLE.assert_exact)(&world, sink, None);
    }
}

/// Every request of a sync is a place of the sample, and every trouble is met.
#[test]
fn the_sample_meets_every_place_and_every_trouble() {
    let people = SINKS.map(|sink| runs(&PEOPLE, sink, PEOPLE.sample));
    for sample in &people {
        for request in 1..=PEOPLE.requests {
            for moment in MOMENTS {
                let place = format!("{:?}", Place::Once(request, moment));
                assert!(
                    sample.iter().any(|run| format!("{:?}", run.place) == place),
                    "{place}"
                );
            }
        }
    }
    let mixed = SINKS.map(|sink| runs(&MIXED, sink, MIXED.sample));
    for request in 1..=MIXED.requests {
        let mut all = mixed.iter().flatten();
        let met = all.any(|run| matches!(run.place, Place::Once(at, _) if at == request));
        assert!(met, "{request}");
    }
    for (samples, least) in [(people, 4), (mixed, 2)] {
        for (sample, trouble) in samples.iter().flat_map(|sample| {
            let troubles = Trouble::all().into_iter();
            troubles.map(move |trouble| (sample, format!("{trouble:?}")))
        }) {
            let met = sample
                .iter()
                .filter(|run| format!("{:?}", run.trouble) == trouble);
            assert!(met.count() >= least, "{trouble}");
        }
    }
}

/// An undisturbed sync has as many requests as the places assume.
#[test]
fn the_places_cover_a_whole_sync() {
    for workload in [&PEOPLE, &MIXED] {
        let run = Run::quiet(workload, Sink::Files);
        let world = run.world();
        let before = world.service.requests();
        run.finish(&world);
        // An export is asked about until it is ready, which takes a slow machine once more.
        let found = world.service.requests() - before;
        let expected = workload.requests..=workload.requests + 1;
        assert!(expected.contains(&found), "{found} requests");
        (workload.assert_exact)(&world, Sink::Files, None);
    }
}
