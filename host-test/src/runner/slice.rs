//! A part of a run: so long, or until somebody wants it to stop. It ends behind a page that is stored, so that the next part
//! goes on there.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::RetryPolicy;

/// The longest pause that is waited for within a slice: during a longer one, others use its place.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// When a run gives way.
#[derive(Clone, Debug)]
pub struct Slice {
    until: Instant,
    stop: watch::Receiver<bool>,
}

impl Slice {
    /// A slice that begins now and takes so long, or until `stop` says true (or nobody is there to say it).
    pub fn new(longest: Duration, stop: watch::Receiver<bool>) -> Slice {
        Slice {
            until: Instant::now() + longest,
            stop,
        }
    }

    /// Whether somebody wants an end.
    pub fn is_stopped(&self) -> bool {
        *self.stop.borrow() || self.stop.has_changed().is_err()
    }

    /// Whether to give way behind a page, before the pause that it asks for.
    pub fn ends(&self, pause: Duration) -> bool {
        self.is_stopped() || Instant::now() >= self.until || pause > LONGEST_PAUSE
    }

    /// Waits, but not longer than nobody wants an end.
    pub(super) async fn pause(&self, retry: &RetryPolicy, wait: Duration) {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = retry.pause(wait) => {}
            _ = stop.wait_for(|stopped| *stopped) => {}
        }
    }
}
