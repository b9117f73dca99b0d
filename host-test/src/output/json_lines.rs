//! A directory with one file of JSON lines for each stream.
//!
//! A page is appended with one write and flushed to the disk; then the state file is replaced, with the new length of
//! the file and the new position in it. What lies beyond the committed length was written by a process that died before
//! its commit, and is cut off when the directory is opened.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::lines::{encode_entries, encoded_size};
use super::{Commit, Output, OutputError, OutputTarget, ScanStart};
use crate::contract::types::Entry;
use crate::position::{Checked, LastRun, ScanSpan, State, StateFile, StateLock};

/// A directory of JSON lines and its state file.
pub struct JsonLines {
    directory: PathBuf,
    state_path: PathBuf,
    state_file: StateFile,
    state: State,
    files: BTreeMap<String, File>,
    buffer: Vec<u8>,
    /// Held when the state is elsewhere: two states must not share a directory.
    _directory_lock: Option<StateLock>,
}

impl JsonLines {
    /// Opens a directory, made when it does not exist, and cuts its files back to what is committed.
    pub fn open(directory: &Path, state_path: &Path) -> Result<JsonLines, OutputError> {
        fs::create_dir_all(directory).map_err(|source| OutputError::Io {
            action: "make the directory",
            path: directory.to_path_buf(),
            source,
        })?;
        let own = OutputTarget::state_in_directory(directory);
        let directory_lock = match state_path == own {
            true => None,
            false => Some(StateLock::take(&own)?),
        };
        let (state_file, state) = StateFile::open(state_path)?;
        let output = JsonLines {
            directory: directory.to_path_buf(),
            state_path: state_path.to_path_buf(),
            state_file,
            state,
            files: BTreeMap::new(),
            buffer: Vec::new(),
            _directory_lock: directory_lock,
        };
        for (stream, committed) in &output.state.files {
            output.cut_back(stream, *committed)?;
        }
        Ok(output)
    }

    fn path(&self, stream: &str) -> Result<PathBuf, OutputError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if stream.is_empty() || !stream.bytes().all(plain) {
            return Err(OutputError::BadStreamName {
                name: stream.to_owned(),
            });
        }
        Ok(self.directory.join(format!("{stream}.jsonl")))
    }

    fn cut_back(&self, stream: &str, committed: u64) -> Result<(), OutputError> {
        let path = self.path(stream)?;
        let found = file_length(&path)?;
        if found > committed {
            tracing::info!(stream, bytes = found - committed, "cutting off lines that were not committed");
            let failed = |source| OutputError::Io {
                action: "cut back",
                path: path.clone(),
                source,
            };
            OpenOptions::new()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_len(committed))
                .map_err(failed)?;
        }
        Ok(())
    }

    /// Makes sure that a file is open and that what it holds is known to the state.
    fn open_stream(&mut self, stream: &str) -> Result<(), OutputError> {
        if self.files.contains_key(stream) {
            return Ok(());
        }
        let path = self.path(stream)?;
        let found = file_length(&path)?;
        match self.state.files.get(stream) {
            None if found > 0 => return Err(OutputError::UnknownContent { path, found }),
            Some(committed) if found < *committed => {
                return Err(OutputError::LostContent {
                    path,
                    found,
                    committed: *committed,
                });
            }
            Some(_) => {}
            None => {
                // The state has to know the file before the first line is in it, or a crash would leave a file that
                // belongs to nobody.
                self.state.files.insert(stream.to_owned(), 0);
                self.state_file.save(&self.state)?;
            }
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|source| OutputError::Io {
                action: "open",
                path,
                source,
            })?;
        self.files.insert(stream.to_owned(), file);
        Ok(())
    }

    /// Shortens a file to `length`.
    fn truncate(&mut self, stream: &str, length: u64) -> Result<(), OutputError> {
        let path = self.path(stream)?;
        if let Some(file) = self.files.get(stream) {
            file.set_len(length).map_err(|source| OutputError::Io {
                action: "shorten",
                path,
                source,
            })?;
        }
        self.state.files.insert(stream.to_owned(), length);
        Ok(())
    }

    /// Appends lines to the file of one stream and gives its length before and after. On failure the file is as it was.
    fn append(&mut self, stream: &str, entries: &[&Entry]) -> Result<ScanSpan, OutputError> {
        self.open_stream(stream)?;
        let path = self.path(stream)?;
        let from = self.state.files.get(stream).copied().unwrap_or(0);
        self.buffer.clear();
        encode_entries(entries.iter().copied(), &mut self.buffer);
        let to = from + self.buffer.len() as u64;
        if let Some(file) = self.files.get_mut(stream) {
            let written = file
                .write_all(&self.buffer)
                .and_then(|()| file.sync_data());
            if let Err(source) = written {
                // Should this fail as well, the next start cuts the file back.
                let _ = file.set_len(from);
                return Err(OutputError::Io {
                    action: "write",
                    path,
                    source,
                });
            }
        }
        Ok(ScanSpan { from, to })
    }

    /// Takes back what the running scan of a stream wrote, as far as nothing was written behind it.
    fn roll_back(&mut self, stream: &str) -> Result<(), OutputError> {
        let spans = std::mem::take(&mut self.state.stream_mut(stream).spans);
        for (file, span) in spans {
            if self.state.files.get(&file) == Some(&span.to) {
                self.open_stream(&file)?;
                self.truncate(&file, span.from)?;
            } else {
                tracing::warn!(
                    stream,
                    file,
                    "the walk started over and other lines stand behind its first ones: those come again"
                );
            }
        }
        Ok(())
    }

    fn write(&mut self, entries: &[Entry]) -> Result<BTreeMap<String, ScanSpan>, OutputError> {
        self.buffer.reserve(encoded_size(entries));
        let mut written = BTreeMap::new();
        let mut by_stream: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            by_stream.entry(entry.stream.as_str()).or_default().push(entry);
        }
        for (stream, entries) in by_stream {
            match self.append(stream, &entries) {
                Ok(span) => written.insert(stream.to_owned(), span),
                Err(error) => {
                    self.take_back(&written);
                    return Err(error);
                }
            };
        }
        Ok(written)
    }

    /// Removes lines that will not be committed. Should that fail, the next start does it.
    fn take_back(&self, written: &BTreeMap<String, ScanSpan>) {
        for (stream, span) in written {
            if let Some(file) = self.files.get(stream) {
                let _ = file.set_len(span.from);
            }
        }
    }
}

fn file_length(path: &Path) -> Result<u64, OutputError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(source) => Err(OutputError::Io {
            action: "look at",
            path: path.to_path_buf(),
            source,
        }),
    }
}

impl Output for JsonLines {
    fn state(&self) -> &State {
        &self.state
    }

    fn begin(&mut self, stream: &str, start: ScanStart) -> Result<(), OutputError> {
        match start {
            ScanStart::Anew => {
                let state = self.state.stream_mut(stream);
                state.positions.clear();
                state.spans.clear();
                // Forgotten first and shortened then: a crash in between is finished by the next start.
                self.state.files.insert(stream.to_owned(), 0);
                self.state_file.save(&self.state)?;
                self.open_stream(stream)?;
                self.truncate(stream, 0)
            }
            ScanStart::New | ScanStart::Resumed { same_scan: false } => {
                self.state.stream_mut(stream).spans.clear();
                self.open_stream(stream)
            }
            ScanStart::Resumed { same_scan: true } => self.open_stream(stream),
        }
    }

    fn commit(&mut self, page: Commit<'_>) -> Result<(), OutputError> {
        if page.restarted {
            self.roll_back(page.stream)?;
        }
        let written = self.write(page.entries)?;
        for (file, span) in &written {
            self.state.files.insert(file.clone(), span.to);
        }
        let stream = self.state.stream_mut(page.stream);
        for (file, span) in written {
            stream
                .spans
                .entry(file)
                .and_modify(|known| {
                    // Somebody else wrote in between: only what comes now can be taken back.
                    if known.to != span.from {
                        known.from = span.from;
                    }
                    known.to = span.to;
                })
                .or_insert(span);
        }
        if page.position.next.is_none() {
            stream.spans.clear();
        }
        stream.store(page.position.clone(), page.now_ms);
        stream.records += page.entries.len() as u64;
        Ok(self.state_file.save(&self.state)?)
    }

    fn ended(&mut self, stream: &str, run: LastRun) -> Result<(), OutputError> {
        self.state.stream_mut(stream).last = Some(run);
        Ok(self.state_file.save(&self.state)?)
    }

    fn keep_checked(&mut self, checked: Option<Checked>) -> Result<(), OutputError> {
        if let Some(checked) = &checked {
            self.state.workspace_id = Some(checked.workspace_id.clone());
        }
        self.state.checked = checked;
        Ok(self.state_file.save(&self.state)?)
    }

    fn deliver(&mut self, id: &str, entries: &[Entry], _now_ms: i64) -> Result<bool, OutputError> {
        if self.state.deliveries.iter().any(|known| known == id) {
            return Ok(false);
        }
        let written = self.write(entries)?;
        for (file, span) in &written {
            self.state.files.insert(file.clone(), span.to);
        }
        self.state.remember_delivery(id);
        if let Err(error) = self.state_file.save(&self.state) {
            // The sender hears of a failure and comes again: nothing of this one may stay.
            self.state.deliveries.pop_back();
            self.take_back(&written);
            for (file, span) in written {
                self.state.files.insert(file, span.from);
            }
            return Err(error.into());
        }
        Ok(true)
    }

    fn lock_base(&self) -> Option<PathBuf> {
        Some(self.state_path.clone())
    }

    fn describe(&self) -> String {
        format!("{}{}", self.directory.display(), std::path::MAIN_SEPARATOR)
    }
}

#[cfg(test)]
pub(super) mod tests;
