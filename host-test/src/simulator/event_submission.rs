//! Submitting events, one by one or as sums.

use serde_json::{Map, Value};

use super::call::{Answer, Call, Outcome};
use super::contact::{Contact, Role};
use super::contact_fields::number;
use super::errors::ApiError;
use super::event::Times;
use super::people::{self, Key};
use super::route::Route;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::write("POST", "/events", "events", submit),
    Route::write("POST", "/events/summaries", "events", summarise),
];

/// The names of a contact's keys here.
const KEYS: &[(&str, Key)] = &[
    ("id", Key::Id),
    ("user_id", Key::ExternalId),
    ("email", Key::Email),
];

/// How many keys of an event's metadata are kept.
const MOST_KEYS: usize = 10;

fn name(fields: &Map<String, Value>) -> Result<&str, ApiError> {
    let name = fields.get("event_name").and_then(Value::as_str);
    name.filter(|name| !name.is_empty())
        .ok_or_else(|| ApiError::parameter_not_found("event_name is a required parameter"))
}

fn time(fields: &Map<String, Value>, name: &str) -> Result<i64, ApiError> {
    number(name, fields.get(name).unwrap_or(&Value::Null))?
        .ok_or_else(|| ApiError::parameter_not_found(format!("{name} is a required parameter")))
}

/// The contact whose event it is: a lead only by its id here.
fn contact(
    workspace: &Workspace,
    fields: &Map<String, Value>,
) -> Result<std::sync::Arc<Contact>, ApiError> {
    let contact = people::contact(workspace, fields, KEYS)?;
    if contact.role == Role::Lead && people::id(fields.get("id")).is_none() {
        return Err(ApiError::contact_not_found());
    }
    Ok(contact)
}

fn check_room(workspace: &Workspace, name: &str) -> Result<(), ApiError> {
    let room = workspace.read().events.has_room_for(name);
    room.then_some(()).ok_or_else(|| {
        ApiError::new(
            400,
            "custom_data_limit_reached",
            "The workspace has reached the maximum of 120 event types",
        )
    })
}

/// An event that is there already is accepted as well.
fn submit(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let name = name(fields)?;
    let created_at = time(fields, "created_at")?;
    let metadata = match fields.get("metadata") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(metadata)) => {
            let kept = metadata.iter().take(MOST_KEYS);
            kept.map(|(key, value)| (key.clone(), value.clone()))
                .collect()
        }
        Some(_) => {
            return Err(ApiError::parameter_invalid(
                "metadata must be of type object",
            ));
        }
    };
    let contact = contact(workspace, fields)?;
    check_room(workspace, name)?;
    let id = contact.id(workspace.options.seed);
    workspace.add_event(&id, name, Some(created_at), metadata, false)?;
    Ok(Answer::empty().accepted())
}

fn summarise(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let invalid = || ApiError::parameter_invalid("event_summaries is not valid");
    let summaries = match fields.get("event_summaries") {
        Some(Value::Array(summaries)) => summaries.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => return Err(invalid()),
    };
    let contact = contact(workspace, fields)?;
    for summary in summaries {
        let summary = summary.as_object().ok_or_else(invalid)?;
        let name = name(summary)?;
        let times = Times {
            count: u64::try_from(time(summary, "count")?).map_err(|_| invalid())?,
            first: time(summary, "first")?,
            last: time(summary, "last")?,
        };
        check_room(workspace, name)?;
        let mut state = workspace.write();
        state.events.summarise(contact.number, name, times);
    }
    Ok(Answer::empty())
}
