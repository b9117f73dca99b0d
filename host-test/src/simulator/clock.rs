//! The workspace's clock: the machine's, never earlier than the generated data, and movable by a test.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Wall-clock time of one workspace.
#[derive(Debug)]
pub(crate) struct Clock {
    /// Milliseconds by which this clock is ahead of the machine's.
    ahead: AtomicI64,
    /// What it showed at first.
    started_at: i64,
}

impl Clock {
    /// A clock that shows at least `epoch` (Unix seconds): what is written must be younger than what is generated.
    pub(crate) fn starting_after(epoch: i64) -> Clock {
        let machine = machine_milliseconds();
        let started_at = epoch.saturating_mul(1_000).max(machine);
        Clock {
            ahead: AtomicI64::new(started_at.saturating_sub(machine)),
            started_at,
        }
    }

    /// Milliseconds that have passed on this clock since it was made.
    pub(crate) fn elapsed(&self) -> i64 {
        self.milliseconds().saturating_sub(self.started_at)
    }

    /// Milliseconds since the Unix epoch.
    pub(crate) fn milliseconds(&self) -> i64 {
        machine_milliseconds().saturating_add(self.ahead.load(Ordering::Relaxed))
    }

    /// Seconds since the Unix epoch.
    pub(crate) fn seconds(&self) -> i64 {
        self.milliseconds().div_euclid(1_000)
    }

    /// Moves this clock ahead, as if so much time had passed.
    pub(crate) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 4);
        self.ahead.fetch_add(by, Ordering::Relaxed);
    }
}

fn machine_milliseconds() -> i64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX / 4)
}

/// A duration as whole milliseconds, for arithmetic with the clock.
pub(crate) fn as_milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_earlier_than_the_generated_data() {
        let far_future = 4_102_444_800;
        assert!(Clock::starting_after(far_future).seconds() >= far_future);
        assert!(Clock::starting_after(0).seconds() < far_future);
    }

    #[test]
    fn advances() {
        let clock = Clock::starting_after(0);
        let before = clock.seconds();
        clock.advance(Duration::from_secs(3_600));
        assert!(clock.seconds() >= before + 3_600);
        assert!((3_600_000..3_660_000).contains(&clock.elapsed()));
    }
}
