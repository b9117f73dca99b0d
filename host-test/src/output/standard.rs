//! Lines on standard output, with a state file or without one.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use super::lines::{encode_entries, encoded_size};
use super::{
    Addition, Commit, Delivered, Delivery, Output, OutputError, QuarantinedRow, ScanStart,
};
use crate::contract::types::Entry;
use crate::position::{Checked, Heard, LastRun, State, StateFile};

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
    state: State,
    file: Option<StateFile>,
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
        let (file, state) = match state {
            Some(path) => {
                let (file, state) = StateFile::open(path)?;
                (Some(file), state)
            }
            None => (None, State::default()),
        };
        Ok(StandardOutput {
            lines: LineWriter::new(writer),
            state,
            file,
        })
    }

    /// Stores the state; `wait`: until the disk has it.
    fn save(&self, wait: bool) -> Result<(), OutputError> {
        match &self.file {
            Some(file) if wait => Ok(file.save_synced(&self.state)?),
            Some(file) => Ok(file.save(&self.state)?),
            None => Ok(()),
        }
    }
}

impl Output for StandardOutput {
    fn state(&self) -> &State {
        &self.state
    }

    fn begin(&mut self, stream: &str, start: ScanStart) -> Result<(), OutputError> {
        if start == ScanStart::Anew {
            self.state.stream_mut(stream).positions.clear();
            self.save(true)?;
        }
        Ok(())
    }

    fn commit(&mut self, page: Commit<'_>) -> Result<(), OutputError> {
        if page.restarted {
            tracing::warn!(
                stream = page.stream,
                "the walk started over: lines of this scan that are out already come again"
            );
        }
        self.lines.entries(page.entries)?;
        let stream = self.state.stream_mut(page.stream);
        stream.store(page.position.clone(), page.now_ms);
        stream.records += page.entries.len() as u64;
        self.save(false)
    }

    fn add(&mut self, addition: Addition<'_>) -> Result<(), OutputError> {
        self.lines.entries(addition.entries)?;
        self.state.stream_mut(addition.stream).records += addition.entries.len() as u64;
        self.save(true)
    }

    fn live_keys(&self, _stream: &str) -> Result<Option<BTreeSet<String>>, OutputError> {
        Ok(None)
    }

    fn swept(&mut self, stream: &str, now_ms: i64) -> Result<(), OutputError> {
        self.state.stream_mut(stream).swept_at_ms = Some(now_ms);
        self.save(true)
    }

    fn quarantined(&self, _stream: &str) -> Result<Vec<QuarantinedRow>, OutputError> {
        Ok(Vec::new())
    }

    fn quarantine(&self) -> Option<String> {
        None
    }

    fn ended(&mut self, stream: &str, run: LastRun) -> Result<(), OutputError> {
        self.state.stream_mut(stream).last = Some(run);
        self.save(true)
    }

    fn keep_checked(&mut self, checked: Option<Checked>) -> Result<(), OutputError> {
        if let Some(checked) = &checked {
            self.state.workspace_id = Some(checked.workspace_id.clone());
        }
        self.state.checked = checked;
        self.save(true)
    }

    fn deliver(&mut self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError> {
        let mut delivered = Vec::with_capacity(deliveries.len());
        let mut entries = Vec::new();
        for delivery in deliveries {
            let Delivery { id, topic, .. } = delivery;
            self.state.hear(Heard::Delivery { topic }, delivery.now_ms);
            let new = self.state.remember_delivery(id);
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
        let done = written.and_then(|()| self.save(new > 0));
        if done.is_err() {
            for _ in 0..new {
                self.state.deliveries.pop_back();
            }
        }
        done.map(|()| delivered)
    }

    fn knows_row_times(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        "standard output".to_owned()
    }
}
