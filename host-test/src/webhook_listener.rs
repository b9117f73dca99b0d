//! Takes webhooks over HTTP: verified in the component, stored durably in a queue, answered at once.
//!
//! What the provider sees: 200 for everything genuine (also what was stored before, or means nothing here), 401 for what
//! is not genuine, 400 for what is no notification or too old, 403 from an address that is not allowed, 404 for a workspace
//! that nobody here is connected to, 410 when the connection is gone, 413 for what is too large, 429 when too much is
//! waiting, and 500 or 503 for what it should send again.

mod answer;
mod body;
mod callers;
mod door;
mod pointer;
mod recipient;
mod sources;
mod told;
mod watch;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use self::answer::Answer;
pub(crate) use self::body::read as read_body;
pub(crate) use self::callers::{Caller, Patience, serve as serve_callers};
pub use self::door::Door;
pub(crate) use self::pointer::text_at;
pub use self::recipient::{Recipient, RecipientOptions};
pub(crate) use self::sources::sender;
pub use self::sources::{PublishedError, allowed_networks, published_networks};
pub use self::watch::Watch;
use crate::clock::now_ms;
use crate::metrics;
pub use crate::webhook_queue::WebhookCounts;

/// Bodies that may be in memory at the same time, in KiB.
pub(crate) const BODIES_KIB: usize = 256 * 1024;

/// The largest body when the component does not say.
const BODY_BYTES: usize = 1024 * 1024;

/// Takes the webhooks of connections. Cheap to clone.
#[derive(Clone)]
pub struct WebhookListener {
    shared: Arc<Shared>,
}

struct Shared {
    recipients: Vec<Arc<Recipient>>,
    /// Where other systems tell something.
    doors: Vec<Door>,
    /// Where a body says which workspace it is from.
    workspace_pointer: String,
    body_bytes: usize,
    bodies: Semaphore,
    /// What became of deliveries that are for nobody.
    unaddressed: Mutex<WebhookCounts>,
}

impl WebhookListener {
    /// Takes webhooks for these, all of the same component. Each has a path of its own, `/NAME`; on any other path the
    /// workspace's id in the body says for whom a delivery is.
    pub fn new(recipients: Vec<Recipient>) -> WebhookListener {
        WebhookListener::with_doors(recipients, Vec::new())
    }

    /// The same, with doors for other systems. Their paths come first.
    pub fn with_doors(recipients: Vec<Recipient>, doors: Vec<Door>) -> WebhookListener {
        let routing = recipients.first().and_then(Recipient::routing);
        let limit = routing.and_then(|routing| usize::try_from(routing.max_body_bytes).ok());
        let workspace_pointer = routing.map(|routing| routing.workspace_pointer.clone());
        let shared = Arc::new(Shared {
            workspace_pointer: workspace_pointer.unwrap_or_default(),
            body_bytes: limit.unwrap_or(BODY_BYTES),
            bodies: Semaphore::new(BODIES_KIB),
            recipients: recipients.into_iter().map(Arc::new).collect(),
            doors,
            unaddressed: Mutex::default(),
        });
        let strangers = Arc::downgrade(&shared);
        metrics::watch(move |readings| {
            let Some(listener) = strangers.upgrade() else {
                return false;
            };
            let unaddressed = listener.unaddressed.lock();
            let unaddressed = *unaddressed.unwrap_or_else(PoisonError::into_inner);
            unaddressed.show("", readings);
            true
        });
        WebhookListener { shared }
    }

    /// What became of all deliveries so far.
    pub fn counts(&self) -> WebhookCounts {
        let unaddressed = self.shared.unaddressed.lock();
        let unaddressed = *unaddressed.unwrap_or_else(PoisonError::into_inner);
        let recipients = self.shared.recipients.iter();
        recipients.fold(unaddressed, |all, recipient| all.and(recipient.counts()))
    }

    /// The routes. Without [`ConnectInfo`] no sender's address is known, and where some are allowed only, none is.
    pub fn router(&self) -> Router {
        Router::new().fallback(receive).with_state(self.clone())
    }

    /// Serves until `stop` is done; deliveries under way are finished. Senders that take longer than a request may take
    /// are cut off.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let answer = move |request| receive(State(self.clone()), request);
        serve_callers(listener, stop, Patience::default(), answer).await;
        Ok(())
    }

    /// Answers a request that came to somebody else's door.
    pub async fn answer(&self, request: Request<Body>) -> Response {
        receive(State(self.clone()), request).await
    }

    async fn take(&self, parts: &Parts, body: Body) -> Answer {
        let shared = &self.shared;
        let connection = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = connection.map(|connection| connection.0.ip());
        let mut doors = shared.doors.iter();
        if let Some(door) = doors.find(|door| door.is_at(parts.uri.path())) {
            return self.take_at(door, parts, body).await;
        }
        let named = self.named(parts.uri.path());
        let possible = match &named {
            Some(recipient) => std::slice::from_ref(recipient),
            None => shared.recipients.as_slice(),
        };
        if possible.is_empty() {
            return self.refuse(possible, Answer::nobody());
        }
        // Nobody has to read what comes from a stranger.
        if !possible.iter().any(|one| one.admits(peer, &parts.headers)) {
            return self.refuse(possible, Answer::stranger());
        }
        let (body, _memory) = match body::read(body, shared.body_bytes, &shared.bodies).await {
            Ok(read) => read,
            Err(StatusCode::TOO_MANY_REQUESTS) => return self.throttle(possible),
            Err(status) => return self.refuse(possible, Answer::status(status)),
        };
        if let Some(caller) = parts.extensions.get::<Arc<Caller>>() {
            caller.has_spoken();
        }
        let addressed = match &named {
            Some(recipient) => self.may_be_for(recipient, &body),
            None => self.of_workspace(&body),
        };
        let addressed = match addressed {
            Ok(recipients) => recipients,
            Err(answer) => return self.refuse(possible, answer),
        };
        self.hand_over(&addressed, peer, parts, body).await
    }

    /// Takes what another system tells at its door.
    async fn take_at(&self, door: &Door, parts: &Parts, body: Body) -> Answer {
        if door.is_gone() {
            return Answer::gone();
        }
        let shared = &self.shared;
        match body::read(body, shared.body_bytes, &shared.bodies).await {
            Ok((body, _memory)) => {
                if let Some(caller) = parts.extensions.get::<Arc<Caller>>() {
                    caller.has_spoken();
                }
                door.take(&parts.headers, body).await
            }
            Err(StatusCode::TOO_MANY_REQUESTS) => Answer::busy(),
            Err(status) => Answer::status(status),
        }
    }

    /// Gives a delivery to everybody whom it may be for; whose signature it has decides.
    async fn hand_over(
        &self,
        addressed: &[Arc<Recipient>],
        peer: Option<IpAddr>,
        parts: &Parts,
        body: Vec<u8>,
    ) -> Answer {
        let admitted: Vec<&Arc<Recipient>> = addressed
            .iter()
            .filter(|one| one.admits(peer, &parts.headers))
            .collect();
        if admitted.is_empty() {
            return self.refuse(addressed, Answer::stranger());
        }
        let there: Vec<&Arc<Recipient>> =
            admitted.into_iter().filter(|one| !one.is_gone()).collect();
        if there.is_empty() {
            return self.refuse(addressed, Answer::gone());
        }
        if there.iter().any(|one| one.is_full()) {
            return self.throttle(addressed);
        }
        let delivery = body::delivery(&parts.headers, body, now_ms());
        let mut answer: Option<Answer> = None;
        for recipient in there {
            let next = recipient.take(&delivery).await;
            answer = Some(match answer {
                Some(answer) => answer.or(next),
                None => next,
            });
        }
        answer.unwrap_or_else(Answer::gone)
    }

    /// The connection that a path names.
    fn named(&self, path: &str) -> Option<Arc<Recipient>> {
        let name = path.trim_matches('/');
        let mut recipients = self.shared.recipients.iter();
        let named = recipients.find(|recipient| recipient.name() == name);
        named.cloned()
    }

    /// The one that an address names, unless the body is of another workspace, or may be and nothing would tell.
    fn may_be_for(
        &self,
        recipient: &Arc<Recipient>,
        body: &[u8],
    ) -> Result<Vec<Arc<Recipient>>, Answer> {
        // The component looks itself where the account is known.
        let workspace = text_at(body, &self.shared.workspace_pointer);
        match (recipient.unchecked_workspace(), workspace) {
            (Some(own), Some(workspace)) if own != workspace => Err(Answer::wrong_workspace()),
            _ if !self.tells(recipient) => Err(Answer::untold()),
            _ => Ok(vec![Arc::clone(recipient)]),
        }
    }

    /// Whether what has a good signature is for this one: its workspace is known, or nobody else has its secret. Customers of one
    /// app have one secret.
    fn tells(&self, recipient: &Arc<Recipient>) -> bool {
        let mut others = self.shared.recipients.iter();
        recipient.workspace().is_some()
            || !others.any(|other| !Arc::ptr_eq(other, recipient) && other.shares_secret(recipient))
    }

    /// Those whom a body may be for.
    fn of_workspace(&self, body: &[u8]) -> Result<Vec<Arc<Recipient>>, Answer> {
        let recipients = &self.shared.recipients;
        let Some(workspace) = text_at(body, &self.shared.workspace_pointer) else {
            // Who is alone decides about it as about anything.
            return match recipients.len() {
                1 => Ok(recipients.clone()),
                _ => Err(Answer::no_workspace(&self.shared.workspace_pointer)),
            };
        };
        let of = |wanted: Option<&str>| -> Vec<Arc<Recipient>> {
            let of = recipients.iter().filter(|one| one.workspace() == wanted);
            of.cloned().collect()
        };
        let found = of(Some(&workspace));
        if !found.is_empty() {
            return Ok(found);
        }
        // Those whose workspace is not known are told apart by their secrets, as far as these are their own.
        let unknown = of(None);
        match (
            unknown.is_empty(),
            unknown.iter().all(|one| self.tells(one)),
        ) {
            (true, _) => Err(Answer::unknown_workspace()),
            (false, true) => Ok(unknown),
            (false, false) => Err(Answer::untold()),
        }
    }

    fn refuse(&self, whose: &[Arc<Recipient>], answer: Answer) -> Answer {
        self.count(whose, |counts| counts.refused += 1);
        answer
    }

    fn throttle(&self, whose: &[Arc<Recipient>]) -> Answer {
        self.count(whose, |counts| counts.throttled += 1);
        Answer::busy()
    }

    fn count(&self, whose: &[Arc<Recipient>], change: impl Fn(&mut WebhookCounts)) {
        match whose {
            [recipient] => recipient.count(change),
            _ => {
                let unaddressed = self.shared.unaddressed.lock();
                change(&mut unaddressed.unwrap_or_else(PoisonError::into_inner));
            }
        }
    }
}

async fn receive(State(listener): State<WebhookListener>, request: Request<Body>) -> Response {
    match *request.method() {
        // The provider asks so whether the address is there.
        Method::HEAD | Method::GET => return StatusCode::OK.into_response(),
        Method::POST => {}
        _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
    let (parts, body) = request.into_parts();
    listener.take(&parts, body).await.into_response()
}
