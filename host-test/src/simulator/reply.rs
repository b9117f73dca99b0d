//! An answer on its way out: status, body, and the headers that every answer has.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::call::Answer;
use super::connection::Breakage;
use super::errors::ApiError;
use super::moment::timestamp;
use super::rate_limit::RateState;
use super::version::ApiVersion;

pub(crate) const JSON: &str = "application/json; charset=utf-8";

/// An answer before its headers.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) link: Option<String>,
    pub(crate) rate: Option<RateState>,
    pub(crate) breakage: Breakage,
}

impl Reply {
    /// The answer that comes of what a resource made of a call.
    pub(crate) fn of(
        outcome: Result<Answer, ApiError>,
        request_id: &str,
        rate: RateState,
    ) -> Reply {
        let (status, content_type, body, link) = match outcome {
            Ok(Answer {
                status,
                content_type,
                body,
            }) => (status, content_type, body, None),
            Err(error) => {
                let body = error.body(request_id).to_string().into_bytes();
                (error.status, JSON, body, error.link)
            }
        };
        Reply {
            status,
            content_type,
            body,
            link,
            rate: Some(rate),
            breakage: Breakage::None,
        }
    }

    /// The response, with the headers that every answer has; `now` in Unix seconds of the workspace's clock, which a
    /// test may have moved.
    pub(crate) fn into_response(self, request_id: &str, version: ApiVersion, now: i64) -> Response {
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        set("x-request-id", request_id.to_owned());
        set("intercom-version", version.to_string());
        if let Some(rate) = self.rate {
            set("x-ratelimit-limit", rate.limit.to_string());
            set("x-ratelimit-remaining", rate.remaining.to_string());
            set("x-ratelimit-reset", rate.reset.to_string());
        }
        if let Some(link) = self.link {
            set("link", link);
        }
        let date = timestamp(now).strftime("%a, %d %b %Y %H:%M:%S GMT");
        set("date", date.to_string());
        finish(self.status, self.content_type, self.body, headers)
    }
}

/// A response with this body.
pub(crate) fn finish(
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
    headers: HeaderMap,
) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
