//! Which deliveries were stored: their ids, each a line of a file beside the streams' files and committed like those.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::files::Files;
use crate::output::OutputError;
use crate::position::ScanSpan;

/// The name of the file.
pub(super) const FILE: &str = ".deliveries";

/// How long an id is remembered. The provider gives up repeating a delivery within hours.
const MEMORY_MS: i64 = 24 * 3_600 * 1_000;

/// So many bytes of forgotten ids are left in the file before it is made shorter.
const WORTH_REMOVING: u64 = 1024 * 1024;

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Receipt<'a> {
    #[serde(borrow)]
    id: std::borrow::Cow<'a, str>,
    received_at_ms: i64,
}

/// The ids that are remembered.
#[derive(Default)]
pub(super) struct Receipts {
    known: HashSet<Arc<str>>,
    /// The same, oldest first: when it came, and where its line ends.
    in_order: VecDeque<(i64, u64, Arc<str>)>,
    /// How much of the file belongs to ids that are forgotten.
    forgotten: u64,
}

/// The line of a delivery.
pub(super) fn line(id: &str, received_at_ms: i64) -> Vec<u8> {
    let receipt = Receipt {
        id: id.into(),
        received_at_ms,
    };
    // Writing text and a number into memory cannot fail.
    let mut line = serde_json::to_vec(&receipt).unwrap_or_default();
    line.push(b'\n');
    line
}

impl Receipts {
    /// Reads the committed part of the file.
    pub(super) fn read(files: &Files, committed: u64) -> Result<Receipts, OutputError> {
        let mut receipts = Receipts::default();
        files.each_line(FILE, committed, |place, line| {
            let receipt: Receipt<'_> =
                serde_json::from_slice(line).map_err(place.not_json(FILE))?;
            receipts.insert(&receipt.id, receipt.received_at_ms, place.end);
            Ok(())
        })?;
        Ok(receipts)
    }

    /// Whether a delivery was stored.
    pub(super) fn contains(&self, id: &str) -> bool {
        self.known.contains(id)
    }

    /// Remembers a delivery whose line ends there.
    pub(super) fn insert(&mut self, id: &str, received_at_ms: i64, end: u64) {
        let id: Arc<str> = id.into();
        self.known.insert(Arc::clone(&id));
        self.in_order.push_back((received_at_ms, end, id));
    }

    /// Forgets what is too old, and says which part of the file can go for it.
    pub(super) fn forget(&mut self, now_ms: i64) -> Option<ScanSpan> {
        while let Some((_, end, id)) = self
            .in_order
            .pop_front_if(|(received_at_ms, _, _)| *received_at_ms < now_ms - MEMORY_MS)
        {
            self.known.remove(&id);
            self.forgotten = end;
        }
        let kept = self
            .in_order
            .back()
            .map_or(0, |(_, end, _)| end - self.forgotten);
        (self.forgotten >= WORTH_REMOVING.max(kept)).then_some(ScanSpan {
            from: 0,
            to: self.forgotten,
        })
    }

    /// The part that [`Receipts::forget`] named is gone.
    pub(super) fn removed(&mut self) {
        for (_, end, _) in &mut self.in_order {
            *end -= self.forgotten;
        }
        self.forgotten = 0;
    }
}
