//! Which rows a file of lines leaves alive: what its lines say, in their order. The lines are all that there is; a list of
//! keys beside them could say something else.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;

use super::files::Files;
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
    files.each_line(stream, committed, |place, line| {
        let read: Line<'_> = serde_json::from_slice(line).map_err(place.not_json(stream))?;
        match read.key {
            None => {}
            Some(key) if read.change == "delete" => {
                keys.remove(key.as_ref());
            }
            Some(key) => {
                keys.insert(key.into_owned());
            }
        }
        Ok(())
    })?;
    Ok(keys)
}
