//! Where the reading of a stream begins: from nothing, from a checkpoint, or in the middle of a scan.

use super::filter::describe;
use super::walker::UNREADABLE_CURSOR;
use super::{Filter, RunOptions};
use crate::contract::connector::{Formats, StreamDescriptor, StreamModes};
use crate::output::ScanStart;
use crate::position::{Found, Position, State, StoredSelection, choose};

/// The beginning of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// What the output is told.
    pub(super) start: ScanStart,
    /// What the first page is asked with.
    pub(super) cursor: Option<Vec<u8>>,
    /// The position to go on from.
    pub(super) position: Position,
    /// Whether there are positions, all of versions that were taken back.
    pub(super) is_read_anew: bool,
    /// For people, when something they asked for has no effect.
    pub(super) remark: Option<String>,
}

/// Why the stored position cannot be gone on from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PlanError {
    /// There are positions, and this version of the component reads none of them.
    #[error(
        "its position is in format {found}, and this version of the component reads {reads}; run the version that wrote it, or start over with --full (on a platform: `POST /connections/NAME/sync` with `{{\"full\": true}}`)"
    )]
    Unreadable { found: String, reads: String },
    /// What was read so far is not what is wanted now; going on would mix the two.
    #[error(
        "it was read with {stored} so far, and now with {wanted}{}; read it as before, into another output, or start over with --full (on a platform: `POST /connections/NAME/sync` with `{{\"full\": true}}`)",
        another(stored, wanted)
    )]
    OtherFilter { stored: String, wanted: String },
}

/// Filters on the same fields are not told apart by their description.
fn another(stored: &str, wanted: &str) -> &'static str {
    if stored == wanted {
        " with other values"
    } else {
        ""
    }
}

impl PlanError {
    /// A name for programs.
    pub(super) fn code(&self) -> &'static str {
        match self {
            PlanError::Unreadable { .. } => UNREADABLE_CURSOR,
            PlanError::OtherFilter { .. } => "other_filter",
        }
    }
}

/// Decides from what is stored and what was asked for.
pub(super) fn plan(
    formats: &Formats,
    stream: &StreamDescriptor,
    state: &State,
    options: &RunOptions,
) -> Result<Plan, PlanError> {
    // A stream that does not know when its rows changed is read whole, whatever the start date.
    let wanted = match options.since_ms {
        Some(since) if stream.modes.contains(StreamModes::INCREMENTAL) => {
            StoredSelection::Since(since)
        }
        _ => StoredSelection::All,
    };
    let filter = options.filters.get(&stream.name).map(Filter::mark);
    let from_nothing = |start| Plan {
        start,
        cursor: None,
        position: Position {
            selection: wanted,
            filter: filter.clone(),
            format: formats.writes,
            ..Position::default()
        },
        is_read_anew: false,
        remark: None,
    };
    if options.full {
        return Ok(from_nothing(ScanStart::Anew));
    }
    match choose(state.streams.get(&stream.name), &formats.reads) {
        Found::Nothing => Ok(from_nothing(ScanStart::New)),
        Found::Unreadable { formats: found }
            if found.iter().all(|format| options.given_up.contains(format)) =>
        {
            Ok(Plan {
                is_read_anew: true,
                ..from_nothing(ScanStart::Anew)
            })
        }
        Found::Unreadable { formats: found } => Err(PlanError::Unreadable {
            found: list(&found),
            reads: list(&formats.reads),
        }),
        Found::Position { position, .. } if position.filter != filter => {
            Err(PlanError::OtherFilter {
                stored: describe(position.filter.as_deref()),
                wanted: describe(filter.as_deref()),
            })
        }
        Found::Position { position, newest } => {
            let (start, cursor) = match (&position.next, &position.checkpoint) {
                (Some(next), _) => (ScanStart::Resumed { same_scan: newest }, next),
                (None, Some(checkpoint)) => (ScanStart::New, checkpoint),
                (None, None) => return Ok(from_nothing(ScanStart::New)),
            };
            let ignored = wanted != position.selection && options.since_ms.is_some();
            Ok(Plan {
                start,
                cursor: Some(cursor.clone()),
                position: Position {
                    goes_on: position.goes_on || position.next.is_none(),
                    ..position.clone()
                },
                is_read_anew: false,
                remark: ignored.then(|| {
                    "goes on from its position; the start date is for the first reading (--full begins anew)"
                        .to_owned()
                }),
            })
        }
    }
}

fn list(formats: &[u8]) -> String {
    let names: Vec<String> = formats.iter().map(u8::to_string).collect();
    names.join(", ")
}
