//! Native tests hold every request of an operation against Intercom's own description, as those in the sandbox do.

use crate::contract::http::{Method, Request};
use crate::intercom::request::header_value;
use crate::intercom::versions::VERSION_HEADER;

/// Stops the test unless the description knows the request.
pub fn assert_conforms(request: &Request) {
    ::conformance::assert_request(&described(request));
}

/// Stops the test unless the description of the very version that it names knows the request.
pub fn assert_conforms_to_its_version(request: &Request) {
    ::conformance::assert_own_request(&described(request));
}

fn described(request: &Request) -> ::conformance::Request<'_> {
    ::conformance::Request {
        method: match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Head => "HEAD",
        },
        target: &request.target,
        version: header_value(&request.headers, VERSION_HEADER),
        content_type: header_value(&request.headers, "content-type"),
        body: request.body.as_deref().unwrap_or_default(),
    }
}
