//! What is stored beside the scans: rows that were read for themselves, and rows that are no records.

use std::fs::File;
use std::io::Write as _;

use super::quarantine::{self, Quarantine};
use super::{Endings, JsonLines, Written};
use crate::output::{Addition, OutputError};

impl JsonLines {
    /// Stores rows and leaves positions and scans as they are.
    pub(super) fn add_beside(&mut self, addition: Addition<'_>) -> Result<(), OutputError> {
        self.be_sure()?;
        let Addition {
            stream,
            entries,
            quarantined,
            now_ms,
        } = addition;
        let mut endings = Endings::new();
        let mut written = self.write(entries, &mut endings)?;
        let lines = self.quarantine.lines(entries, quarantined, now_ms, false);
        self.write_quarantine(&lines, &mut endings, &mut written)?;
        for (name, span) in written {
            self.state.files.insert(name, span.to);
        }
        self.state.stream_mut(stream).records += entries.len() as u64;
        if !lines.is_empty() {
            self.read_quarantine()?;
            self.count_quarantined(stream);
        }
        self.sync()
    }

    /// Looks again which rows are held.
    pub(super) fn read_quarantine(&mut self) -> Result<(), OutputError> {
        self.quarantine = Quarantine::read(&self.files, self.committed(quarantine::FILE))?;
        Ok(())
    }

    /// Writes which rows are no records, and which of them have come as such. On failure the files are as they were.
    pub(super) fn write_quarantine(
        &mut self,
        lines: &[u8],
        endings: &mut Endings,
        written: &mut Written,
    ) -> Result<(), OutputError> {
        if lines.is_empty() {
            return Ok(());
        }
        let write = |file: &mut File| file.write_all(lines).map(|()| lines.len() as u64);
        let span = match endings.get_mut(quarantine::FILE) {
            Some(ending) => ending.append(write),
            None => self.open_file(quarantine::FILE).and_then(|()| {
                let from = self.committed(quarantine::FILE);
                self.files.append(quarantine::FILE, from, write)
            }),
        };
        match span {
            Ok(span) => {
                written.insert(quarantine::FILE.to_owned(), span);
                Ok(())
            }
            Err(error) => {
                self.files.take_back(written);
                Err(error)
            }
        }
    }

    /// Keeps in the state how many rows of a stream are held.
    pub(super) fn count_quarantined(&mut self, stream: &str) {
        let count = self.quarantine.rows(stream).count() as u64;
        self.state.stream_mut(stream).quarantined = count;
    }
}
