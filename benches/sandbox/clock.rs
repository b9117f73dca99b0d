//! The clock of the measurements.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// The processor time of this thread so far: what other processes do meanwhile does not count.
pub fn thread_cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
