//! Which rows a file of lines leaves alive: what its lines say, in their order. The lines are all that there is; a list of
//! keys beside them could say something else.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

use serde::Deserialize;

use super::files::{Files, failed};
use crate::output::OutputError;

/// Of a line, what names its row. The rest is passed over. A line that was erased names none.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    key: Option<Cow<'a, str>>,
    #[serde(default)]
    change: &'a str,
}

/// The keys of the rows that the committed part of a file leaves.
pub(super) fn live(
    files: &Files,
    stream: &str,
    committed: u64,
) -> Result<BTreeSet<String>, OutputError> {
    let mut keys = BTreeSet::new();
    if committed == 0 {
        return Ok(keys);
    }
    let path = files.path(stream)?;
    let file = File::open(&path).map_err(failed("read", &path))?;
    let mut reader = BufReader::new(file.take(committed));
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line);
        if length.map_err(failed("read", &path))? == 0 {
            return Ok(keys);
        }
        number += 1;
        let read: Line<'_> =
            serde_json::from_slice(&line).map_err(|source| OutputError::NotJson {
                what: "line",
                stream: stream.to_owned(),
                key: format!("number {number}"),
                source,
            })?;
        match read.key {
            None => {}
            Some(key) if read.change == "delete" => {
                keys.remove(key.as_ref());
            }
            Some(key) => {
                keys.insert(key.into_owned());
            }
        }
    }
}
