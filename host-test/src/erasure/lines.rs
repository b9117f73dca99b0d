//! Files of JSON lines. A line is written over in place with one that says so, as long as it was: lengths and positions that
//! are stored elsewhere stay right, and whoever appends to the file meanwhile is not disturbed.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Erased, ErasureError, Person, answers};

/// What stands for a line that was erased, followed by spaces.
const ERASED: &[u8] = b"{\"erased\":true}";

/// Learns who somebody is from the lines of the record's stream.
pub(super) fn learn(directory: &Path, name: &str, person: &mut Person) -> Result<(), ErasureError> {
    let path = directory.join(format!("{}.jsonl", person.stream));
    if !path.exists() {
        return Ok(());
    }
    let mut found: Vec<(String, Map<String, Value>)> = Vec::new();
    each(&path, |_, line| {
        let Ok(Value::Object(entry)) = serde_json::from_slice(line) else {
            return;
        };
        let key = entry.get("key").and_then(Value::as_str).unwrap_or_default();
        let empty = Map::new();
        let record = entry
            .get("data")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        if answers(name, key, record) {
            found.push((key.to_owned(), record.clone()));
        }
    })
    .map_err(failed(&path))?;
    if found.iter().any(|(key, _)| key == name) {
        found.retain(|(key, _)| key == name);
    }
    let mut keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() > 1 {
        return Err(ErasureError::Several(keys.len(), person.stream.clone()));
    }
    for (key, record) in &found {
        person.learn(key, record);
    }
    Ok(())
}

/// Erases lines in all files of lines of a folder and of those below it.
pub(super) fn erase_all(
    folder: &Path,
    person: &Person,
    erased: &mut Erased,
) -> Result<(), ErasureError> {
    let listed = std::fs::read_dir(folder).map_err(failed(folder))?;
    let mut paths: Vec<PathBuf> = listed
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            erase_all(&path, person, erased)?;
        } else if path.to_string_lossy().contains(".jsonl") {
            let count = erase(&path, person).map_err(failed(&path))?;
            erased.add(&path, "lines", count);
        }
    }
    Ok(())
}

fn erase(path: &Path, person: &Person) -> io::Result<u64> {
    let stem = path.file_name().unwrap_or_default().to_string_lossy();
    let own = stem.starts_with(&format!("{}.jsonl", person.stream));
    let mut gone: Vec<(u64, usize)> = Vec::new();
    each(path, |at, line| {
        if !line.starts_with(ERASED) && (person.is_in(line) || own && is_of(line, person)) {
            gone.push((at, line.len()));
        }
    })?;
    if gone.is_empty() {
        return Ok(0);
    }
    let mut file = OpenOptions::new().write(true).open(path)?;
    for (at, length) in &gone {
        let mut line = ERASED.to_vec();
        // A line that is shorter than this names nobody.
        line.resize(*length, b' ');
        file.seek(SeekFrom::Start(*at))?;
        file.write_all(&line)?;
    }
    file.sync_all()?;
    Ok(gone.len() as u64)
}

/// Whether a line is of the record itself.
fn is_of(line: &[u8], person: &Person) -> bool {
    #[derive(serde::Deserialize)]
    struct Keyed {
        key: String,
    }
    let keyed: Result<Keyed, _> = serde_json::from_slice(line);
    keyed.is_ok_and(|keyed| person.keys.contains(&keyed.key))
}

/// Every line that is whole, with its place in the file.
fn each(path: &Path, mut look: impl FnMut(u64, &[u8])) -> io::Result<()> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    let mut at = 0;
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\n") {
            Some(text) => look(at, text),
            None => return Ok(()),
        }
        at += length as u64;
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ErasureError + use<> {
    let path = path.to_path_buf();
    move |source| ErasureError::File {
        path: path.clone(),
        source,
    }
}
