//! What others are told of a request: metrics, a span, and a line where the connection is in debug mode.

use std::time::Instant;

use tracing::Span;
use tracing::field::Empty;

use super::failure::Lost;
use super::outgoing::Outgoing;
use crate::contract::http::{ErrorKind, Response};
use crate::debug_mode::{DebugMode, masked_body, masked_target};
use crate::metrics::RequestEnd;
use crate::tenant::TenantShared;

/// The header in which services say how they call a request.
const REQUEST_ID: &str = "x-request-id";

/// A request under way.
pub(super) struct Told<'a> {
    tenant: &'a TenantShared,
    outgoing: &'a Outgoing<'a>,
    begun: Instant,
    span: Span,
}

impl<'a> Told<'a> {
    /// It is sent now.
    pub(super) fn begin(tenant: &'a TenantShared, outgoing: &'a Outgoing<'a>) -> Told<'a> {
        let span = tracing::info_span!(
            "request",
            connection = tenant.observers.name(),
            method = outgoing.method(),
            status = Empty,
            failure = Empty,
            otel.kind = "client",
            otel.status_code = Empty,
        );
        Told {
            tenant,
            outgoing,
            begun: Instant::now(),
            span,
        }
    }

    /// It ended. What was certainly not sent is no request, and only a line of the debug mode.
    pub(super) fn end(self, status: Option<u16>, outcome: Result<&Response, &Lost>) {
        let duration = self.begun.elapsed();
        let failure = outcome.err().map(|lost| kind_name(lost.kind));
        let received = outcome.map_or(0, |response| response.body.len());
        if let Some(status) = status {
            self.span.record("status", status);
        }
        if let Some(failure) = failure {
            self.span.record("failure", failure);
            self.span.record("otel.status_code", "ERROR");
        }
        let observers = &self.tenant.observers;
        if outcome.map_or_else(|lost| lost.sent, |_| true) {
            observers.metrics.request(&RequestEnd {
                status,
                failure,
                sent: self.outgoing.size(),
                received,
                duration,
            });
        } else if let Some(failure) = failure {
            observers.metrics.not_sent(failure);
        }
        if observers.debug == DebugMode::Off {
            return;
        }
        let id = outcome.ok().and_then(|response| {
            let mut headers = response.headers.iter();
            let found = headers.find(|header| header.name.eq_ignore_ascii_case(REQUEST_ID));
            found.map(|header| header.value.as_str())
        });
        let bodies = observers.debug == DebugMode::Bodies;
        let (asked, answered) = match bodies {
            true => (
                self.outgoing.body().map(masked_body),
                outcome.ok().map(|response| masked_body(&response.body)),
            ),
            false => (None, None),
        };
        tracing::debug!(
            target: "debug",
            connection = observers.name(),
            method = self.outgoing.method(),
            target = masked_target(self.outgoing.target()),
            status,
            failure,
            ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            sent = self.outgoing.size(),
            received,
            request_id = id.map(crate::debug_mode::masked_id),
            body = asked,
            answer = answered,
            "request"
        );
    }
}

/// The contract's word for why there is no answer.
fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Refused => "refused",
        ErrorKind::RateLimited => "rate-limited",
        ErrorKind::Deadline => "deadline",
        ErrorKind::Unreachable => "unreachable",
        ErrorKind::Timeout => "timeout",
        ErrorKind::ConnectionLost => "connection-lost",
        ErrorKind::TooLarge => "too-large",
        ErrorKind::Malformed => "malformed",
    }
}
