//! From a guest's request to one that can be sent.

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Client;
use url::Url;

use super::marked_body::{Mark, marked};
use super::not_sent;
use super::target::Target;
use crate::contract::http::{Error, ErrorKind, Method, Request};
use crate::contract::types::Header;
use crate::tenant::{CurrentCredential, TenantShared};

/// Headers in one request.
const HEADERS: usize = 64;
/// Bytes of all their names and values.
const HEADER_BYTES: usize = 32 * 1024;

/// Headers that are the host's: framing, connection, coding and credentials.
const RESERVED: [HeaderName; 12] = [
    AUTHORIZATION,
    PROXY_AUTHORIZATION,
    COOKIE,
    HOST,
    CONTENT_LENGTH,
    TRANSFER_ENCODING,
    CONNECTION,
    UPGRADE,
    TE,
    TRAILER,
    EXPECT,
    ACCEPT_ENCODING,
];

/// Headers of the same kind that have no constant.
const RESERVED_TOO: [&str; 4] = [
    "keep-alive",
    "proxy-connection",
    "cookie2",
    "http2-settings",
];

/// A request that keeps the contract, with scheme and host name, and without a credential.
pub(super) struct Outgoing<'a> {
    pub(super) client: &'a Client,
    /// Host and port of the proxy in between.
    pub(super) proxy: Option<&'a str>,
    method: http::Method,
    /// As the guest gave it, without what a base URL puts in front.
    target: Target,
    url: Url,
    headers: HeaderMap,
    body: Option<Bytes>,
}

impl Outgoing<'_> {
    /// Bytes of the body.
    pub(super) fn size(&self) -> usize {
        self.body.as_ref().map_or(0, Bytes::len)
    }

    /// The body.
    pub(super) fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// Its method, in upper case.
    pub(super) fn method(&self) -> &str {
        self.method.as_str()
    }

    /// Path and query behind the base URL.
    pub(super) fn target(&self) -> &str {
        self.target.as_str()
    }

    /// The request with this credential. The mark tells whether its body was begun; it is absent where there is none.
    pub(super) fn with(&self, credential: &CurrentCredential) -> (reqwest::Request, Option<Mark>) {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        request.headers_mut().clone_from(&self.headers);
        if let Some((name, value)) = &credential.header {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        let mark = self.body.clone().map(|body| {
            let (body, mark) = marked(body);
            *request.body_mut() = Some(body);
            mark
        });
        (request, mark)
    }
}

/// Checks a guest's request and adds scheme and host name.
pub(super) fn outgoing<'a>(
    tenant: &'a TenantShared,
    request: Request,
) -> Result<Outgoing<'a>, Error> {
    let refused = |message: String| not_sent(ErrorKind::Refused, message);
    let endpoint = tenant.endpoints.get(&request.endpoint).ok_or_else(|| {
        let known: Vec<&str> = tenant.endpoints.keys().map(String::as_str).collect();
        refused(format!(
            "there is no endpoint of that name; there are: {}",
            known.join(", ")
        ))
    })?;
    let endpoint = endpoint
        .as_ref()
        .map_err(|unknown| refused(unknown.to_string()))?;
    let target = Target::parse(request.target).map_err(|reason| refused(reason.to_owned()))?;
    let url = endpoint
        .base
        .join(target.as_str())
        .ok_or_else(|| refused("the target and the base URL make no URL".to_owned()))?;
    let headers = guest_headers(&request.headers, &tenant.credential_names).map_err(refused)?;
    let outgoing = Outgoing {
        client: &endpoint.client,
        proxy: endpoint.proxy.as_deref(),
        method: method(request.method),
        target,
        url,
        headers,
        body: request.body.map(Bytes::from),
    };
    let (size, allowed) = (outgoing.size(), tenant.limits.request_body);
    if size > allowed {
        return Err(refused(format!(
            "the body has {size} bytes, {allowed} are allowed"
        )));
    }
    Ok(outgoing)
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Head => http::Method::HEAD,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}

/// The guest's headers. Number and length are checked before anything is built from them.
fn guest_headers(headers: &[Header], credential_names: &[HeaderName]) -> Result<HeaderMap, String> {
    if headers.len() > HEADERS {
        return Err(format!("{} headers, {HEADERS} are allowed", headers.len()));
    }
    let bytes: usize = headers
        .iter()
        .map(|header| header.name.len() + header.value.len())
        .sum();
    if bytes > HEADER_BYTES {
        return Err(format!(
            "{bytes} bytes of headers, {HEADER_BYTES} are allowed"
        ));
    }
    let mut map = HeaderMap::with_capacity(headers.len() + 4);
    for (number, header) in headers.iter().enumerate() {
        let name: HeaderName = header
            .name
            .parse()
            .map_err(|_| format!("header {number} has no valid name"))?;
        if RESERVED.contains(&name)
            || RESERVED_TOO.contains(&name.as_str())
            || credential_names.contains(&name)
        {
            return Err(format!("the header `{name}` is the host's"));
        }
        let value = HeaderValue::from_str(&header.value).map_err(|_| {
            format!("the header `{name}` holds characters that cannot be sent in a header")
        })?;
        map.append(name, value);
    }
    Ok(map)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn header(name: &str, value: &str) -> Header {
        Header {
            name: name.into(),
            value: value.into(),
        }
    }

    #[test]
    fn ordinary_headers_pass_in_order_and_repeated() {
        let headers = [
            header("Accept", "application/json"),
            header("X-Twice", "1"),
            header("x-twice", "2"),
            header("Intercom-Version", "2.11"),
            header("user-agent", "mine"),
        ];
        let map = guest_headers(&headers, &[]).unwrap();
        let twice: Vec<_> = map.get_all("x-twice").iter().collect();
        assert_eq!(twice, ["1", "2"]);
        assert_eq!(map.len(), 5);
    }

    #[test]
    fn headers_of_the_host_are_refused() {
        let credential = HeaderName::from_static("x-api-key");
        for name in [
            "authorization",
            "Authorization",
            "PROXY-AUTHORIZATION",
            "Cookie",
            "host",
            "Content-Length",
            "Transfer-Encoding",
            "connection",
            "Keep-Alive",
            "proxy-connection",
            "upgrade",
            "te",
            "trailer",
            "expect",
            "accept-encoding",
            "X-Api-Key",
            "",
            "a b",
            "a:b",
            ":authority",
            "a\r\nb",
        ] {
            let refused = guest_headers(&[header(name, "x")], std::slice::from_ref(&credential));
            assert!(refused.is_err(), "{name:?}");
        }
        for value in ["a\r\nb: c", "a\nb", "a\0", "\u{7f}"] {
            assert!(
                guest_headers(&[header("x", value)], &[]).is_err(),
                "{value:?}"
            );
        }
    }

    #[test]
    fn number_and_length_of_headers_are_capped() {
        let many = vec![header("x", "1"); HEADERS + 1];
        assert!(guest_headers(&many, &[]).is_err());
        assert!(guest_headers(&many[1..], &[]).is_ok());
        let long = [header("x", &"1".repeat(HEADER_BYTES))];
        assert!(guest_headers(&long, &[]).is_err());
    }
}
