//! One request, from its arrival to its answer: control door or API; hold, rate limit, faults, token, version, permission;
//! then the resource; then the headers that every answer has.

use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use serde_json::Value;

use super::call::{Answer, Call};
use super::connection::{Breakage, Connection};
use super::control;
use super::disturbance::{disturbed, refused};
use super::errors::ApiError;
use super::faults::FaultKind;
use super::hold::Turn;
use super::oauth;
use super::reply::{self, Reply, finish};
use super::request_log::RequestLogEntry;
use super::route::JSON;
use super::router;
use super::version::ApiVersion;
use super::workspace::{SharedWorkspace, Workspace};

/// The largest body that is read.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// Answers one request.
pub(crate) async fn respond(
    State(workspace): State<SharedWorkspace>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await;
    let path = parts.uri.path();
    if path.starts_with(control::PREFIX) {
        let query = query(&parts);
        let (status, answer) = control::answer(
            &workspace,
            parts.method.as_str(),
            path,
            &query,
            &body.unwrap_or_default(),
        )
        .await;
        return finish(
            status,
            reply::JSON,
            answer.to_string().into_bytes(),
            HeaderMap::new(),
        );
    }
    if path == oauth::PAGE && parts.method == Method::GET {
        return oauth::page(&workspace, &query(&parts));
    }
    let turn = workspace.hold.arrive();
    if let Turn::BeforeWork(released) = turn {
        workspace.hold.wait(released).await;
    }
    let sent = body.as_ref().cloned().unwrap_or_default();
    let arrived = workspace.clock.milliseconds();
    let request_id = workspace.next_uuid();
    let rate = workspace.rate_limit.take(arrived);
    let fault = workspace.faults.take(parts.method.as_str(), path);
    let delay = match &fault {
        Some(FaultKind::Slow(delay)) => workspace.options.latency.saturating_add(*delay),
        _ => workspace.options.latency,
    };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    // A search may look at every contact; other requests go on meanwhile.
    let reply = tokio::task::block_in_place(|| {
        match refused(&workspace, fault.as_ref(), path, &request_id, rate) {
            Some(reply) => reply,
            None => {
                let outcome = if rate.exceeded {
                    Err(ApiError::rate_limit_exceeded(rate.limit))
                } else {
                    body.map_err(|_| ApiError::new(413, "client_error", "The body is too large"))
                        .and_then(|body| work(&workspace, &parts, &body))
                };
                disturbed(
                    &workspace,
                    fault.as_ref(),
                    Reply::of(outcome, &request_id, rate),
                )
            }
        }
    });
    log(&workspace, &parts, arrived, &reply);
    record(&workspace, &parts, &sent, &reply, fault.as_ref());
    if let Turn::BeforeAnswer(released) = turn {
        workspace.hold.wait(released).await;
    }
    connection.breaker.set(reply.breakage);
    let version = version(&parts.headers).unwrap_or(ApiVersion::DEFAULT);
    reply.into_response(&request_id, version, workspace.now())
}

/// What the API makes of a request: who asks, in which version, for what, and whether that is allowed.
fn work(workspace: &Workspace, parts: &Parts, body: &Bytes) -> Result<Answer, ApiError> {
    let found = router::find(parts.method.as_str(), parts.uri.path());
    let open = found.as_ref().is_some_and(|(route, _)| route.open);
    let token = text(&parts.headers, header::AUTHORIZATION.as_str());
    let token = token.and_then(|value| {
        value
            .strip_prefix("Bearer ")
            .or(value.strip_prefix("bearer "))
    });
    if !open && !token.is_some_and(|token| workspace.accepts(token.trim())) {
        return Err(ApiError::new(401, "unauthorized", "Access Token Invalid"));
    }
    let version = version(&parts.headers).ok_or_else(|| {
        ApiError::new(
            400,
            "intercom_version_invalid",
            "The requested version could not be found",
        )
    })?;
    let media_type = found.as_ref().map_or(JSON, |(route, _)| route.media_type);
    if !accepts(&parts.headers, media_type) {
        return Err(ApiError::new(
            406,
            "media_type_not_acceptable",
            format!("The Accept header should send a media type of {media_type}"),
        ));
    }
    let (route, parameters) = found.ok_or_else(ApiError::resource_not_found)?;
    if version < route.since || version > route.until {
        return Err(ApiError::new(
            400,
            "intercom_version_invalid",
            "Requested resource is not available in current API version.",
        ));
    }
    if workspace.options.denied.iter().any(|denied| {
        let of_writes = denied.strip_prefix("write_").filter(|_| route.writes);
        [Some(denied.as_str()), of_writes].contains(&Some(route.permission))
    }) {
        let scope = route.scope();
        return Err(if version >= ApiVersion::V2_16 {
            let message =
                format!("You do not have the required scope ({scope}) to access this resource");
            ApiError::new(403, "forbidden", message)
        } else {
            ApiError::new(
                401,
                "token_unauthorized",
                "Not authorized to access resource",
            )
        });
    }
    let body = if body.is_empty() {
        Value::Null
    } else if route.open && is_form(&parts.headers) {
        form(body)
    } else {
        serde_json::from_slice(body)
            .map_err(|_| ApiError::bad_request("The body is not valid JSON"))?
    };
    let call = Call {
        parameters,
        query: query(parts),
        body,
        version,
    };
    workspace.finish_jobs();
    (route.handler)(workspace, &call)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The version a request names; the app's when it names none.
fn version(headers: &HeaderMap) -> Option<ApiVersion> {
    match headers.get("intercom-version") {
        None => Some(ApiVersion::DEFAULT),
        Some(value) => ApiVersion::parse(value.to_str().ok()?.trim()),
    }
}

/// Whether an `Accept` header leaves room for a media type. Without one there is room for JSON only, and anything but JSON
/// has to be named.
fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    let Some(accept) = text(headers, header::ACCEPT.as_str()) else {
        return media_type == JSON;
    };
    let mut ranges = accept
        .split(',')
        .filter_map(|range| range.split(';').next());
    ranges.any(|range| match range.trim() {
        "*/*" | "application/*" => media_type == JSON,
        range => range == media_type,
    })
}

fn is_form(headers: &HeaderMap) -> bool {
    text(headers, header::CONTENT_TYPE.as_str())
        .is_some_and(|content_type| content_type.starts_with("application/x-www-form-urlencoded"))
}

/// The fields of a form, as the JSON object that would say the same.
fn form(body: &[u8]) -> Value {
    let fields = url::form_urlencoded::parse(body);
    fields
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}

fn query(parts: &Parts) -> Vec<(String, String)> {
    Query::try_from_uri(&parts.uri).map_or_else(|_| Vec::new(), |Query(query)| query)
}

fn log(workspace: &Workspace, parts: &Parts, at: i64, reply: &Reply) {
    let method = parts.method.as_str();
    let pattern =
        router::find(method, parts.uri.path()).map_or("(unknown)", |(route, _)| route.path);
    let entry = RequestLogEntry {
        method: method.to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        status: if reply.breakage == Breakage::Reset {
            0
        } else {
            reply.status
        },
        at,
    };
    workspace.log.push(entry, format!("{method} {pattern}"));
}

/// Records the exchange where that is wanted; not one of a credential for another, whose bodies are secrets.
fn record(
    workspace: &Workspace,
    parts: &Parts,
    sent: &[u8],
    reply: &Reply,
    fault: Option<&FaultKind>,
) {
    let Some(recorder) = &workspace.recorder else {
        return;
    };
    let found = router::find(parts.method.as_str(), parts.uri.path());
    if !found.is_some_and(|(route, _)| route.open) {
        let garbled = fault.is_some_and(FaultKind::garbles);
        recorder.append(parts, sent, reply, garbled);
    }
}
