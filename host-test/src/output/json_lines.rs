//! A directory with one file of JSON lines for each stream.
//!
//! A page is appended with one write; then the state file is replaced, with the new length of the file and the new
//! position in it. What lies beyond the committed length was written by a process that died before its commit, and is
//! cut off when the directory is opened. A webhook is stored the same way, with its id in a file of its own. The disk is
//! waited for once a second, at the end of a scan and for every webhook; after a power cut in between, the directory goes
//! back to the last state that was waited for.

mod beside;
mod changes;
mod deliveries;
mod ending;
mod files;
mod keys;
mod quarantine;
mod receipts;
mod recovery;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::ending::Ending;
use self::files::{Files, failed};
use self::quarantine::Quarantine;
use self::receipts::Receipts;
use super::lines::GatheredLines;
use super::{
    Addition, Commit, Delivered, Delivery, Output, OutputError, OutputTarget, QuarantinedRow,
    RowChange, ScanStart,
};
use crate::clock::now_ms;
use crate::contract::types::Entry;
use crate::position::{Checked, LastRun, ScanSpan, State, StateFile, StateLock};

/// How long to go on without waiting for the disk. That costs more than all the rest of a page.
const BETWEEN_SYNCS: Duration = Duration::from_secs(1);

/// What was written into each file, to be committed.
type Written = BTreeMap<String, ScanSpan>;

/// The ends that files get, by name.
type Endings = BTreeMap<String, Ending>;

/// A directory of JSON lines and its state file.
pub struct JsonLines {
    files: Files,
    state_path: PathBuf,
    state_file: StateFile,
    state: State,
    receipts: Receipts,
    quarantine: Quarantine,
    lines: GatheredLines,
    synced_at: Instant,
    /// Whether a file may have another end than the state says. Only opening the directory again clears that up.
    in_doubt: bool,
    /// Held when the state is elsewhere: two states must not share a directory.
    _directory_lock: Option<StateLock>,
}

impl JsonLines {
    /// Opens a directory, made when it does not exist, and brings its files back to what is committed.
    pub fn open(directory: &Path, state_path: &Path) -> Result<JsonLines, OutputError> {
        fs::create_dir_all(directory).map_err(failed("make the directory", directory))?;
        let own = OutputTarget::state_in_directory(directory);
        let directory_lock = match state_path == own {
            true => None,
            false => Some(StateLock::take(&own)?),
        };
        let (state_file, state) = StateFile::open(state_path)?;
        let mut output = JsonLines {
            files: Files::new(directory),
            state_path: state_path.to_path_buf(),
            state_file,
            state,
            receipts: Receipts::default(),
            quarantine: Quarantine::default(),
            lines: GatheredLines::default(),
            synced_at: Instant::now(),
            in_doubt: false,
            _directory_lock: directory_lock,
        };
        output.recover()?;
        let receipts = output.state.files.get(receipts::FILE);
        output.receipts = Receipts::read(&output.files, receipts.copied().unwrap_or(0))?;
        output.adopt_deliveries()?;
        output.read_quarantine()?;
        Ok(output)
    }

    /// Waits until the disk has all lines and the state.
    fn sync(&mut self) -> Result<(), OutputError> {
        self.files.sync()?;
        self.state_file.save_synced(&self.state)?;
        self.synced_at = Instant::now();
        Ok(())
    }

    /// Stores the state, and waits for the disk when that was not done for a while.
    fn save(&mut self) -> Result<(), OutputError> {
        if self.synced_at.elapsed() >= BETWEEN_SYNCS {
            return self.sync();
        }
        Ok(self.state_file.save(&self.state)?)
    }

    /// An error when nothing can be written any more.
    fn be_sure(&self) -> Result<(), OutputError> {
        match self.in_doubt {
            false => Ok(()),
            true => Err(OutputError::InDoubt {
                path: self.files.directory().to_path_buf(),
            }),
        }
    }

    /// The committed length of a file.
    fn committed(&self, name: &str) -> u64 {
        self.state.files.get(name).copied().unwrap_or(0)
    }

    /// Makes sure that a file is open and that what it holds is known to the state.
    fn open_file(&mut self, name: &str) -> Result<(), OutputError> {
        if self.files.is_open(name) {
            return Ok(());
        }
        let (path, found) = (self.files.path(name)?, self.files.length(name)?);
        match self.state.files.get(name) {
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
                self.state.files.insert(name.to_owned(), 0);
                self.sync()?;
            }
        }
        self.files.open(name)
    }

    /// Writes entries behind what is committed, or into the new end of their file. On failure the files are as they were.
    fn write<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a Entry>,
        endings: &mut Endings,
    ) -> Result<Written, OutputError> {
        let mut written = Written::new();
        let mut by_stream: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            by_stream
                .entry(entry.stream.as_str())
                .or_default()
                .push(entry);
        }
        for (stream, entries) in by_stream {
            match self.write_stream(stream, &entries, endings.get_mut(stream)) {
                Ok(span) => written.insert(stream.to_owned(), span),
                Err(error) => {
                    self.files.take_back(&written);
                    return Err(error);
                }
            };
        }
        Ok(written)
    }

    fn write_stream(
        &mut self,
        stream: &str,
        entries: &[&Entry],
        ending: Option<&mut Ending>,
    ) -> Result<ScanSpan, OutputError> {
        self.lines.prepare(entries);
        if let Some(ending) = ending {
            return ending.append(|file| self.lines.write(entries, file));
        }
        self.open_file(stream)?;
        let from = self.committed(stream);
        let lines = &self.lines;
        self.files
            .append(stream, from, |file| lines.write(entries, file))
    }

    /// Begins new ends for files, which leave these parts out.
    fn begin_endings(
        &self,
        parts: BTreeMap<String, Vec<ScanSpan>>,
    ) -> Result<Endings, OutputError> {
        let begin = |(name, parts): (String, Vec<ScanSpan>)| {
            let ending = Ending::begin(&self.files, &name, self.committed(&name), parts)?;
            Ok((name, ending))
        };
        parts.into_iter().map(begin).collect()
    }

    /// What scans wrote behind the left-out parts moves with the file.
    fn move_spans(&mut self, endings: &Endings) {
        for stream in self.state.streams.values_mut() {
            for (name, spans) in &mut stream.spans {
                let Some(ending) = endings.get(name) else {
                    continue;
                };
                for span in spans {
                    span.from = ending.moved(span.from);
                    span.to = ending.moved(span.to);
                }
            }
        }
    }

    /// Commits the state together with new ends, and puts those in place.
    fn sync_endings(&mut self, endings: &Endings) -> Result<(), OutputError> {
        self.in_doubt = true;
        for (name, ending) in endings {
            let end = ending.written()?;
            self.state.files.insert(name.clone(), end.from + end.length);
            self.state.new_ends.insert(name.clone(), end);
        }
        self.sync()?;
        for (name, end) in std::mem::take(&mut self.state.new_ends) {
            ending::put_in_place(&self.files, &name, end)?;
        }
        // Only now another end may be begun beside one of these files.
        self.sync()?;
        self.in_doubt = false;
        Ok(())
    }
}

impl Output for JsonLines {
    fn state(&self) -> &State {
        &self.state
    }

    fn begin(&mut self, stream: &str, start: ScanStart) -> Result<(), OutputError> {
        self.be_sure()?;
        match start {
            ScanStart::Anew => {
                for other in self.state.streams.values_mut() {
                    other.spans.remove(stream);
                }
                let state = self.state.stream_mut(stream);
                state.positions.clear();
                state.spans.clear();
                // Forgotten first and shortened then: a crash in between is finished by the next start.
                self.state.files.insert(stream.to_owned(), 0);
                self.sync()?;
                self.open_file(stream)?;
                self.files.shorten(stream, 0)?;
                let mut written = Written::new();
                let lines = self.quarantine.release_all(stream, now_ms());
                self.write_quarantine(&lines, &mut Endings::new(), &mut written)?;
                if let Some(span) = written.get(quarantine::FILE) {
                    self.state
                        .files
                        .insert(quarantine::FILE.to_owned(), span.to);
                    self.sync()?;
                }
                self.read_quarantine()
            }
            ScanStart::New | ScanStart::Resumed { same_scan: false } => {
                self.state.stream_mut(stream).spans.clear();
                self.open_file(stream)
            }
            ScanStart::Resumed { same_scan: true } => self.open_file(stream),
        }
    }

    fn commit(&mut self, page: Commit<'_>) -> Result<(), OutputError> {
        self.be_sure()?;
        let mut endings = Endings::new();
        if page.restarted {
            let stream = self.state.streams.get(page.stream);
            let parts = stream.map(|stream| stream.spans.clone());
            endings = self.begin_endings(parts.unwrap_or_default())?;
        }
        let mut written = self.write(page.entries, &mut endings)?;
        let lines =
            self.quarantine
                .lines(page.entries, page.quarantined, page.now_ms, page.restarted);
        self.write_quarantine(&lines, &mut endings, &mut written)?;
        let quarantine_changed = !lines.is_empty() || endings.contains_key(quarantine::FILE);
        if page.restarted {
            self.state.stream_mut(page.stream).spans.clear();
            self.move_spans(&endings);
        }
        for (name, span) in &written {
            self.state.files.insert(name.clone(), span.to);
        }
        let stream = self.state.stream_mut(page.stream);
        for (name, span) in written {
            let spans = stream.spans.entry(name).or_default();
            match spans.last_mut().filter(|last| last.to == span.from) {
                Some(last) => last.to = span.to,
                None => spans.push(span),
            }
        }
        if page.position.next.is_none() {
            stream.spans.clear();
        }
        stream.store(page.position.clone(), page.now_ms);
        stream.records += page.entries.len() as u64;
        if !endings.is_empty() {
            self.sync_endings(&endings)?;
        } else {
            self.save()?;
        }
        match quarantine_changed {
            true => self.read_quarantine(),
            false => Ok(()),
        }
    }

    fn add(&mut self, addition: Addition<'_>) -> Result<(), OutputError> {
        self.add_beside(addition)
    }

    fn live_keys(&self, stream: &str) -> Result<Option<BTreeSet<String>>, OutputError> {
        keys::live(&self.files, stream, self.committed(stream)).map(Some)
    }

    fn swept(&mut self, stream: &str, now_ms: i64) -> Result<(), OutputError> {
        self.be_sure()?;
        self.state.stream_mut(stream).swept_at_ms = Some(now_ms);
        self.sync()
    }

    fn quarantined(&self, stream: &str) -> Result<Vec<QuarantinedRow>, OutputError> {
        Ok(self.quarantine.rows(stream).cloned().collect())
    }

    fn quarantine(&self) -> Option<String> {
        let path = self.files.path(quarantine::FILE).ok()?;
        Some(path.display().to_string())
    }

    fn ended(&mut self, stream: &str, run: LastRun) -> Result<(), OutputError> {
        self.be_sure()?;
        self.state.stream_mut(stream).last = Some(run);
        self.count_quarantined(stream);
        self.sync()
    }

    fn keep_checked(&mut self, checked: Option<Checked>) -> Result<(), OutputError> {
        self.be_sure()?;
        if let Some(checked) = &checked {
            self.state.workspace_id = Some(checked.workspace_id.clone());
        }
        self.state.checked = checked;
        self.sync()
    }

    fn deliver(&mut self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError> {
        self.store_deliveries(deliveries)
    }

    fn row_changes(&self, told: &mut dyn FnMut(RowChange<'_>)) -> Result<(), OutputError> {
        self.tell_changes(told)
    }

    fn describe(&self) -> String {
        let directory = self.files.directory().display();
        format!("{directory}{}", std::path::MAIN_SEPARATOR)
    }
}

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
pub(super) mod tests;
