//! One output for several who write: each call has it for itself, and between two calls it is anybody's. So pages of a sync
//! and deliveries of webhooks come in turns.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Handle, RuntimeFlavor};

use super::{
    Addition, Commit, Delivered, Delivery, Output, OutputError, QuarantinedRow, ScanStart,
};
use crate::position::{Checked, LastRun, State};

/// A handle to an output that others have handles to as well.
///
/// [`Output::state`] is what it was when the handle was made, with what the handle itself did since.
pub struct SharedOutput {
    output: Arc<Mutex<Box<dyn Output>>>,
    state: State,
}

impl SharedOutput {
    /// The first handle.
    pub fn new(output: Box<dyn Output>) -> SharedOutput {
        SharedOutput {
            state: output.state().clone(),
            output: Arc::new(Mutex::new(output)),
        }
    }

    /// Another handle, with the state as it is now.
    pub fn handle(&self) -> SharedOutput {
        let output = Arc::clone(&self.output);
        let state = in_turn(|| locked(&output).state().clone());
        SharedOutput { output, state }
    }

    /// Does something with the output in one turn.
    pub fn with<T>(&self, work: impl FnOnce(&mut dyn Output) -> T) -> T {
        in_turn(|| work(locked(&self.output).as_mut()))
    }

    /// The same, and looks at the state afterwards.
    fn change<T>(&mut self, work: impl FnOnce(&mut dyn Output) -> T) -> T {
        let (done, state) = self.with(|output| (work(output), output.state().clone()));
        self.state = state;
        done
    }
}

/// Nothing is left half done behind a panic: each call of an output is one step.
fn locked(output: &Mutex<Box<dyn Output>>) -> MutexGuard<'_, Box<dyn Output>> {
    output.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for its turn and for the disk, and lets the runtime's other tasks go on meanwhile.
pub(super) fn in_turn<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

impl Output for SharedOutput {
    fn state(&self) -> &State {
        &self.state
    }

    fn begin(&mut self, stream: &str, start: ScanStart) -> Result<(), OutputError> {
        self.with(|output| output.begin(stream, start))
    }

    fn commit(&mut self, page: Commit<'_>) -> Result<(), OutputError> {
        self.with(|output| output.commit(page))
    }

    fn add(&mut self, addition: Addition<'_>) -> Result<(), OutputError> {
        self.with(|output| output.add(addition))
    }

    fn live_keys(&self, stream: &str) -> Result<Option<BTreeSet<String>>, OutputError> {
        self.with(|output| output.live_keys(stream))
    }

    fn swept(&mut self, stream: &str, now_ms: i64) -> Result<(), OutputError> {
        self.change(|output| output.swept(stream, now_ms))
    }

    fn quarantined(&self, stream: &str) -> Result<Vec<QuarantinedRow>, OutputError> {
        self.with(|output| output.quarantined(stream))
    }

    fn quarantine(&self) -> Option<String> {
        self.with(|output| output.quarantine())
    }

    fn ended(&mut self, stream: &str, run: LastRun) -> Result<(), OutputError> {
        self.change(|output| output.ended(stream, run))
    }

    fn keep_checked(&mut self, checked: Option<Checked>) -> Result<(), OutputError> {
        self.change(|output| output.keep_checked(checked))
    }

    fn deliver(&mut self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError> {
        self.with(|output| output.deliver(deliveries))
    }

    fn knows_row_times(&self) -> bool {
        self.with(|output| output.knows_row_times())
    }

    fn describe(&self) -> String {
        self.with(|output| output.describe())
    }
}
