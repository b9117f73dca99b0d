//! The capability `log`.

use std::collections::VecDeque;

use crate::call::CallContext;
use crate::contract::log::{Host, Level};
use crate::guest_text::clean;

/// Bytes of one line that are kept.
const LINE_BYTES: usize = 2 * 1024;
/// Bytes of a call's last lines that are kept for its error.
const TAIL_BYTES: usize = 4 * 1024;

/// The lines of one call: how many may still come, and the last ones.
#[derive(Default)]
pub(crate) struct CallLog {
    lines: usize,
    tail: VecDeque<String>,
    tail_bytes: usize,
}

impl CallLog {
    /// Keeps a line for the error that the call may end with.
    fn keep(&mut self, line: String) {
        self.tail_bytes += line.len() + 1;
        self.tail.push_back(line);
        while self.tail_bytes > TAIL_BYTES {
            // The line just added is shorter than the tail, so something else is there to drop.
            let Some(dropped) = self.tail.pop_front() else {
                break;
            };
            self.tail_bytes -= dropped.len() + 1;
        }
    }

    /// The last lines, oldest first, at most 4 KiB.
    pub(crate) fn tail(&self) -> String {
        self.tail
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    }
}

impl Host for CallContext {
    async fn write(&mut self, level: Level, message: String) {
        let message = clean(&message, LINE_BYTES);
        self.log.lines += 1;
        let allowed = self
            .tenant
            .as_ref()
            .map_or(0, |tenant| tenant.limits.log_lines);
        if self.log.lines <= allowed {
            self.report(level, &message);
        } else if self.log.lines == allowed + 1 && allowed > 0 {
            self.report(
                Level::Warn,
                "the component logs too much; this call's further lines are dropped",
            );
        }
        self.log.keep(message);
    }
}

impl CallContext {
    fn report(&self, level: Level, message: &str) {
        let tenant = self
            .tenant
            .as_ref()
            .map_or("", |tenant| tenant.name.as_str());
        let (call, subject, version) = (self.export, &*self.subject, &*self.version);
        match level {
            Level::Trace => {
                tracing::trace!(target: "component", tenant, call, subject, version, "{message}")
            }
            Level::Debug => {
                tracing::debug!(target: "component", tenant, call, subject, version, "{message}")
            }
            Level::Info => {
                tracing::info!(target: "component", tenant, call, subject, version, "{message}")
            }
            Level::Warn => {
                tracing::warn!(target: "component", tenant, call, subject, version, "{message}")
            }
            Level::Error => {
                tracing::error!(target: "component", tenant, call, subject, version, "{message}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_holds_the_last_lines() {
        let mut log = CallLog::default();
        for number in 0..1_000 {
            log.keep(format!("line {number}"));
        }
        let tail = log.tail();
        assert!(tail.len() <= TAIL_BYTES);
        assert!(tail.len() > TAIL_BYTES - 20);
        assert!(tail.ends_with("line 998\nline 999"));
        assert!(!tail.contains("line 1\n"));
    }
}
