//! Where entries go, with the position that they brought about.
//!
//! An output takes a page and the position behind it in one step, so that after a crash both are there or neither is:
//! a database in one transaction, files by cutting them back to the length stored with the position. Standard output
//! cannot be cut back and a receiver not be asked to forget, so their position can only be stored after the entries are out:
//! at least once.

mod error;
mod http;
mod json_lines;
mod kept_state;
mod lines;
mod quarantine;
mod shared;
mod sqlite;
mod standard;
mod standing;
mod target;

use std::collections::BTreeSet;

use crate::contract::types::Entry;
use crate::position::{Checked, LastRun, Position, State};

pub use self::error::OutputError;
pub use self::http::{BodyForm, HttpOutput, Sender};
pub use self::json_lines::JsonLines;
pub use self::lines::encode_entries;
pub use self::quarantine::QuarantinedRow;
pub use self::shared::SharedOutput;
pub use self::sqlite::Sqlite;
pub use self::standard::{LineWriter, StandardOutput};
pub use self::standing::{RowChange, RowTime, Standing};
pub use self::target::{OutputTarget, open};

/// How a scan begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanStart {
    /// From nothing: what the output holds of this stream is thrown away, its positions too.
    Anew,
    /// A new scan on top of what is there.
    New,
    /// A scan that was cut off goes on.
    Resumed {
        /// Whether the output's last scan of this stream is that scan. Not so after another version of the component
        /// went on in the meantime; then nothing that was written before now is ever taken back.
        same_scan: bool,
    },
}

/// One page, to be stored as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// The stream that was read.
    pub stream: &'a str,
    /// What the page gave, in the order in which it applies.
    pub entries: &'a [Entry],
    /// What the page had beside them that is no record.
    pub quarantined: &'a [QuarantinedRow],
    /// Take back first what this scan gave before.
    pub restarted: bool,
    /// With this page the scan has given every row there is.
    pub complete_snapshot: bool,
    /// The position behind the page. Without `next`, the scan is over.
    pub position: &'a Position,
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
}

/// Rows that were read beside the scans of their stream, to be stored as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Addition<'a> {
    /// The stream that was read.
    pub stream: &'a str,
    /// What was read, in the order in which it applies.
    pub entries: &'a [Entry],
    /// What was read that is no record.
    pub quarantined: &'a [QuarantinedRow],
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
}

/// What a webhook brought, to be stored as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The same whenever it is delivered again.
    pub id: &'a str,
    /// What it is about.
    pub topic: &'a str,
    /// What it gave, in the order in which it applies.
    pub entries: &'a [Entry],
    /// When it came in, in milliseconds since 1970. How long its id is remembered is counted by this clock: what waited
    /// long before it was stored here is not forgotten earlier.
    pub now_ms: i64,
}

/// What became of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Whether it was stored now. False: a delivery of its id was stored before, and nothing was added.
    pub new: bool,
    /// Entries that were left out because something newer of their row is there.
    pub stale: u64,
    /// Streams and keys of rows of which two changes are of one second: only the provider knows which came last.
    pub unclear: Vec<(String, String)>,
}

/// A place for entries and positions. Calls block while the disk is at work; a page takes a few milliseconds.
pub trait Output: Send {
    /// What is remembered, as of the last commit.
    fn state(&self) -> &State;

    /// Begins or resumes the scan of a stream. Must come before the first commit of a scan.
    fn begin(&mut self, stream: &str, start: ScanStart) -> Result<(), OutputError>;

    /// Stores a page and the position behind it.
    fn commit(&mut self, page: Commit<'_>) -> Result<(), OutputError>;

    /// Stores rows and leaves positions and scans as they are; waits until the disk has them.
    fn add(&mut self, addition: Addition<'_>) -> Result<(), OutputError>;

    /// The keys of a stream's rows that are not deleted. `None`: the output does not know them.
    fn live_keys(&self, stream: &str) -> Result<Option<BTreeSet<String>>, OutputError> {
        let _ = stream;
        Ok(None)
    }

    /// Remembers that the rows of a stream were compared with the provider's at this time, in milliseconds since 1970.
    fn swept(&mut self, stream: &str, now_ms: i64) -> Result<(), OutputError>;

    /// The rows of a stream that are held because they are no records, until they come as such.
    fn quarantined(&self, stream: &str) -> Result<Vec<QuarantinedRow>, OutputError> {
        let _ = stream;
        Ok(Vec::new())
    }

    /// For people: where such rows are held. `None`: nowhere.
    fn quarantine(&self) -> Option<String> {
        None
    }

    /// Remembers how a run of a stream ended.
    fn ended(&mut self, stream: &str, run: LastRun) -> Result<(), OutputError>;

    /// Remembers what a check found, or forgets it; the workspace is remembered with it.
    fn keep_checked(&mut self, checked: Option<Checked>) -> Result<(), OutputError>;

    /// Stores what webhooks brought, with their ids, in one step, and waits until the disk has it. A delivery whose id was
    /// stored before adds nothing. One answer for each delivery, in order.
    fn deliver(&mut self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError>;

    /// Whether the output itself leaves out what is older than what it holds of the same row.
    fn knows_row_times(&self) -> bool {
        false
    }

    /// Gives what was done to each row that the output holds, in the order in which it was; the last change of a row is how
    /// it stands. For an output that does not know the times of its rows itself and can look; others give nothing.
    fn row_changes(&self, told: &mut dyn FnMut(RowChange<'_>)) -> Result<(), OutputError> {
        let _ = told;
        Ok(())
    }

    /// For people: where the entries are.
    fn describe(&self) -> String;
}
