//! `retention`: how long things are kept that a connection does not need any more.

use std::time::Duration;

use crate::connection_file::document::Node;
use crate::connection_file::problems::Problems;
use crate::connection_file::section::Section;
use crate::connection_file::span;

const DAY: Duration = Duration::from_secs(86_400);

/// The shortest time that anything is kept.
const SHORTEST: Duration = Duration::from_secs(3_600);

/// How long things are kept. What is still to be done is never too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Deliveries that no output takes.
    pub queue: Duration,
    /// Intents that are done, failed or dismissed.
    pub intents: Duration,
    /// Outcomes of the rows that were written for intents and callbacks.
    pub outcomes: Duration,
    /// What could not be written: callbacks that were given up, and files of rejected rows.
    pub rejected: Duration,
    /// Rows of reads that are no records.
    pub quarantined: Duration,
    /// Runs and throughput.
    pub history: Duration,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention {
            queue: 30 * DAY,
            intents: 90 * DAY,
            outcomes: 90 * DAY,
            rejected: 90 * DAY,
            quarantined: 90 * DAY,
            history: 90 * DAY,
        }
    }
}

impl Retention {
    /// The shortest of them.
    pub fn shortest(&self) -> Duration {
        [
            self.queue,
            self.intents,
            self.outcomes,
            self.rejected,
            self.quarantined,
            self.history,
        ]
        .into_iter()
        .fold(Duration::MAX, Duration::min)
    }
}

/// Reads spans; what is not named stays as it is.
pub(super) fn read(
    path: &str,
    node: &Node,
    otherwise: &Retention,
    problems: &mut Problems,
) -> Retention {
    let mut retention = otherwise.clone();
    let Some(mut section) = Section::open(path, node, problems) else {
        return retention;
    };
    for (key, span) in [
        ("queue", &mut retention.queue),
        ("intents", &mut retention.intents),
        ("outcomes", &mut retention.outcomes),
        ("rejected", &mut retention.rejected),
        ("quarantined", &mut retention.quarantined),
        ("history", &mut retention.history),
    ] {
        if let Some(found) = span::read(&mut section, key, SHORTEST, problems) {
            *span = found;
        }
    }
    section.finish(&[], problems);
    retention
}
