//! Lines on standard output, with a state file or without one.

use std::io::{self, Write};
use std::path::Path;

use super::kept_state::KeptState;
use super::lines::{encode_entries, encoded_size};
use super::{Addition, Commit, Delivered, Delivery, Output, OutputError, ScanStart};
use crate::contract::types::Entry;
use crate::position::{Checked, Heard, LastRun, State};

/// Writes whole pages of lines to a writer. A reader that went away is an error of its own.
pub struct LineWriter {
    writer: Box<dyn Write + Send>,
    buffer: Vec<u8>,
}

impl LineWriter {
    /// Writes to `writer`.
    pub fn new(writer: Box<dyn Write + Send>) -> LineWriter {
        LineWriter {
            writer,
            buffer: Vec::new(),
        }
    }

    /// Writes one line for each entry and hands them over.
    pub fn entries<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a Entry> + Clone,
    ) -> Result<(), OutputError> {
        self.buffer.clear();
        self.buffer.reserve(encoded_size(entries.clone()));
        encode_entries(entries, &mut self.buffer);
        let buffer = std::mem::take(&mut self.buffer);
        let written = self.bytes(&buffer);
        self.buffer = buffer;
        written
    }

    /// Writes bytes and hands them over.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        self.writer
            .write_all(bytes)
            .and_then(|()| self.writer.flush())
            .map_err(|error| match error.kind() {
                io::ErrorKind::BrokenPipe => OutputError::Closed,
                _ => OutputError::Standard(error),
            })
    }
}

/// Standard output as an output: at least once.
pub struct StandardOutput {
    lines: LineWriter,
    kept: KeptState,
}

impl StandardOutput {
    /// Opens standard output. With a state file, the next run goes on where this one ends.
    pub fn open(state: Option<&Path>) -> Result<StandardOutput, OutputError> {
        StandardOutput::to(Box::new(io::stdout()), state)
    }

    /// The same, to any writer.
    pub fn to(
        writer: Box<dyn Write + Send>,
        state: Option<&Path>,
    ) -> Result<StandardOutput, OutputError> {
        Ok(StandardOutput {
            kept: KeptState::open(state)?,
            lines: LineWriter::new(writer),
        })
    }
}

impl Output for StandardOutput {
    fn state(&self) -> &State {
        &self.kept.state
    }

    fn begin(&mut self, stream: &str, start: ScanStart) -> Result<(), OutputError> {
        self.kept.begin(stream, start)
    }

    fn commit(&mut self, page: Commit<'_>) -> Result<(), OutputError> {
        if page.restarted {
            tracing::warn!(
                stream = page.stream,
                "the walk started over: lines of this scan that are out already come again"
            );
        }
        self.lines.entries(page.entries)?;
        self.kept.store(page)
    }

    fn add(&mut self, addition: Addition<'_>) -> Result<(), OutputError> {
        self.lines.entries(addition.entries)?;
        self.kept.add(addition)
    }

    fn swept(&mut self, stream: &str, now_ms: i64) -> Result<(), OutputError> {
        self.kept.swept(stream, now_ms)
    }

    fn ended(&mut self, stream: &str, run: LastRun) -> Result<(), OutputError> {
        self.kept.ended(stream, run)
    }

    fn keep_checked(&mut self, checked: Option<Checked>) -> Result<(), OutputError> {
        self.kept.keep_checked(checked)
    }

    fn deliver(&mut self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError> {
        let state = &mut self.kept.state;
        let mut delivered = Vec::with_capacity(deliveries.len());
        let mut entries = Vec::new();
        for delivery in deliveries {
            let Delivery { id, topic, .. } = delivery;
            state.hear(Heard::Delivery { topic }, delivery.now_ms);
            let new = state.remember_delivery(id);
            if new {
                entries.extend(delivery.entries);
            }
            delivered.push(Delivered {
                new,
                ..Delivered::default()
            });
        }
        let new = delivered.iter().filter(|told| told.new).count();
        let written = self.lines.entries(entries);
        let done = written.and_then(|()| self.kept.save(new > 0));
        if done.is_err() {
            for _ in 0..new {
                self.kept.state.deliveries.pop_back();
            }
        }
        done.map(|()| delivered)
    }

    fn describe(&self) -> String {
        "standard output".to_owned()
    }
}
