//! How a process that serves or writes is ended: with Ctrl-C, or as services are ended.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Mutex;

/// The signals that end a process. They are heard from the moment on at which this is made, so that one that comes before
/// somebody waits for it neither kills the process nor is lost.
#[derive(Clone)]
pub(super) struct Interruptions(Arc<Mutex<[Signal; 2]>>);

impl Interruptions {
    /// Hears them from now on.
    pub(super) fn hear() -> io::Result<Interruptions> {
        let signals = [
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ];
        Ok(Interruptions(Arc::new(Mutex::new(signals))))
    }

    /// Waits for the next one.
    pub(super) async fn next(&self) {
        let mut signals = self.0.lock().await;
        let [interrupted, terminated] = &mut *signals;
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    }
}
