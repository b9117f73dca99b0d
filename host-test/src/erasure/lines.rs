//! Files of JSON lines. A line is written over in place with one that says so, as long as it was: lengths and positions that
//! are stored elsewhere stay right, and whoever appends to the file meanwhile is not disturbed.

use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::person::{Person, answers, holds_any};
use super::{Erased, ErasureError, Relations};

/// What stands for a line that was erased, followed by spaces.
const ERASED: &[u8] = b"{\"erased\":true}";

/// A line of an output, as far as it says whose it is.
#[derive(serde::Deserialize)]
struct Keyed {
    stream: String,
    key: String,
}

/// Learns who somebody is from the lines of the record's stream: all that there ever were of it.
pub(super) fn learn(directory: &Path, name: &str, person: &mut Person) -> Result<(), ErasureError> {
    let path = directory.join(format!("{}.jsonl", person.stream));
    if !path.exists() {
        return Ok(());
    }
    let mut found: BTreeMap<String, Vec<Map<String, Value>>> = BTreeMap::new();
    let mut look = |wanted: &dyn Fn(&str, &Map<String, Value>) -> bool| {
        each(&path, |_, line| {
            let Ok(Value::Object(mut entry)) = serde_json::from_slice(line) else {
                return;
            };
            let record = match entry.remove("data") {
                Some(Value::Object(record)) => record,
                _ => Map::new(),
            };
            let key = entry.get("key").and_then(Value::as_str).unwrap_or_default();
            if wanted(key, &record) {
                found.entry(key.to_owned()).or_default().push(record);
            }
        })
        .map_err(failed(&path))?;
        Ok(std::mem::take(&mut found))
    };
    let mut named = look(&|key, record| answers(name, key, record))?;
    if named.contains_key(name) {
        named.retain(|key, _| key == name);
    }
    if named.len() > 1 {
        return Err(ErasureError::Several(named.len(), person.stream.clone()));
    }
    let Some((own, _)) = named.pop_first() else {
        return Ok(());
    };
    // What it was called earlier as well.
    for (key, records) in look(&|key, _| key == own)? {
        for record in &records {
            person.learn(&key, record);
        }
    }
    Ok(())
}

/// Learns which rows of an output are somebody's: those that name them, and what hangs on those. Gives how many further records
/// of the same stream name them.
pub(super) fn learn_rows(
    directory: &Path,
    relations: &Relations,
    person: &mut Person,
) -> Result<u64, ErasureError> {
    let mut others = HashSet::new();
    for (path, stream) in streams(directory)? {
        let mut named = Vec::new();
        each(&path, |_, line| {
            if person.is_in(line)
                && let Ok(keyed) = serde_json::from_slice::<Keyed>(line)
                && keyed.stream == stream
            {
                named.push(keyed.key);
            }
        })
        .map_err(failed(&path))?;
        match stream == person.stream {
            true => others.extend(named.into_iter().filter(|key| !person.keys.contains(key))),
            false => {
                let named = named.into_iter().map(|key| (stream.clone(), key));
                person.gone.extend(named);
            }
        }
    }
    loop {
        let before = person.gone.len();
        for (path, stream) in streams(directory)? {
            let parents: Vec<&str> = relations.parents_of(&stream).collect();
            let of_parents = person.gone.iter();
            let of_parents = of_parents.filter(|(of, _)| parents.contains(&of.as_str()));
            let keys: HashSet<&str> = of_parents.map(|(_, key)| key.as_str()).collect();
            if keys.is_empty() {
                continue;
            }
            let mut hanging = Vec::new();
            each(&path, |_, line| {
                if holds_any(line, &keys)
                    && let Ok(keyed) = serde_json::from_slice::<Keyed>(line)
                {
                    hanging.push((stream.clone(), keyed.key));
                }
            })
            .map_err(failed(&path))?;
            person.gone.extend(hanging);
        }
        if person.gone.len() == before {
            return Ok(others.len() as u64);
        }
    }
}

/// The files of an output's streams.
fn streams(directory: &Path) -> Result<Vec<(PathBuf, String)>, ErasureError> {
    let files = files(directory)?.into_iter();
    let named = files.filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(".jsonl")?;
        (!name.starts_with('.')).then(|| (path.clone(), name.to_owned()))
    });
    Ok(named.collect())
}

/// Erases lines in all files of lines of a folder and of those below it.
pub(super) fn erase_all(
    folder: &Path,
    person: &Person,
    erased: &mut Erased,
) -> Result<(), ErasureError> {
    for path in files(folder)? {
        if path.is_dir() {
            erase_all(&path, person, erased)?;
        } else if path.to_string_lossy().contains(".jsonl") {
            erase_file(&path, person, erased)?;
        }
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, ErasureError> {
    let listed = std::fs::read_dir(folder).map_err(failed(folder))?;
    let listed = listed.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = listed.collect();
    paths.sort();
    Ok(paths)
}

/// Erases lines in one file.
pub(super) fn erase_file(
    path: &Path,
    person: &Person,
    erased: &mut Erased,
) -> Result<(), ErasureError> {
    let own = path.file_name().unwrap_or_default().to_string_lossy();
    let own = own.starts_with(&format!("{}.jsonl", person.stream));
    let keys = person.gone_keys();
    let count = write_over(path, |line| {
        match serde_json::from_slice::<Keyed>(line) {
            // Another record stays, whomever it names.
            Ok(Keyed { stream, key }) => {
                person.gone.contains(&(stream, key)) || !own && person.is_in(line)
            }
            Err(_) => person.is_in(line) || holds_any(line, &keys),
        }
    });
    erased.add(path, "lines", count.map_err(failed(path))?);
    Ok(())
}

/// Writes over the lines of a file that are wanted no more; gives how many there were.
pub(crate) fn write_over(path: &Path, unwanted: impl Fn(&[u8]) -> bool) -> io::Result<u64> {
    let mut gone: Vec<(u64, usize)> = Vec::new();
    each(path, |at, line| {
        if !line.starts_with(ERASED) && unwanted(line) {
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
