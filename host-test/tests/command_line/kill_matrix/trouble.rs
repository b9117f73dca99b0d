use std::time::Duration;

use host_test::simulator::{Fault, FaultKind};

use super::workload::Workload;

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Trouble {
    Nothing,
    /// A fault of the simulator at the first and at later requests of each stream.
    Fault(FaultKind),
    /// The workspace changes while the host is being killed, and contacts change while it reads.
    Changes,
}

impl Trouble {
    pub fn all() -> Vec<Trouble> {
        let mut all = vec![Trouble::Nothing, Trouble::Changes];
        all.extend(kinds().into_iter().map(Trouble::Fault));
        all
    }

    pub fn faults(&self, workload: &Workload) -> Vec<Fault> {
        match self {
            Trouble::Nothing => Vec::new(),
            Trouble::Fault(kind) => {
                let places = workload.faults.iter();
                // That a row is not there is believed: its rows would go.
                let hit = places.filter(|place| !(place.names_a_row && says_gone(kind)));
                hit.map(|place| Fault {
                    first: place.first,
                    times: place.times,
                    ..Fault::new(place.path, kind.clone())
                })
                .collect()
            }
            Trouble::Changes => {
                let (every, contacts) = workload.unrest;
                vec![Fault {
                    every: Some(every),
                    ..Fault::new("/*", FaultKind::Mutate { contacts })
                }]
            }
        }
    }

    /// Whether the workspace changes while it is read. What the walk passed before comes with the next sync then.
    pub fn changes(&self) -> bool {
        matches!(
            self,
            Trouble::Changes | Trouble::Fault(FaultKind::Mutate { .. })
        )
    }
}

/// Where every kind of fault hits.
#[derive(Debug)]
pub struct FaultPlace {
    /// A path, or the beginning of paths with a `*` behind it.
    path: &'static str,
    /// The first request to it that is hit, counted from 1.
    first: u64,
    /// How many are.
    times: u64,
    /// Whether the path has the key of a row in it.
    names_a_row: bool,
}

impl FaultPlace {
    pub const fn at(path: &'static str, first: u64, times: u64) -> FaultPlace {
        FaultPlace {
            path,
            first,
            times,
            names_a_row: false,
        }
    }

    /// The same where the path has the key of a row in it.
    pub const fn at_row(path: &'static str, first: u64, times: u64) -> FaultPlace {
        FaultPlace {
            names_a_row: true,
            ..FaultPlace::at(path, first, times)
        }
    }
}

/// Whether the answer is that there is nothing of that name.
fn says_gone(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::NotFound | FaultKind::ScrollExpired)
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
