//! What can be asked.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Control;
use super::answer::{Answer, Refused};
use crate::nearest::nearest;
use crate::platform::folder::Folder;
use crate::platform::registry::Known;
use crate::platform::server::Asked;
use crate::platform::status;
use crate::webhook_queue::WriteOutcome;

/// How many runs or outcomes are given when nobody says so.
const GIVEN: u32 = 20;

/// The most that are given.
const MOST_GIVEN: u32 = 1_000;

/// What may stand behind the `?` of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Length {
    limit: Option<u32>,
}

/// What may stand behind the `?` of a removal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Removal {
    #[serde(default)]
    data: Data,
}

/// What becomes of the folder of a connection that is removed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Data {
    #[default]
    Keep,
    Remove,
}

/// Where nothing stands behind a `?`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

pub(super) async fn health() -> Json<Value> {
    Json(json!({"ok": true}))
}

pub(super) async fn nothing() -> Refused {
    Refused::not_found("there is nothing at this address; see GET /status and GET /connections")
}

pub(super) async fn no_method() -> Refused {
    Refused::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this address takes another method",
    )
}

pub(super) async fn status(State(control): State<Control>) -> Answer {
    Ok(Json(status::server(control.platform())?))
}

pub(super) async fn connections(State(control): State<Control>) -> Answer {
    let platform = control.platform();
    let all = platform.shared.registry.all();
    // Of thousands it takes its time, in which others have theirs.
    let documents: Result<Vec<Value>, _> = tokio::task::block_in_place(|| {
        let documents = all.iter();
        documents
            .map(|known| status::connection(platform, known))
            .collect()
    });
    Ok(Json(json!({"connections": documents?})))
}

pub(super) async fn connection(State(control): State<Control>, Path(name): Path<String>) -> Answer {
    let known = named(&control, &name)?;
    Ok(Json(status::connection_whole(control.platform(), &known)?))
}

pub(super) async fn add(State(control): State<Control>, body: String) -> Result<Response, Refused> {
    let name = control.platform().add(&body, None).await?;
    let known = named(&control, &name)?;
    let document = status::connection(control.platform(), &known)?;
    Ok((StatusCode::CREATED, Json(document)).into_response())
}

pub(super) async fn replace(
    State(control): State<Control>,
    Path(name): Path<String>,
    body: String,
) -> Result<Response, Refused> {
    let status = match control.platform().shared.registry.named(&name) {
        Some(_) => StatusCode::OK,
        None => StatusCode::CREATED,
    };
    let name = control.platform().add(&body, Some(&name)).await?;
    let known = named(&control, &name)?;
    let document = status::connection(control.platform(), &known)?;
    Ok((status, Json(document)).into_response())
}

pub(super) async fn remove(
    State(control): State<Control>,
    Path(name): Path<String>,
    Query(Removal { data }): Query<Removal>,
) -> Answer {
    let known = named(&control, &name)?;
    let with_data = data == Data::Remove;
    control.platform().remove(&known, with_data).await?;
    let data = if with_data { "removed" } else { "kept" };
    Ok(Json(json!({"removed": name, "data": data})))
}

pub(super) async fn pause(State(control): State<Control>, Path(name): Path<String>) -> Answer {
    let known = named(&control, &name)?;
    control.platform().pause(&known)?;
    Ok(Json(status::connection(control.platform(), &known)?))
}

pub(super) async fn resume(State(control): State<Control>, Path(name): Path<String>) -> Answer {
    let known = named(&control, &name)?;
    control.platform().resume(&known)?;
    Ok(Json(status::connection(control.platform(), &known)?))
}

pub(super) async fn sync(
    State(control): State<Control>,
    Path(name): Path<String>,
    Query(Nothing {}): Query<Nothing>,
    body: String,
) -> Result<Response, Refused> {
    let known = named(&control, &name)?;
    let full = full(&body)?;
    let conflict = |message: &str| Refused::new(StatusCode::CONFLICT, message);
    match control.platform().sync_now(&known, full)? {
        Asked::Yes => {
            let document = status::connection(control.platform(), &known)?;
            Ok((StatusCode::ACCEPTED, Json(document)).into_response())
        }
        Asked::Paused => Err(conflict("the connection is paused; resume it first")),
        Asked::NoReading => Err(conflict(
            "the connection does not read: its `mode` is realtime, or its `direction` is write",
        )),
    }
}

/// Whether everything is to be read anew.
fn full(body: &str) -> Result<bool, Refused> {
    if body.trim().is_empty() {
        return Ok(false);
    }
    let wrong = || {
        let message = "the body is nothing, or {\"full\": true} to read everything anew";
        Refused::new(StatusCode::BAD_REQUEST, message)
    };
    let document: Value = serde_json::from_str(body).map_err(|_| wrong())?;
    let fields = document.as_object().ok_or_else(wrong)?;
    match (fields.len(), fields.get("full")) {
        (0, None) => Ok(false),
        (1, Some(Value::Bool(full))) => Ok(*full),
        _ => Err(wrong()),
    }
}

pub(super) async fn runs(
    State(control): State<Control>,
    Path(name): Path<String>,
    Query(length): Query<Length>,
) -> Answer {
    let (known, most) = listed(&control, &name, &length)?;
    let runs = control
        .platform()
        .shared
        .database
        .runs(Some(&known.name), most)?;
    let runs: Vec<Value> = runs.iter().map(status::run).collect();
    Ok(Json(json!({"runs": runs})))
}

pub(super) async fn outcomes(
    State(control): State<Control>,
    Path(name): Path<String>,
    Query(length): Query<Length>,
) -> Answer {
    let (known, most) = listed(&control, &name, &length)?;
    let folder = Folder::of(&control.platform().shared.data, &known.name);
    let outcomes = tokio::task::block_in_place(|| WriteOutcome::last(&folder.queue(), most));
    let outcomes = outcomes
        .map_err(|error| Refused::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(Json(json!({"outcomes": outcomes})))
}

/// Of which connection somebody wants to see a list, and how much of it.
fn listed(control: &Control, name: &str, length: &Length) -> Result<(Arc<Known>, u32), Refused> {
    let known = named(control, name)?;
    match length.limit.unwrap_or(GIVEN) {
        most @ 1..=MOST_GIVEN => Ok((known, most)),
        _ => {
            let message = format!("`limit` is a number from 1 to {MOST_GIVEN}");
            Err(Refused::new(StatusCode::BAD_REQUEST, message))
        }
    }
}

pub(super) fn named(control: &Control, name: &str) -> Result<Arc<Known>, Refused> {
    let registry = &control.platform().shared.registry;
    registry.named(name).ok_or_else(|| {
        let all = registry.all();
        let near = nearest(name, all.iter().map(|known| known.name.as_str()));
        let meant = near.map(|near| format!("; did you mean {near}?"));
        Refused::not_found(format!(
            "there is no connection {name}{}",
            meant.unwrap_or_default()
        ))
    })
}
