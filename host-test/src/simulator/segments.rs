//! Segments.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::errors::ApiError;
use super::generate::SPAN;
use super::generator::Generator;
use super::identifiers::{self, Kind};
use super::route::Route;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/segments", "segments", list),
    Route::new("GET", "/segments/{id}", "segments", read),
];

/// Segment number `index`, with the number of its contacts or without.
pub(crate) fn segment(workspace: &Workspace, index: u64, with_count: bool) -> Value {
    let generator = &workspace.generator;
    let created_at = generator
        .epoch
        .saturating_sub(SPAN)
        .saturating_add_unsigned(index);
    let mut segment = json!({
        "type": "segment",
        "id": identifiers::encode(generator.seed, Kind::Segment, index),
        "name": format!("Segment {}", index + 1),
        "created_at": created_at,
        "updated_at": created_at.saturating_add(86_400),
        "person_type": if index % 3 == 2 { "contact" } else { "user" },
    });
    if with_count {
        segment["count"] = generator.segment_count(index).into();
    }
    segment
}

impl Workspace {
    /// The segments, as the API renders them, without counts.
    pub fn segments(&self) -> Vec<Value> {
        all(self, false)
    }
}

fn all(workspace: &Workspace, with_count: bool) -> Vec<Value> {
    let indexes = 0..workspace.generator.segments;
    indexes
        .map(|index| segment(workspace, index, with_count))
        .collect()
}

/// The segments that a contact belongs to.
pub(crate) fn of_contact(workspace: &Workspace, number: u64) -> Vec<Value> {
    (0..workspace.generator.segments)
        .filter(|index| Generator::in_segment(number, *index))
        .map(|index| segment(workspace, index, false))
        .collect()
}

/// The number that a segment's id leads to.
///
/// # Errors
/// 404 when there is none with this id.
pub(crate) fn index(workspace: &Workspace, id: &str) -> Result<u64, ApiError> {
    identifiers::decode(workspace.options.seed, Kind::Segment, id)
        .filter(|index| *index < workspace.generator.segments)
        .ok_or_else(ApiError::resource_not_found)
}

fn list(workspace: &Workspace, call: &Call) -> Outcome {
    let segments = all(workspace, call.flag("include_count"));
    Answer::json(&json!({"type": "segment.list", "segments": segments}))
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    let index = index(workspace, call.parameter(0))?;
    Answer::json(&segment(workspace, index, call.flag("include_count")))
}
