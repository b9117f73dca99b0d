//! A directory with one file of JSON lines for each stream.
//!
//! A page is appended with one write; then the state file is replaced, with the new length of the file and the new
//! position in it. What lies beyond the committed length was written by a process that died before its commit, and is
//! cut off when the directory is opened. The disk is waited for once a second, at the end of a scan and for every
//! webhook; after a power cut in between, the directory goes back to the last state that was waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::lines::GatheredLines;
use super::{Commit, Output, OutputError, OutputTarget, ScanStart};
use crate::contract::types::Entry;
use crate::position::{Checked, LastRun, ScanSpan, State, StateFile, StateLock};

/// How long to go on without waiting for the disk. That costs more than all the rest of a page.
const BETWEEN_SYNCS: Duration = Duration::from_secs(1);

/// A directory of JSON lines and its state file.
pub struct JsonLines {
    directory: PathBuf,
    state_path: PathBuf,
    state_file: StateFile,
    state: State,
    files: BTreeMap<String, File>,
    lines: GatheredLines,
    /// Streams whose files were written since the disk was waited for.
    unsynced: BTreeSet<String>,
    synced_at: Instant,
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
        let mut output = JsonLines {
            directory: directory.to_path_buf(),
            state_path: state_path.to_path_buf(),
            state_file,
            state,
            files: BTreeMap::new(),
            lines: GatheredLines::default(),
            unsynced: BTreeSet::new(),
            synced_at: Instant::now(),
            _directory_lock: directory_lock,
        };
        if !output.holds(&output.state)?
            && let Some(synced) = output.state_file.read_synced()?
            && output.holds(&synced)?
        {
            tracing::warn!(
                "the machine stopped before the disk had everything: going back to the last state that it had"
            );
            output.state = synced;
        }
        for (stream, committed) in &output.state.files {
            output.cut_back(stream, *committed)?;
        }
        Ok(output)
    }

    /// Whether every line that a state speaks of is there.
    fn holds(&self, state: &State) -> Result<bool, OutputError> {
        for (stream, committed) in &state.files {
            if file_length(&self.path(stream)?)? < *committed {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Waits until the disk has all lines and the state.
    fn sync(&mut self) -> Result<(), OutputError> {
        while let Some(stream) = self.unsynced.pop_first() {
            if let Some(file) = self.files.get(&stream)
                && let Err(source) = file.sync_data()
            {
                let path = self.path(&stream)?;
                self.unsynced.insert(stream);
                return Err(OutputError::Io {
                    action: "write",
                    path,
                    source,
                });
            }
        }
        self.state_file.save_synced(&self.state)?;
        self.synced_at = Instant::now();
        Ok(())
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
            tracing::info!(
                stream,
                bytes = found - committed,
                "cutting off lines that were not committed"
            );
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
                self.sync()?;
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
        let mut to = from;
        self.lines.prepare(entries);
        if let Some(file) = self.files.get_mut(stream) {
            match self.lines.write(entries, file) {
                Ok(length) => to += length,
                Err(source) => {
                    // Should this fail as well, the next start cuts the file back.
                    let _ = file.set_len(from);
                    return Err(OutputError::Io {
                        action: "write",
                        path,
                        source,
                    });
                }
            }
        }
        self.unsynced.insert(stream.to_owned());
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
        let mut written = BTreeMap::new();
        let mut by_stream: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            by_stream
                .entry(entry.stream.as_str())
                .or_default()
                .push(entry);
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
                self.sync()?;
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
        if self.synced_at.elapsed() >= BETWEEN_SYNCS {
            return self.sync();
        }
        Ok(self.state_file.save(&self.state)?)
    }

    fn ended(&mut self, stream: &str, run: LastRun) -> Result<(), OutputError> {
        self.state.stream_mut(stream).last = Some(run);
        self.sync()
    }

    fn keep_checked(&mut self, checked: Option<Checked>) -> Result<(), OutputError> {
        if let Some(checked) = &checked {
            self.state.workspace_id = Some(checked.workspace_id.clone());
        }
        self.state.checked = checked;
        self.sync()
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
        if let Err(error) = self.sync() {
            // The sender hears of a failure and comes again: nothing of this one may stay.
            self.state.deliveries.pop_back();
            self.take_back(&written);
            for (file, span) in written {
                self.state.files.insert(file, span.from);
            }
            return Err(error);
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
