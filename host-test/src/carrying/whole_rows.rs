//! Triggers that look at more of a row than a reading of its stream shows.

use std::collections::{BTreeMap, BTreeSet};

use super::created::stream_of;
use crate::connection_file::ConnectionFile;
use crate::contract::connector::Descriptor;

/// Streams whose lists show rows without what hangs on them, and the field that has it where a row is read by its key; in the
/// words of the command line, like the stream of triggers that name none.
const SHOWN_IN_PART: &[(&str, &str)] = &[("conversations", "conversation_parts")];

/// The triggers that see too little in what lists show of rows, by stream: those that look at what hangs on a row. One that is
/// on topics alone is none of them, for no reading sets it off.
pub fn look_at_whole_rows(
    descriptor: &Descriptor,
    file: &ConnectionFile,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, trigger) in file.triggers.iter() {
        let stream = stream_of(descriptor, trigger);
        let shown = SHOWN_IN_PART.iter().find(|(shown, _)| *shown == stream);
        if let Some((_, field)) = shown
            && trigger.is_for_readings()
            && trigger.looks_at(field)
        {
            let names = found.entry(stream.to_owned()).or_default();
            names.insert(name.to_owned());
        }
    }
    found
}
