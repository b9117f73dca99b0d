//! The files of a directory: opened once, appended to, cut back to what is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use crate::output::OutputError;
use crate::position::ScanSpan;

/// The files of a directory, by name.
pub(super) struct Files {
    directory: PathBuf,
    open: BTreeMap<String, File>,
    /// Files that were written since the disk was waited for.
    unsynced: BTreeSet<String>,
    /// Whether there are files whose names the disk may not have.
    new_names: bool,
}

impl Files {
    /// The files of this directory, none of them open.
    pub(super) fn new(directory: &Path) -> Files {
        Files {
            directory: directory.to_path_buf(),
            open: BTreeMap::new(),
            unsynced: BTreeSet::new(),
            new_names: false,
        }
    }

    /// Where they are.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the file of a stream is.
    pub(super) fn path(&self, name: &str) -> Result<PathBuf, OutputError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        // A file of the host's own begins with a dot, no stream's does.
        let stem = match name {
            super::receipts::FILE => &name[1..],
            stream => stream,
        };
        if stem.is_empty() || !stem.bytes().all(plain) {
            return Err(OutputError::BadStreamName {
                name: name.to_owned(),
            });
        }
        Ok(self.directory.join(format!("{name}.jsonl")))
    }

    /// The length of a file; 0 when there is none.
    pub(super) fn length(&self, name: &str) -> Result<u64, OutputError> {
        length_of(&self.path(name)?)
    }

    /// Cuts off what lies behind the committed length.
    pub(super) fn cut_back(&self, name: &str, committed: u64) -> Result<(), OutputError> {
        let path = self.path(name)?;
        let found = length_of(&path)?;
        if found > committed {
            tracing::info!(
                file = name,
                bytes = found - committed,
                "cutting off lines that were not committed"
            );
            OpenOptions::new()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_len(committed))
                .map_err(failed("cut back", &path))?;
        }
        Ok(())
    }

    /// Whether a file is open.
    pub(super) fn is_open(&self, name: &str) -> bool {
        self.open.contains_key(name)
    }

    /// Opens a file, made when there is none.
    pub(super) fn open(&mut self, name: &str) -> Result<(), OutputError> {
        let path = self.path(name)?;
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(failed("open", &path))?;
        self.open.insert(name.to_owned(), file);
        self.new_names = true;
        Ok(())
    }

    /// Appends to an open file of this length; `write` says how much. On failure the file is as it was.
    pub(super) fn append(
        &mut self,
        name: &str,
        from: u64,
        write: impl FnOnce(&mut File) -> io::Result<u64>,
    ) -> Result<ScanSpan, OutputError> {
        let path = self.path(name)?;
        let mut to = from;
        if let Some(file) = self.open.get_mut(name) {
            match write(file) {
                Ok(length) => to += length,
                Err(source) => {
                    // Should this fail as well, the next start cuts the file back.
                    let _ = file.set_len(from);
                    return Err(failed("write", &path)(source));
                }
            }
        }
        self.unsynced.insert(name.to_owned());
        Ok(ScanSpan { from, to })
    }

    /// Removes lines that will not be committed. Should that fail, the next start does it.
    pub(super) fn take_back(&self, written: &BTreeMap<String, ScanSpan>) {
        for (name, span) in written {
            if let Some(file) = self.open.get(name) {
                let _ = file.set_len(span.from);
            }
        }
    }

    /// Shortens an open file.
    pub(super) fn shorten(&self, name: &str, length: u64) -> Result<(), OutputError> {
        let path = self.path(name)?;
        match self.open.get(name) {
            Some(file) => file.set_len(length).map_err(failed("shorten", &path)),
            None => Ok(()),
        }
    }

    /// Gives the lines of the committed part of a file, one after another, with where each is.
    pub(super) fn each_line(
        &self,
        name: &str,
        committed: u64,
        mut take: impl FnMut(LinePlace, &[u8]) -> Result<(), OutputError>,
    ) -> Result<(), OutputError> {
        if committed == 0 {
            return Ok(());
        }
        let path = self.path(name)?;
        let file = File::open(&path).map_err(failed("read", &path))?;
        let mut reader = BufReader::new(file.take(committed));
        let mut line = Vec::new();
        let mut place = LinePlace { number: 0, end: 0 };
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line);
            match length.map_err(failed("read", &path))? {
                0 => return Ok(()),
                length => place.end += length as u64,
            }
            place.number += 1;
            take(place, &line)?;
        }
    }

    /// Waits until the disk has all of a file that is not open.
    pub(super) fn sync_closed(&self, name: &str) -> Result<(), OutputError> {
        let path = self.path(name)?;
        match File::open(&path) {
            Ok(file) => file.sync_all().map_err(failed("write", &path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed("open", &path)(error)),
        }
    }

    /// Waits until the disk has everything.
    pub(super) fn sync(&mut self) -> Result<(), OutputError> {
        while let Some(name) = self.unsynced.pop_first() {
            if let Some(file) = self.open.get(&name)
                && let Err(source) = file.sync_data()
            {
                let path = self.path(&name)?;
                self.unsynced.insert(name);
                return Err(failed("write", &path)(source));
            }
        }
        if self.new_names {
            sync_directory(&self.directory)?;
            self.new_names = false;
        }
        Ok(())
    }
}

/// Where a line is in its file.
#[derive(Clone, Copy)]
pub(super) struct LinePlace {
    /// The first one has 1.
    number: u64,
    /// The byte behind it.
    pub(super) end: u64,
}

impl LinePlace {
    /// The error of a line of this file that is not what it should be.
    pub(super) fn not_json(self, name: &str) -> impl FnOnce(serde_json::Error) -> OutputError {
        move |source| OutputError::NotJson {
            what: "line",
            stream: name.to_owned(),
            key: format!("number {}", self.number),
            source,
        }
    }
}

/// Waits until the disk has the names in a directory.
pub(super) fn sync_directory(directory: &Path) -> Result<(), OutputError> {
    File::open(directory)
        .and_then(|file| file.sync_all())
        .map_err(failed("write", directory))
}

/// The length of a file; 0 when there is none.
pub(super) fn length_of(path: &Path) -> Result<u64, OutputError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(source) => Err(failed("look at", path)(source)),
    }
}

/// The error of something that was tried with a file.
pub(super) fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> OutputError {
    let path = path.to_path_buf();
    move |source| OutputError::Io {
        action,
        path: path.clone(),
        source,
    }
}
