//! Another end for a file: what an output takes back may have lines of others behind it, which stay.
//!
//! A file cannot be changed in its middle and committed at once. So what has to stand behind the unchanged part is written
//! beside the file (`.end`), the state is told, and then the end is put in place. A process that dies before the state
//! knows has changed nothing; one that dies later leaves the rest to the next start.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::files::{Files, failed, length_of, sync_directory};
use crate::output::OutputError;
use crate::position::{NewEnd, ScanSpan};

/// An end that is being written.
pub(super) struct Ending {
    from: u64,
    length: u64,
    file: File,
    path: PathBuf,
    /// What it leaves out of the file, in order.
    without: Vec<ScanSpan>,
}

impl Ending {
    /// Begins an end: everything that a file of this length has behind the first of these parts, without the parts.
    pub(super) fn begin(
        files: &Files,
        name: &str,
        length: u64,
        without: Vec<ScanSpan>,
    ) -> Result<Ending, OutputError> {
        let from = without.first().map_or(length, |part| part.from);
        let path = beside(&files.path(name)?);
        let file = File::create(&path).map_err(failed("make", &path))?;
        let mut ending = Ending {
            from,
            length: 0,
            file,
            path,
            without,
        };
        let source = files.path(name)?;
        ending
            .keep(&source, length)
            .map_err(failed("copy the end of", &source))?;
        Ok(ending)
    }

    fn keep(&mut self, source: &Path, length: u64) -> io::Result<()> {
        let mut source = File::open(source)?;
        let ends = self.without.iter().map(|part| part.to);
        let next = self.without.iter().skip(1).map(|part| part.from);
        for (from, to) in ends.zip(next.chain([length])) {
            source.seek(SeekFrom::Start(from))?;
            let part = &mut (&mut source).take(to.saturating_sub(from));
            self.length += io::copy(part, &mut self.file)?;
        }
        Ok(())
    }

    /// Writes more behind it, and says where that will stand in the file.
    pub(super) fn append(
        &mut self,
        write: impl FnOnce(&mut File) -> io::Result<u64>,
    ) -> Result<ScanSpan, OutputError> {
        let from = self.from + self.length;
        self.length += write(&mut self.file).map_err(failed("write", &self.path))?;
        Ok(ScanSpan {
            from,
            to: self.from + self.length,
        })
    }

    /// Where a place of the file is afterwards.
    pub(super) fn moved(&self, place: u64) -> u64 {
        let gone = |part: &ScanSpan| part.to.min(place).saturating_sub(part.from);
        place - self.without.iter().map(gone).sum::<u64>()
    }

    /// What the state has to know before the end is put in place. The disk has the end then.
    pub(super) fn written(&self) -> Result<NewEnd, OutputError> {
        self.file.sync_all().map_err(failed("write", &self.path))?;
        if let Some(directory) = self.path.parent() {
            sync_directory(directory)?;
        }
        Ok(NewEnd {
            from: self.from,
            length: self.length,
        })
    }
}

/// Whether a file holds as much as the state says that it gets. Not yet in place counts.
pub(super) fn is_there(files: &Files, name: &str, end: NewEnd) -> Result<bool, OutputError> {
    let path = files.path(name)?;
    Ok(
        length_of(&path)? >= end.from && length_of(&beside(&path))? == end.length
            || length_of(&path)? >= end.from + end.length,
    )
}

/// Puts an end in place that the state knows of. Done before, it is nothing.
pub(super) fn put_in_place(files: &Files, name: &str, end: NewEnd) -> Result<(), OutputError> {
    let path = files.path(name)?;
    let written = beside(&path);
    let mut source = match File::open(&written) {
        Ok(source) => source,
        // The end is removed only when it is in place.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("read", &written)(error)),
    };
    let mut put = || {
        let mut file = OpenOptions::new().append(true).open(&path)?;
        file.set_len(end.from)?;
        io::copy(&mut source, &mut file)?;
        file.sync_all()
    };
    put().map_err(failed("write", &path))?;
    remove(&written)
}

/// Removes an end that no state knows of.
pub(super) fn discard(files: &Files, name: &str) -> Result<(), OutputError> {
    remove(&beside(&files.path(name)?))
}

fn remove(path: &Path) -> Result<(), OutputError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".end");
    PathBuf::from(name)
}
