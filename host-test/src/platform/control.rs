//! The control API: JSON over HTTP, for whoever has the token; and the status page.
//!
//! | what | how |
//! |---|---|
//! | whether the server is there; wants no token | `GET /health` |
//! | the status page | `GET /` (also with the token as the password of HTTP Basic, so that a browser can ask for it) |
//! | the server: connections, limits, delays, refusals | `GET /status` |
//! | connections | `GET /connections` |
//! | add, replace, look at, remove one | `POST /connections`, `PUT`, `GET`, `DELETE /connections/NAME` |
//! | pause, resume, sync now | `POST /connections/NAME/pause`, `…/resume`, `…/sync` (`{"full": true}`) |
//! | runs, the newest first | `GET /connections/NAME/runs?limit=N` |
//! | what became of rows that intents and callbacks wrote, the newest first | `GET /connections/NAME/outcomes?limit=N` |
//! | versions of the component, and what each is doing | `GET /components` |
//! | add one (the body is the component), activate one, go back | `POST /components`, `…/activate` (`{"version": "…"}`, also `connection`, `canary`, `consent`), `…/rollback` |
//!
//! An error is `{"error": "…"}`. No answer holds a credential.

mod answer;
mod authorization;
mod components;
mod routes;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{Request, StatusCode};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

pub use self::authorization::Refusals;
use super::server::Platform;
use super::status_page;
use crate::metrics::{self, Looked};
use crate::plugin::COMPONENT_BYTES;
use crate::webhook_listener::{Caller, Patience, serve_callers};

/// The control API of a platform. Cheap to clone.
#[derive(Clone)]
pub(super) struct Control {
    platform: Platform,
    /// The hash of the token: what is compared has always the same length.
    token: [u8; 32],
}

impl Control {
    pub(super) fn new(platform: Platform) -> Control {
        let token = Sha256::digest(platform.shared.config.token.expose());
        let shared = Arc::downgrade(&platform.shared);
        metrics::watch(move |readings| {
            let Some(shared) = shared.upgrade() else {
                return false;
            };
            let refused = shared.refusals.count() as f64;
            readings.set(Looked::ControlRefusals, &[], refused);
            true
        });
        Control {
            platform,
            token: token.into(),
        }
    }

    /// The routes. Metrics and health are for programs that should not know a token which can do everything.
    fn router(&self) -> Router {
        let connection = get(routes::connection)
            .put(routes::replace)
            .delete(routes::remove);
        Router::new()
            .route("/status", get(routes::status))
            .route("/connections", get(routes::connections).post(routes::add))
            .route("/connections/{name}", connection)
            .route("/connections/{name}/pause", post(routes::pause))
            .route("/connections/{name}/resume", post(routes::resume))
            .route("/connections/{name}/sync", post(routes::sync))
            .route("/connections/{name}/runs", get(routes::runs))
            .route("/connections/{name}/outcomes", get(routes::outcomes))
            .route("/components", get(components::list).post(components::add))
            .route("/components/activate", post(components::activate))
            .route("/components/rollback", post(components::roll_back))
            .layer(DefaultBodyLimit::max(COMPONENT_BYTES))
            .fallback(routes::nothing)
            .method_not_allowed_fallback(routes::no_method)
            .layer(map_response(answer::as_document))
            .layer(from_fn_with_state(self.clone(), authorization::with_token))
            .merge(self.page())
            .route("/health", get(routes::health))
            // Browsers ask for it by themselves: that is no attempt at anything.
            .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
            .merge(metrics::router())
            .with_state(self.clone())
    }

    fn page(&self) -> Router<Control> {
        Router::new()
            .route("/", get(status_page::whole))
            .route("/pages/{name}", get(status_page::one))
            .layer(from_fn_with_state(self.clone(), authorization::of_browser))
    }

    /// Serves until `stop` is done. Whoever connects and says nothing is cut off: it would hold a place, and the end.
    pub(super) async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) {
        let router = TowerToHyperService::new(self.router());
        let answer = move |request: Request<Body>| {
            if let Some(caller) = request.extensions().get::<Arc<Caller>>() {
                caller.has_spoken();
            }
            // In a task of its own: whoever hangs up leaves nothing half done.
            let answered = tokio::spawn(router.call(request));
            async move {
                match answered.await {
                    Ok(answered) => answered.unwrap_or_else(|never| match never {}),
                    Err(_) => {
                        let message = "the server broke off; why is in its log";
                        let broken = StatusCode::INTERNAL_SERVER_ERROR;
                        answer::Refused::new(broken, message).into_response()
                    }
                }
            }
        };
        serve_callers(listener, stop, Patience::default(), answer).await;
    }

    pub(super) fn platform(&self) -> &Platform {
        &self.platform
    }
}
