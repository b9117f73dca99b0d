//! What a component has logged in one call.

use std::collections::VecDeque;

use crate::limits::CallLimits;

/// Bytes of a call's last lines that are kept for its error.
const TAIL_BYTES: usize = 4 * 1024;

/// Whether a line is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admitted {
    /// It is.
    Yes,
    /// It is not, and no line after it.
    FirstTooMany,
    /// It is not, like the ones before it.
    No,
}

/// The lines of one call: how many there were, and the last ones.
#[derive(Default)]
pub(crate) struct CallLog {
    lines: usize,
    bytes: usize,
    tail: VecDeque<String>,
    tail_bytes: usize,
}

impl CallLog {
    /// Counts a line, and says whether it is within what a call may log.
    pub(crate) fn admit(&mut self, bytes: usize, limits: &CallLimits) -> Admitted {
        let before = self.lines <= limits.log_lines && self.bytes <= limits.log_bytes;
        self.lines += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        let now = self.lines <= limits.log_lines && self.bytes <= limits.log_bytes;
        match (before, now) {
            (_, true) => Admitted::Yes,
            (true, false) => Admitted::FirstTooMany,
            (false, false) => Admitted::No,
        }
    }

    /// Keeps a line for the error that the call may end with.
    pub(crate) fn keep(&mut self, line: String) {
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
