//! What is done about a directory when it is opened: a process, or the machine, may have died in the middle of something.

use super::{JsonLines, ending, receipts};
use crate::clock::now_ms;
use crate::output::OutputError;
use crate::position::State;

impl JsonLines {
    /// Finishes or undoes what a process that died was at.
    pub(super) fn recover(&mut self) -> Result<(), OutputError> {
        let synced = self.state_file.read_synced()?;
        if !self.holds(&self.state)?
            && let Some(synced) = &synced
            && self.holds(synced)?
        {
            tracing::warn!(
                "the machine stopped before the disk had everything: going back to the last state that it had"
            );
            self.state = synced.clone();
        }
        for (name, end) in std::mem::take(&mut self.state.new_ends) {
            ending::put_in_place(&self.files, &name, end)?;
        }
        for (name, committed) in &self.state.files {
            self.files.cut_back(name, *committed)?;
            ending::discard(&self.files, name)?;
        }
        // What was waited for must never speak of lines that were cut off: others will stand in their place.
        if self.state != synced.unwrap_or_default() {
            for name in self.state.files.keys() {
                self.files.sync_closed(name)?;
            }
            self.sync()?;
        }
        Ok(())
    }

    /// Whether every line that a state speaks of is there.
    pub(super) fn holds(&self, state: &State) -> Result<bool, OutputError> {
        for (name, committed) in &state.files {
            let there = match state.new_ends.get(name) {
                Some(end) => ending::is_there(&self.files, name, *end)?,
                None => self.files.length(name)? >= *committed,
            };
            if !there {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes over the ids that version 0.1.0 kept in the state.
    pub(super) fn adopt_deliveries(&mut self) -> Result<(), OutputError> {
        if self.state.deliveries.is_empty() {
            return Ok(());
        }
        let now_ms = now_ms();
        // They stay in the state until all of them are in the file: it is committed before the first line.
        for id in self.state.deliveries.clone() {
            let (span, _) = self.write_receipts(&[(&id, now_ms)])?;
            self.state.files.insert(receipts::FILE.to_owned(), span.to);
            self.receipts.insert(&id, now_ms, span.to);
        }
        self.state.deliveries.clear();
        self.sync()
    }
}
