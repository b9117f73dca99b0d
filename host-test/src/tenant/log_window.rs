//! What a connection may log within a minute, whatever its calls are.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::call::Admitted;
use crate::limits::CallLimits;

const MINUTE: Duration = Duration::from_secs(60);

/// The minute that runs, and the bytes that were logged in it.
#[derive(Default)]
pub(crate) struct LogWindow {
    running: Mutex<Option<(Instant, usize)>>,
}

impl LogWindow {
    /// Counts a line, and says whether it is logged.
    pub(crate) fn admit(&self, bytes: usize, limits: &CallLimits) -> Admitted {
        self.admit_at(Instant::now(), bytes, limits.log_bytes_per_minute)
    }

    fn admit_at(&self, now: Instant, bytes: usize, allowed: usize) -> Admitted {
        // Two numbers: a panic cannot leave them in disorder.
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, before) = running
            .filter(|(start, _)| now.duration_since(*start) < MINUTE)
            .unwrap_or((now, 0));
        let after = before.saturating_add(bytes);
        *running = Some((start, after));
        match (before <= allowed, after <= allowed) {
            (_, true) => Admitted::Yes,
            (true, false) => Admitted::FirstTooMany,
            (false, false) => Admitted::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_its_bytes_and_the_next_one_too() {
        let (window, start) = (LogWindow::default(), Instant::now());
        let admit =
            |seconds, bytes| window.admit_at(start + Duration::from_secs(seconds), bytes, 100);
        assert_eq!(admit(0, 100), Admitted::Yes);
        assert_eq!(admit(30, 1), Admitted::FirstTooMany);
        assert_eq!(admit(59, 1), Admitted::No);
        assert_eq!(admit(60, 100), Admitted::Yes);
        assert_eq!(admit(61, 100), Admitted::FirstTooMany);
    }
}
