//! A recording of exchanges, judged at its end.

use std::collections::BTreeMap;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::documents;
use crate::exchange::Exchange;
use crate::violation::Violation;

/// How many violations a failed test shows.
const SHOWN: usize = 50;

/// A file to which a simulator appends its exchanges. Dropping it stops the test when one of them does not conform.
#[derive(Debug)]
pub struct Recording(NamedTempFile);

impl Recording {
    /// An empty recording.
    pub fn new() -> Recording {
        Recording(NamedTempFile::new().expect("a file for the exchanges"))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// What was recorded so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        let text = std::fs::read_to_string(self.path()).expect("the recording can be read");
        text.split_inclusive('\n')
            // An exchange is recorded before it is answered: one whose line has no end yet is of a client that is gone.
            .filter(|line| line.ends_with('\n'))
            .map(|line| serde_json::from_str(line).expect("a line of a recording"))
            .collect()
    }

    fn judge(&self) {
        if documents::stable().is_none() {
            return;
        }
        // Every item of a page may violate the same rule: one of them is shown.
        let mut violations: BTreeMap<_, (Violation, usize)> = BTreeMap::new();
        for violation in self
            .exchanges()
            .iter()
            .flat_map(|exchange| exchange.check().0)
        {
            let rule = (
                violation.document,
                violation.operation.clone(),
                violation.place.clone(),
            );
            violations.entry(rule).or_insert((violation, 0)).1 += 1;
        }
        if violations.is_empty() {
            return;
        }
        let lines: Vec<String> = violations
            .values()
            .take(SHOWN)
            .map(|(violation, times)| format!("  {violation} ({times} times)"))
            .collect();
        panic!(
            "{} violations of Intercom's description:\n{}",
            violations.len(),
            lines.join("\n")
        );
    }
}

impl Default for Recording {
    fn default() -> Self {
        Recording::new()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        // A second panic would hide what the first one says.
        if !std::thread::panicking() {
            self.judge();
        }
    }
}
