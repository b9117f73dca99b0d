//! Authorising an app: the page that sends a browser back with a code, and the exchange of the code for a token.
//!
//! The page belongs to Intercom's web application and not to the API: no token, no rate limit, no faults, no log. Nobody has
//! to sign in or agree here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use url::Url;

use super::call::{Answer, Call, Outcome};
use super::clock::as_milliseconds;
use super::errors::ApiError;
use super::identifiers::mix;
use super::options::Options;
use super::reply::finish;
use super::route::Route;
use super::workspace::Workspace;

/// Where a browser is sent to authorise.
pub(crate) const PAGE: &str = "/oauth";

pub(crate) const ROUTES: &[Route] = &[Route::open("POST", "/auth/eagle/token", exchange)];

/// How long a code can be exchanged.
const CODE_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// The codes and tokens that were given out.
#[derive(Debug)]
pub(crate) struct Grants {
    seed: u64,
    code_lifetime: i64,
    given: Mutex<Given>,
}

#[derive(Debug, Default)]
struct Given {
    count: u64,
    /// Codes that were not exchanged yet, and when they expire, in Unix milliseconds.
    codes: BTreeMap<String, i64>,
    /// Tokens that are good.
    tokens: BTreeSet<String>,
}

impl Grants {
    pub(crate) fn new(options: &Options) -> Grants {
        Grants {
            seed: options.seed,
            code_lifetime: as_milliseconds(options.scaled(CODE_LIFETIME)),
            given: Mutex::default(),
        }
    }

    /// Whether a token was given out and not revoked.
    pub(crate) fn accept(&self, token: &str) -> bool {
        self.lock().tokens.contains(token)
    }

    /// A new token.
    pub(crate) fn token(&self) -> String {
        let mut given = self.lock();
        let token = given.next("tok", self.seed);
        given.tokens.insert(token.clone());
        token
    }

    /// Revokes all tokens that were given out.
    pub(crate) fn revoke(&self) {
        self.lock().tokens.clear();
    }

    fn code(&self, now: i64) -> String {
        let mut given = self.lock();
        let code = given.next("code", self.seed);
        let expires = now.saturating_add(self.code_lifetime);
        given.codes.insert(code.clone(), expires);
        code
    }

    /// Uses up a code; false when there is none, or its time is over.
    fn redeem(&self, code: &str, now: i64) -> bool {
        let expires = self.lock().codes.remove(code);
        expires.is_some_and(|expires| now < expires)
    }

    fn lock(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Given {
    /// A text that was not given out before, in Base64 with padding as Intercom's are.
    fn next(&mut self, kind: &str, seed: u64) -> String {
        self.count += 1;
        let high = mix(seed ^ mix(self.count));
        let low = mix(high ^ self.count);
        let text = format!("{kind}:{high:016x}{low:016x}");
        // What does not fill a group of three bytes is padded.
        let padded = format!("{text:_<width$}", width = text.len() / 3 * 3 + 2);
        STANDARD.encode(padded)
    }
}

/// The page: sends the browser back to the app with a code, or says what is wrong with the request.
pub(crate) fn page(workspace: &Workspace, query: &[(String, String)]) -> Response {
    let value = |name: &str| {
        let found = query.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    };
    let options = &workspace.options;
    if value("client_id") != Some(options.client_id.as_str()) {
        return refusal("There is no app with this client_id");
    }
    let redirect = value("redirect_uri").unwrap_or(&options.redirect_uri);
    if redirect != options.redirect_uri {
        return refusal("The redirect_uri is not one of the app's");
    }
    let Ok(mut address) = Url::parse(redirect) else {
        return refusal("The app's redirect_uri is no URL");
    };
    let code = workspace.grants.code(workspace.clock.milliseconds());
    address.query_pairs_mut().append_pair("code", &code);
    if let Some(state) = value("state") {
        address.query_pairs_mut().append_pair("state", state);
    }
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::from_str(address.as_str()) {
        headers.insert(header::LOCATION, location);
    }
    finish(302, "text/html; charset=utf-8", Vec::new(), headers)
}

fn refusal(why: &str) -> Response {
    let page = format!("<!doctype html><title>Intercom</title><p>{why}</p>");
    let html = "text/html; charset=utf-8";
    finish(400, html, page.into_bytes(), HeaderMap::new())
}

/// `POST /auth/eagle/token`: a token for a code, from a form or a JSON object.
fn exchange(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let field = |name: &str| {
        fields
            .get(name)
            .and_then(|value| value.as_str())
            .filter(|text| !text.is_empty())
            .ok_or_else(|| ApiError::parameter_not_found(format!("{name} is missing")))
    };
    let (code, id, secret) = (field("code")?, field("client_id")?, field("client_secret")?);
    let options = &workspace.options;
    let unauthorized = |message| ApiError::new(401, "unauthorized", message);
    if (id, secret) != (&options.client_id, &options.client_secret) {
        return Err(unauthorized("Unauthorized Client"));
    }
    if !workspace
        .grants
        .redeem(code, workspace.clock.milliseconds())
    {
        return Err(unauthorized("Unauthorized Code"));
    }
    let token = workspace.grants.token();
    Answer::json(&json!({"token_type": "Bearer", "token": token, "access_token": token}))
}
