//! What a command line selects of a stream: a filter, keys, or what the output holds back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value};

use super::super::{CommandError, read_bytes};
use crate::command_line::ReadArguments;
use crate::connection_file::ConnectionFile;
use crate::plugin::Plugin;
use crate::runner::{Extent, Filter};
use crate::sync_plan::filters_of;

/// What was selected. By default nothing is: the connection's filters rule, and the position is gone on from.
#[derive(Default)]
pub(in crate::commands) struct Selected {
    extent: Extent,
    /// Takes the place of the connection's filter.
    filter: Option<Filter>,
}

impl Selected {
    /// What the command line selects.
    pub(super) fn new(arguments: &ReadArguments) -> Result<Selected, CommandError> {
        let one = arguments.streams.len() == 1;
        if !one && (arguments.keys.is_some() || !arguments.filters.is_empty()) {
            return Err(CommandError::usage(
                "--keys and --filter are about one stream: name only one",
            ));
        }
        let extent = match &arguments.keys {
            Some(text) => Extent::Keys(keys(text)?),
            None if arguments.quarantined => Extent::Quarantined,
            None => Extent::Onward,
        };
        let mut fields = Map::new();
        for (name, value) in &arguments.filters {
            let before = fields.insert(name.clone(), Value::String(value.clone()));
            if before.is_some() {
                return Err(CommandError::usage(format!(
                    "--filter {name} is given twice"
                )));
            }
        }
        Ok(Selected {
            extent,
            filter: Filter::new(fields),
        })
    }

    pub(super) fn extent(&self) -> Extent {
        self.extent.clone()
    }

    /// The filters of all streams.
    pub(in crate::commands) fn filters(
        &self,
        plugin: &Plugin,
        file: &ConnectionFile,
        streams: &[String],
    ) -> Result<BTreeMap<String, Filter>, CommandError> {
        let mut filters = filters_of(plugin, file).map_err(|error| {
            CommandError::usage(format!("{}: filters: {error}", file.path.display()))
        })?;
        if let (Some(filter), [stream]) = (&self.filter, streams) {
            filters.insert(stream.clone(), filter.clone());
        }
        Ok(filters)
    }
}

/// Keys between commas, or the lines of a file behind an `@`; each once.
fn keys(text: &str) -> Result<Vec<String>, CommandError> {
    let listed = match text.strip_prefix('@') {
        None => text.split(',').map(str::to_owned).collect(),
        Some(file) => {
            let bytes = read_bytes(Path::new(file))?;
            let text = String::from_utf8(bytes)
                .map_err(|_| CommandError::usage(format!("--keys: {file} is not UTF-8 text")))?;
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        }
    };
    let mut known = BTreeSet::new();
    let keys: Vec<String> = listed
        .iter()
        .map(|key| key.trim())
        .filter(|key| !key.is_empty() && known.insert(key.to_string()))
        .map(str::to_owned)
        .collect();
    match keys.is_empty() {
        true => Err(CommandError::usage("--keys: there is no key")),
        false => Ok(keys),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_the_line_or_from_a_file_and_each_once() {
        assert_eq!(keys(" a,b ,,a").unwrap(), ["a", "b"]);
        let directory = written::Folder::new();
        let path = directory.path().join("keys");
        std::fs::write(&path, "x\r\ny, z\n\nx\n").unwrap();
        let file = format!("@{}", path.display());
        assert_eq!(keys(&file).unwrap(), ["x", "y, z"]);
        for wrong in ["", " , ", "@/nowhere/at/all"] {
            assert!(
                matches!(keys(wrong), Err(CommandError::Usage(_))),
                "{wrong}"
            );
        }
    }
}
