//! What is remembered about places in output files.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// A part of an output file that a scan wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanSpan {
    /// Where it begins, in bytes from the file's start.
    pub from: u64,
    /// Where it ends.
    pub to: u64,
}

/// Version 0.1.0 kept one span for each file.
pub(super) fn spans_of_any_version<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Vec<ScanSpan>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(ScanSpan),
        Several(Vec<ScanSpan>),
    }
    let written = BTreeMap::<String, Written>::deserialize(deserializer)?;
    let spans = |written| match written {
        Written::One(span) => vec![span],
        Written::Several(spans) => spans,
    };
    Ok(written
        .into_iter()
        .map(|(file, written)| (file, spans(written)))
        .collect())
}

/// The end that an output file gets: what is written beside it takes the place of everything behind `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEnd {
    /// So many bytes of the file stay.
    pub from: u64,
    /// So many bytes come behind them.
    pub length: u64,
}
