//! The state of an output that has no place for it itself: in a file, or nowhere.

use std::path::Path;

use super::{Addition, Commit, OutputError, ScanStart};
use crate::position::{Checked, LastRun, State, StateFile};

/// A state, and the file in which it is kept, if it is.
pub(super) struct KeptState {
    pub(super) state: State,
    file: Option<StateFile>,
}

impl KeptState {
    /// Opens the file. Without one nothing is remembered.
    pub(super) fn open(path: Option<&Path>) -> Result<KeptState, OutputError> {
        Ok(match path {
            Some(path) => {
                let (file, state) = StateFile::open(path)?;
                KeptState {
                    state,
                    file: Some(file),
                }
            }
            None => KeptState {
                state: State::default(),
                file: None,
            },
        })
    }

    /// Stores the state; `wait`: until the disk has it.
    pub(super) fn save(&self, wait: bool) -> Result<(), OutputError> {
        match &self.file {
            Some(file) if wait => Ok(file.save_synced(&self.state)?),
            Some(file) => Ok(file.save(&self.state)?),
            None => Ok(()),
        }
    }

    /// What [`super::Output::begin`] does to a state.
    pub(super) fn begin(&mut self, stream: &str, start: ScanStart) -> Result<(), OutputError> {
        if start == ScanStart::Anew {
            self.state.stream_mut(stream).positions.clear();
            self.save(true)?;
        }
        Ok(())
    }

    /// Stores the position behind a page whose entries are out.
    pub(super) fn store(&mut self, page: Commit<'_>) -> Result<(), OutputError> {
        let stream = self.state.stream_mut(page.stream);
        stream.store(page.position.clone(), page.now_ms);
        stream.records += page.entries.len() as u64;
        self.save(false)
    }

    /// Counts rows that are out.
    pub(super) fn add(&mut self, addition: Addition<'_>) -> Result<(), OutputError> {
        self.state.stream_mut(addition.stream).records += addition.entries.len() as u64;
        self.save(true)
    }

    /// What [`super::Output::swept`] does to a state.
    pub(super) fn swept(&mut self, stream: &str, now_ms: i64) -> Result<(), OutputError> {
        self.state.stream_mut(stream).swept_at_ms = Some(now_ms);
        self.save(true)
    }

    /// What [`super::Output::ended`] does to a state.
    pub(super) fn ended(&mut self, stream: &str, run: LastRun) -> Result<(), OutputError> {
        self.state.stream_mut(stream).last = Some(run);
        self.save(true)
    }

    /// What [`super::Output::keep_checked`] does to a state.
    pub(super) fn keep_checked(&mut self, checked: Option<Checked>) -> Result<(), OutputError> {
        if let Some(checked) = &checked {
            self.state.workspace_id = Some(checked.workspace_id.clone());
        }
        self.state.checked = checked;
        self.save(true)
    }
}
