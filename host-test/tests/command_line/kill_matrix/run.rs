use std::time::Duration;

use serde_json::json;

use super::place::{MOMENTS, Moment, Place, places};
use super::trouble::Trouble;
use super::workload::Workload;
use crate::process::until;
use crate::stored::{Before, Sink};
use crate::world::World;

/// One run.
#[derive(Debug)]
pub struct Run {
    pub workload: &'static Workload,
    pub sink: Sink,
    pub trouble: Trouble,
    pub place: Place,
}

/// The runs of an output: one of so many, or all.
pub fn runs(workload: &'static Workload, sink: Sink, every: u64) -> Vec<Run> {
    let phase = (workload.phase)(sink);
    let mut runs = Vec::new();
    for (trouble, offset) in Trouble::all().into_iter().zip(0..) {
        let places = places(workload, &trouble).into_iter();
        for (place, number) in places.zip(0_u64..) {
            let again_and_again = matches!(place, Place::Growing | Place::EachPage);
            let always = again_and_again && matches!(trouble, Trouble::Nothing | Trouble::Changes);
            let in_sample = (number + 5 * offset + phase).is_multiple_of(every);
            if always || in_sample {
                runs.push(Run {
                    workload,
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
    /// A run in which nothing goes wrong but what its caller does.
    pub fn quiet(workload: &'static Workload, sink: Sink) -> Run {
        Run {
            workload,
            sink,
            trouble: Trouble::Nothing,
            place: Place::Growing,
        }
    }

    /// What tells runs of one workload apart.
    pub fn name(&self) -> String {
        let Run {
            workload,
            sink,
            trouble,
            place,
        } = self;
        let version = workload.version;
        format!("{version} {sink:?} {trouble:?} {place:?}")
    }

    fn arguments(&self, page_rows: &'static str) -> [&'static str; 7] {
        [
            "sync",
            "--page-rows",
            page_rows,
            "--time-scale",
            "60",
            "--output",
            self.sink.argument(),
        ]
    }

    /// A small workspace whose scroll expires within a second, with a connection that was not checked yet.
    pub fn unchecked_world(&self) -> World {
        let Workload {
            streams, workspace, ..
        } = self.workload;
        let scale = ["--time-scale", "60"];
        let world = World::new(&[workspace, &scale[..]].concat());
        (self.workload.furnish)(&world.service);
        self.connect(&world, streams);
        world
    }

    /// The same, checked, so that a sync begins with the first stream, and the faults in force.
    pub fn world(&self) -> World {
        let world = self.unchecked_world();
        let output = self.sink.argument();
        world.succeed(&["read", "subscription_types", "--output", output]);
        let faults = self.trouble.faults(self.workload);
        world.service.post("faults", &json!(faults));
        world
    }

    pub fn connect(&self, world: &World, streams: &[&str]) {
        world.connect(&format!(
            "config: {{ region: us, api_version: \"{}\" }}\nstreams: [{}]\n",
            self.workload.version,
            streams.join(", ")
        ));
    }

    pub fn check(&self) {
        let world = self.world();
        let rows = self.workload.page_rows;
        match self.place {
            Place::Once(request, moment) => {
                self.kill_at(&world, rows, request, moment);
            }
            Place::Growing => {
                let killed = (1..=100).step_by(self.workload.growth).find(|request| {
                    let moment = MOMENTS[*request as usize % MOMENTS.len()];
                    !self.kill_at(&world, rows, *request, moment)
                });
                assert!(killed.is_some(), "no run comes through");
            }
            Place::EachPage => self.kill_after_each_page(&world),
        }
        self.finish(&world);
        world.service.post("faults", &json!([]));
        let before = self.trouble.changes().then(|| {
            world.service.pass(2);
            let before = match self.sink {
                Sink::Files => Before::of(&world, self.workload.streams),
                Sink::Database => Before::default(),
            };
            self.finish(&world);
            before
        });
        (self.workload.assert_exact)(&world, self.sink, before.as_ref());
    }

    fn kill_after_each_page(&self, world: &World) {
        let (stream, rows) = self.workload.alone;
        self.connect(world, &[stream]);
        let killed = (1..=100).find(|turn| {
            // What changes as often as it is read is never read to its end.
            let change = || self.change(world, turn % 10 == 1);
            !kill_at(world, &self.arguments(rows), 2, Moment::Asking, change)
        });
        assert!(killed.is_some(), "no run comes through");
        self.connect(world, self.workload.streams);
    }

    /// Starts a sync and kills it at a request. False when it was over before.
    pub fn kill_at(&self, world: &World, rows: &'static str, request: u64, moment: Moment) -> bool {
        let change = || self.change(world, true);
        kill_at(world, &self.arguments(rows), request, moment, change)
    }

    fn change(&self, world: &World, now: bool) {
        if now && matches!(self.trouble, Trouble::Changes) {
            (self.workload.change)(&world.service);
        }
    }

    /// Runs syncs until one of them is complete: some kinds of fault end a stream, and the next sync goes on with it.
    pub fn finish(&self, world: &World) {
        for _ in 0..12 {
            let finished = world.run(&self.arguments(self.workload.page_rows));
            match finished.code {
                Some(0) => return,
                Some(1..=3) => {}
                _ => panic!("{finished:?}"),
            }
        }
        panic!("no sync is complete");
    }
}

/// Starts a command and kills it at a request; `change` is done while that is held back. False when the command was over
/// before.
pub fn kill_at(
    world: &World,
    arguments: &[&str],
    request: u64,
    moment: Moment,
    change: impl FnOnce(),
) -> bool {
    let applied = matches!(moment, Moment::Unanswered);
    world.service.hold(request, applied);
    let mut running = world.start(arguments);
    let held = world.until_held_back(&mut running);
    if held {
        change();
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
