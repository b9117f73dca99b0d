//! The door for webhooks, on a port of its own: `/NAME` is a connection's, and on `/` the workspace's id in the body says
//! for which connections a delivery is (a provider that has one address for all workspaces of an app needs that). `/NAME/CALLBACK`,
//! or the path that its file says, is a connection's door for another system. Nothing else is served there.
//!
//! Customers of one app have one secret, so a good signature does not say whose a delivery is: on `/` a connection takes nothing before
//! its workspace is known, and at `/NAME` nothing that the secret of another connection has signed as well. What cannot be told yet
//! is to come again.

use std::future::Future;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::lives::{Live, OpenProblem};
use super::registry::Known;
use super::server::Platform;
use crate::webhook_listener::{BODIES_KIB, Caller, Patience, read_body, serve_callers, text_at};

/// The largest body when the component does not say.
const BODY_BYTES: usize = 1024 * 1024;

/// Connections whose workspace a delivery may wait to be found. Nobody has verified it: it must not open thousands.
const LEARNT_AT_ONCE: usize = 8;

#[derive(Clone)]
struct Door {
    platform: Platform,
    room: Arc<Semaphore>,
}

/// Takes webhooks until `stop` is done; deliveries under way are finished.
pub(super) async fn serve(
    platform: Platform,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let door = Door {
        platform,
        room: Arc::new(Semaphore::new(BODIES_KIB)),
    };
    let answer = move |request| receive(State(door.clone()), request);
    serve_callers(listener, stop, Patience::default(), answer).await;
}

async fn receive(State(door): State<Door>, request: Request<Body>) -> Response {
    match *request.method() {
        // The provider asks so whether the address is there.
        Method::HEAD | Method::GET => return StatusCode::OK.into_response(),
        Method::POST => {}
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
    let name = request.uri().path().trim_matches('/').to_owned();
    if name.is_empty() {
        return door.by_workspace(request).await;
    }
    let registry = &door.platform.shared.registry;
    // Names come first: no door can be put in the place of somebody's webhooks.
    if let Some(known) = registry.named(&name).filter(|known| known.takes_webhooks) {
        return door.by_name(&known, request).await;
    }
    match registry.behind_door(&name) {
        Some(known) => door.hand_over(&known, request).await,
        None if registry.may_be_door(&name) => {
            again_later("the connection cannot be read; send it again")
        }
        None => (StatusCode::NOT_FOUND, "no connection here has this name").into_response(),
    }
}

impl Door {
    /// To the connections of the workspace that a body names. It is not verified yet: this only spares the others the work.
    async fn by_workspace(&self, request: Request<Body>) -> Response {
        let plugin = self.platform.shared.components.current();
        let Some(routing) = &plugin.descriptor().webhooks else {
            return (StatusCode::NOT_FOUND, "the component takes no webhooks").into_response();
        };
        let limit = usize::try_from(routing.max_body_bytes).unwrap_or(BODY_BYTES);
        let (parts, body) = request.into_parts();
        let (body, _room) = match read_body(body, limit, &self.room).await {
            Ok((body, room)) => (Bytes::from(body), room),
            Err(status) => return (status, [("retry-after", "5")]).into_response(),
        };
        if let Some(caller) = parts.extensions.get::<Arc<Caller>>() {
            caller.has_spoken();
        }
        let Some(workspace) = text_at(&body, &routing.workspace_pointer) else {
            let pointer = &routing.workspace_pointer;
            let text = format!("the body names no workspace (expected a text at {pointer})");
            return (StatusCode::BAD_REQUEST, text).into_response();
        };
        let platform = &self.platform;
        platform.learn_workspaces(LEARNT_AT_ONCE).await;
        let registry = &platform.shared.registry;
        let mut best: Option<Response> = None;
        for known in registry.of_workspace(&workspace) {
            let answer = self.hand_over(&known, for_one(&known, &parts, &body)).await;
            best = Some(match best {
                Some(best) if rank(&best) <= rank(&answer) => best,
                _ => answer,
            });
        }
        match best {
            Some(best) => best,
            None if registry.of_no_workspace(1, |_| true).is_empty() => {
                let text = "no connection here is for the workspace that the body names";
                (StatusCode::NOT_FOUND, text).into_response()
            }
            None => again_later(
                "the workspace of some connections here is not known yet, so it may be for one of them; send it again",
            ),
        }
    }

    /// To the connection that a path names.
    async fn by_name(&self, known: &Arc<Known>, request: Request<Body>) -> Response {
        let live = match self.open(known).await {
            Ok(live) => live,
            Err(answer) => return answer,
        };
        let registry = &self.platform.shared.registry;
        if known.found().workspace.is_none() && registry.shares_secrets(known) {
            return again_later(
                "the connection's workspace is not known yet, and others here have its secret; send it again",
            );
        }
        answer(&live, request).await
    }

    async fn hand_over(&self, known: &Arc<Known>, request: Request<Body>) -> Response {
        match self.open(known).await {
            Ok(live) => answer(&live, request).await,
            Err(answer) => answer,
        }
    }

    async fn open(&self, known: &Arc<Known>) -> Result<Arc<Live>, Response> {
        self.platform
            .live(known)
            .await
            .map_err(|error| match error {
                OpenProblem::Gone => gone(),
                OpenProblem::File(error) if error.is_gone() => gone(),
                error => {
                    tracing::error!(connection = known.name, "a webhook is not taken: {error}");
                    again_later("the connection cannot be opened; send it again")
                }
            })
    }
}

async fn answer(live: &Live, request: Request<Body>) -> Response {
    match live.listener() {
        Some(listener) => listener.answer(request).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn again_later(text: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

fn gone() -> Response {
    let text = "the connection is gone: send nothing more";
    (StatusCode::GONE, text).into_response()
}

/// A delivery at the address of one connection, where no door of it is.
fn for_one(known: &Known, parts: &Parts, body: &Bytes) -> Request<Body> {
    let mut parts = parts.clone();
    if let Ok(address) = format!("/{}", known.name).parse() {
        parts.uri = address;
    }
    Request::from_parts(parts, Body::from(body.clone()))
}

/// What one did not store has to come again; what one took is taken.
fn rank(answer: &Response) -> u8 {
    match answer.status().as_u16() {
        500.. => 0,
        429 => 1,
        200 => 2,
        _ => 3,
    }
}
