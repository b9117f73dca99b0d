//! Versions of components over the control API: what `host-test component` does, in the server that runs them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::Control;
use super::answer::{Answer, Refused};
use super::routes::named;
use crate::components::{Activation, ComponentsError, Scope, StoreError};

/// What `POST /components/activate` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Activate {
    version: String,
    connection: Option<String>,
    canary: Option<u8>,
    #[serde(default)]
    consent: bool,
}

/// What `POST /components/rollback` takes.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RollBack {
    connection: Option<String>,
}

/// Versions, what is active of them, and what each is doing in this server.
pub(super) async fn list(State(control): State<Control>) -> Answer {
    let slot = &control.platform().shared.components;
    let manifest = slot.components().store().manifest().map_err(refused)?;
    Ok(Json(json!({
        "versions": manifest.versions,
        "connectors": manifest.connectors,
        "running": slot.components().status().await,
    })))
}

/// Checks a component, which is the body, and keeps it.
pub(super) async fn add(State(control): State<Control>, body: Bytes) -> Answer {
    let slot = &control.platform().shared.components;
    let added = slot.components().add(&body, "the component").await?;
    Ok(Json(json!(added)))
}

/// Makes a version the active one.
pub(super) async fn activate(State(control): State<Control>, body: Bytes) -> Answer {
    let asked: Activate = document(&body)?;
    let scope = match (asked.connection, asked.canary) {
        (Some(_), Some(_)) => {
            let message = "`connection` and `canary` exclude each other";
            return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, message));
        }
        (Some(connection), None) => {
            named(&control, &connection)?;
            Scope::Connection(connection)
        }
        (None, Some(percent @ 1..=99)) => Scope::Canary(percent),
        (None, Some(_)) => {
            let message = "`canary` is a share of the connections: 1 to 99";
            return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, message));
        }
        (None, None) => Scope::All,
    };
    let asked = Activation {
        version: asked.version,
        scope,
        consent: asked.consent,
        ..Activation::default()
    };
    let slot = &control.platform().shared.components;
    let found = slot.components().store().find(&asked.version);
    let found = found.map_err(refused)?;
    if found.name != slot.connector() {
        let (other, own) = (found.title(), slot.connector());
        let message = format!("{other} is another connector than {own}, which this server runs");
        return Err(Refused::new(StatusCode::CONFLICT, message));
    }
    let asked = control.platform().with_stored(asked).await?;
    let (active, swapped) = slot.components().activate(&asked).await?;
    Ok(Json(json!({"active": active, "swapped": swapped})))
}

/// Goes back to the version before, or ends a canary.
pub(super) async fn roll_back(State(control): State<Control>, body: Bytes) -> Answer {
    let asked: RollBack = match body.trim_ascii().is_empty() {
        true => RollBack::default(),
        false => document(&body)?,
    };
    let slot = &control.platform().shared.components;
    let connection = asked.connection.as_deref();
    let (active, swapped) = slot
        .components()
        .roll_back(slot.connector(), connection)
        .await?;
    let lost = match &active {
        Some(version) => control.platform().lost_on(version).await?,
        None => Vec::new(),
    };
    Ok(Json(
        json!({"active": active, "swapped": swapped, "lost": lost}),
    ))
}

/// What a body asks for, whatever its sender calls its type.
fn document<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("the body is no document that is taken here: {error}");
        Refused::new(StatusCode::BAD_REQUEST, message)
    })
}

fn refused(error: StoreError) -> Refused {
    Refused::from(ComponentsError::from(error))
}

impl From<ComponentsError> for Refused {
    fn from(error: ComponentsError) -> Refused {
        let status = match &error {
            ComponentsError::Store(StoreError::UnknownVersion { .. })
            | ComponentsError::NoneActive { .. } => StatusCode::NOT_FOUND,
            ComponentsError::Store(
                StoreError::Ambiguous { .. }
                | StoreError::Refused { .. }
                | StoreError::NothingBefore { .. }
                | StoreError::NothingToCompare
                | StoreError::SameAsActive(_),
            ) => StatusCode::CONFLICT,
            ComponentsError::Load { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            ComponentsError::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Refused::new(status, error.to_string())
    }
}
