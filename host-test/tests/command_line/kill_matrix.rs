//! Each run of this matrix is a sync of all streams that is killed (SIGKILL) at one request and run to its end afterwards,
//! with something going wrong in the workspace meanwhile. The output then has to hold exactly what the workspace holds.
//!
//! A run is named by its output, its trouble (every kind of fault of the simulator, changes between the pages, or none)
//! and its place: the request at which the host dies, and in which [`Moment`] of that request. The simulator holds the
//! request back, so the place is exact. Two more runs of each kind die again and again until a run comes through.
//!
//! By default a sample is run, a few minutes of it, in which every place is met with some trouble and every trouble at
//! some place. `KILL_MATRIX=full` runs all of it: every trouble at every request in every moment.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Duration;

use host_test::simulator::{Fault, FaultKind};
use serde_json::json;

use crate::process::until;
use crate::stored::{STREAMS, Sink, assert_exact, line_count, workspace};
use crate::world::World;

/// Requests of an undisturbed sync: nine of the check, then five pages of contacts and a search, three pages of companies and
/// an empty one, and four small lists.
const REQUESTS: u64 = 23;

/// Requests of the check.
const CHECK: u64 = 9;

/// Of so many runs the sample has one. No divisor of the number of places, so that each trouble meets others of them.
const SAMPLE: u64 = 13;

/// What goes wrong.
#[derive(Clone, Debug)]
enum Trouble {
    Nothing,
    /// A fault of the simulator at the first and at later requests of each stream.
    Fault(FaultKind),
    /// Contacts, companies and tags change while the host is being killed, and contacts behind every page.
    Changes,
}

impl Trouble {
    fn all() -> Vec<Trouble> {
        let mut all = vec![Trouble::Nothing, Trouble::Changes];
        all.extend(kinds().into_iter().map(Trouble::Fault));
        all
    }

    fn faults(&self) -> Vec<Fault> {
        match self {
            Trouble::Nothing => Vec::new(),
            Trouble::Fault(kind) => {
                let at = |path: &str, first: u64, times: u64| Fault {
                    first,
                    times,
                    ..Fault::new(path, kind.clone())
                };
                // The first request to each but the scroll is the check's.
                vec![
                    at("/contacts", 2, 1),
                    at("/contacts", 4, 2),
                    at("/contacts/search", 1, 1),
                    at("/companies/scroll", 1, 1),
                    at("/companies/scroll", 3, 1),
                    at("/admins", 2, 1),
                    at("/tags", 2, 1),
                ]
            }
            Trouble::Changes => vec![Fault {
                every: Some(2),
                ..Fault::new("/*", FaultKind::Mutate { contacts: 3 })
            }],
        }
    }

    /// Whether the workspace changes while it is read. What the walk passed before comes with the next sync then.
    fn changes(&self) -> bool {
        matches!(
            self,
            Trouble::Changes | Trouble::Fault(FaultKind::Mutate { .. })
        )
    }
}

/// Every kind of fault that there is: a new one does not compile until it has a place here.
fn kinds() -> Vec<FaultKind> {
    let mut kinds = vec![FaultKind::RateLimited { reset: true }];
    while let Some(next) = kinds.last().and_then(kind_behind) {
        kinds.push(next);
    }
    kinds
}

fn kind_behind(kind: &FaultKind) -> Option<FaultKind> {
    Some(match kind {
        FaultKind::RateLimited { reset: true } => FaultKind::RateLimited { reset: false },
        FaultKind::RateLimited { reset: false } => FaultKind::Status(500),
        FaultKind::Status(500) => FaultKind::Status(503),
        FaultKind::Status(_) => FaultKind::BadGatewayHtml,
        FaultKind::BadGatewayHtml => FaultKind::Reset,
        FaultKind::Reset => FaultKind::ResetAfterWork,
        FaultKind::ResetAfterWork => FaultKind::CutBody,
        FaultKind::CutBody => FaultKind::InvalidJson,
        FaultKind::InvalidJson => FaultKind::EmptyBody,
        FaultKind::EmptyBody => FaultKind::ForeignBody,
        FaultKind::ForeignBody => FaultKind::Slow(Duration::from_millis(50)),
        FaultKind::Slow(_) => FaultKind::Mutate { contacts: 5 },
        FaultKind::Mutate { .. } => FaultKind::NotFound,
        FaultKind::NotFound => FaultKind::ScrollExpired,
        FaultKind::ScrollExpired => FaultKind::ScrollExists,
        FaultKind::ScrollExists => return None,
    })
}

/// When, within a request, the host dies.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The request is out and nobody has looked at it; all answers before it are stored.
    Asking,
    /// The service has done its work, and the answer is lost.
    Unanswered,
    /// The answer may be on its way, being read, being stored, or just stored.
    Answered,
}

/// Where a run is killed.
#[derive(Clone, Copy, Debug)]
enum Place {
    Once(u64, Moment),
    /// At the first request, then at the second one of the next run, and so on until a run comes through.
    Growing,
    /// After the check and then after every single page of contacts. (A scroll cannot go on in another process, and a
    /// sync of several streams begins with the first one again.)
    EachPage,
}

const MOMENTS: [Moment; 3] = [Moment::Asking, Moment::Unanswered, Moment::Answered];

/// One run.
#[derive(Debug)]
struct Run {
    sink: Sink,
    trouble: Trouble,
    place: Place,
}

/// The runs of an output, or a sample of them.
fn runs(sink: Sink, full: bool) -> Vec<Run> {
    let mut runs = Vec::new();
    for (trouble, offset) in Trouble::all().into_iter().zip(0..) {
        // Retries make a disturbed sync longer; a place behind its end is one more undisturbed end.
        let longest = match trouble {
            Trouble::Nothing | Trouble::Changes => REQUESTS,
            Trouble::Fault(_) => REQUESTS + 8,
        };
        let mut places = vec![Place::Growing, Place::EachPage];
        for request in 1..=longest {
            places.extend(MOMENTS.map(|moment| Place::Once(request, moment)));
        }
        for (place, number) in places.into_iter().zip(0_u64..) {
            if full || (number + 5 * offset).is_multiple_of(SAMPLE) {
                runs.push(Run {
                    sink,
                    trouble: trouble.clone(),
                    place,
                });
            }
        }
    }
    runs
}

impl Run {
    fn arguments(&self) -> Vec<&str> {
        vec![
            "sync",
            "--page-rows",
            "20",
            "--time-scale",
            "60",
            "--output",
            self.sink.argument(),
        ]
    }

    /// A small workspace whose scroll expires within a second, and whose faults are in force.
    fn world(&self) -> World {
        let world = World::new(&[
            "--contacts",
            "100",
            "--companies",
            "250",
            "--time-scale",
            "60",
        ]);
        self.connect(&world, &STREAMS);
        world.service.post("faults", &json!(self.trouble.faults()));
        world
    }

    fn connect(&self, world: &World, streams: &[&str]) {
        world.connect(&format!(
            "config: {{ region: us, api_version: \"2.11\" }}\nstreams: [{}]\n",
            streams.join(", ")
        ));
    }

    fn check(&self) {
        let world = self.world();
        match self.place {
            Place::Once(request, moment) => {
                self.kill_at(&world, request, moment);
            }
            Place::Growing => {
                let killed = (1..=100).find(|request| {
                    let moment = MOMENTS[*request as usize % MOMENTS.len()];
                    !self.kill_at(&world, *request, moment)
                });
                assert!(killed.is_some(), "no run comes through");
            }
            Place::EachPage => {
                self.connect(&world, &["contacts"]);
                let mut request = CHECK + 1;
                let killed = (1..=100).find(|_| {
                    !self.kill_at(&world, std::mem::replace(&mut request, 2), Moment::Asking)
                });
                assert!(killed.is_some(), "no run comes through");
                self.connect(&world, &STREAMS);
            }
        }
        self.finish(&world);
        world.service.post("faults", &json!([]));
        if self.trouble.changes() {
            world.service.pass(2);
            self.finish(&world);
        }
        assert_exact(&world, self.sink);
        if self.sink == Sink::Files && !self.trouble.changes() {
            for stream in STREAMS {
                let rows = workspace(&world.service, stream);
                assert_eq!(line_count(&world, stream), rows.len(), "{stream}");
            }
        }
    }

    /// Starts a sync and kills it at a request. False when it was over before.
    fn kill_at(&self, world: &World, request: u64, moment: Moment) -> bool {
        let applied = matches!(moment, Moment::Unanswered);
        world.service.hold(request, applied);
        let mut running = world.start(&self.arguments());
        let held = world.until_held_back(&mut running);
        if held && matches!(self.trouble, Trouble::Changes) {
            let wanted = json!({ "contacts": 4, "companies": 3, "tags": 1, "create": 1 });
            world.service.post("mutate", &wanted);
        }
        if held && matches!(moment, Moment::Answered) {
            world.service.release();
            // From before the answer to behind its being stored, by the request's number.
            std::thread::sleep(Duration::from_micros(request * 7_919 % 60 * 100));
        }
        let killed = running.kill().code.is_none();
        // A request whose client is dead is gone; what comes next must not be taken for it.
        until(|| world.service.held_back() == 0);
        world.service.release();
        killed
    }

    /// Runs syncs until one of them is complete: some kinds of fault end a stream, and the next sync goes on with it.
    fn finish(&self, world: &World) {
        for _ in 0..12 {
            let finished = world.run(&self.arguments());
            match finished.code {
                Some(0) => return,
                Some(1..=3) => {}
                _ => panic!("{finished:?}"),
            }
        }
        panic!("no sync is complete");
    }
}

/// Makes the runs of an output, a few at a time because most of them wait, and names those that fail.
fn make_all(sink: Sink) {
    let full = std::env::var("KILL_MATRIX").is_ok_and(|value| value == "full");
    let runs = Mutex::new(runs(sink, full).into_iter());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(run) = runs.lock().unwrap().next() else {
                        return;
                    };
                    if catch_unwind(AssertUnwindSafe(|| run.check())).is_err() {
                        failed.lock().unwrap().push(format!("{run:?}"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} runs: {failed:#?}", failed.len());
}

#[test]
fn files_are_exact_wherever_the_host_is_killed() {
    make_all(Sink::Files);
}

#[test]
fn a_database_is_exact_wherever_the_host_is_killed() {
    make_all(Sink::Database);
}

/// Every request of a sync is a place of the sample, in each moment, and every trouble is met.
#[test]
fn the_sample_meets_every_place_and_every_trouble() {
    for sink in [Sink::Files, Sink::Database] {
        let sample = runs(sink, false);
        for request in 1..=REQUESTS {
            for moment in MOMENTS {
                let place = format!("{:?}", Place::Once(request, moment));
                assert!(
                    sample.iter().any(|run| format!("{:?}", run.place) == place),
                    "{place}"
                );
            }
        }
        for trouble in Trouble::all() {
            let name = format!("{trouble:?}");
            let met = sample
                .iter()
                .filter(|run| format!("{:?}", run.trouble) == name);
            assert!(met.count() >= 4, "{name}");
        }
    }
}

/// An undisturbed sync has as many requests as the places assume.
#[test]
fn the_places_cover_a_whole_sync() {
    let run = Run {
        sink: Sink::Files,
        trouble: Trouble::Nothing,
        place: Place::Growing,
    };
    let world = run.world();
    run.finish(&world);
    assert_eq!(world.service.requests(), REQUESTS);
    assert_exact(&world, Sink::Files);
}
