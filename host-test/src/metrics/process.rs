//! What the kernel says about this process (Linux; elsewhere nothing is said).

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::resource::{UsageWho, getrusage};

use super::probes::{Looked, Readings};

/// Memory, processor time and start of this process.
pub(super) fn look(readings: &mut Readings) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    for (what, name) in [
        (Looked::ResidentMemory, "VmRSS:"),
        (Looked::VirtualMemory, "VmSize:"),
    ] {
        if let Some(bytes) = bytes(&status, name) {
            readings.set(what, &[], bytes);
        }
    }
    if let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) {
        let (user, system) = (usage.user_time(), usage.system_time());
        let seconds = (user.tv_sec() + system.tv_sec()) as f64;
        let more = (user.tv_usec() + system.tv_usec()) as f64 / 1e6;
        readings.set(Looked::ProcessorSeconds, &[], seconds + more);
    }
    readings.set(Looked::ProcessStart, &[], *START);
}

/// When somebody asked first, or [`begin`] was called: good enough to tell one process from the next.
static START: LazyLock<f64> = LazyLock::new(|| {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs_f64()
});

/// Remembers that the process has begun.
pub(super) fn begin() {
    LazyLock::force(&START);
}

/// A line such as `VmRSS:     1234 kB`.
fn bytes(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tx\nVmSize:\t    8 kB\nVmRSS:\t  3 kB\n";
        assert_eq!(bytes(status, "VmRSS:"), Some(3_072.0));
        assert_eq!(bytes(status, "VmSize:"), Some(8_192.0));
        assert_eq!(bytes("", "VmRSS:"), None);
    }
}
