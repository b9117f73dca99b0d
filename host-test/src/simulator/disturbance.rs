//! What a fault makes of a request: an answer instead of the work, or a changed answer after it.

use std::time::Duration;

use super::connection::Breakage;
use super::errors::{ApiError, code_of_status};
use super::faults::FaultKind;
use super::mutate::Mutation;
use super::rate_limit::RateState;
use super::reply::Reply;
use super::scroll::{self, Scroll};
use super::workspace::Workspace;

/// How far ahead the reset of an injected rate limit lies; the time scale divides it.
const INJECTED_RESET: Duration = Duration::from_secs(2);

/// The answer to a request that a fault keeps from being applied.
pub(crate) fn refused(
    workspace: &Workspace,
    fault: Option<&FaultKind>,
    path: &str,
    request_id: &str,
    rate: RateState,
) -> Option<Reply> {
    let error = |error: ApiError| Reply::of(Err(error), request_id, rate);
    Some(match fault? {
        FaultKind::RateLimited { reset } => {
            let ahead = workspace.options.scaled(INJECTED_RESET);
            let ahead = i64::try_from(ahead.as_secs_f64().ceil() as u64).unwrap_or(0);
            Reply {
                rate: reset.then_some(RateState {
                    remaining: 0,
                    reset: workspace.now().saturating_add(ahead),
                    ..rate
                }),
                ..error(ApiError::rate_limit_exceeded(rate.limit))
            }
        }
        FaultKind::Status(status) => {
            let message = if path == "/companies/scroll" && *status >= 500 {
                workspace.scroll(Scroll::drop_open);
                "Request failed due to an internal network error. Please restart the scroll operation."
            } else {
                "Something went wrong"
            };
            error(ApiError::new(*status, code_of_status(*status), message))
        }
        FaultKind::BadGatewayHtml => Reply {
            status: 502,
            content_type: "text/html",
            body: b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
                .to_vec(),
            link: None,
            rate: None,
            breakage: Breakage::None,
        },
        FaultKind::Reset => Reply {
            breakage: Breakage::Reset,
            ..error(ApiError::resource_not_found())
        },
        FaultKind::NotFound => error(ApiError::resource_not_found()),
        FaultKind::ScrollExpired => {
            workspace.scroll(Scroll::drop_open);
            error(scroll::not_found())
        }
        FaultKind::ScrollExists => error(scroll::exists()),
        _ => return None,
    })
}

/// The answer to a request that was applied, as a fault lets it through.
pub(crate) fn disturbed(
    workspace: &Workspace,
    fault: Option<&FaultKind>,
    mut reply: Reply,
) -> Reply {
    let instead = |reply: &mut Reply, body: &[u8]| {
        reply.status = 200;
        reply.body = body.to_vec();
    };
    match fault {
        Some(FaultKind::ResetAfterWork) => reply.breakage = Breakage::Reset,
        Some(FaultKind::CutBody) => reply.breakage = Breakage::CutAfterBody(reply.body.len() / 2),
        Some(FaultKind::EmptyBody) => instead(&mut reply, b""),
        Some(FaultKind::ForeignBody) => instead(&mut reply, b"{}"),
        Some(FaultKind::InvalidJson) => {
            reply.status = 200;
            // An object without its end is never JSON.
            reply.body.truncate(reply.body.len() * 2 / 3);
            if reply.body.is_empty() {
                reply.body.push(b'{');
            }
        }
        Some(FaultKind::Mutate { contacts }) => {
            workspace.mutate(Mutation {
                contacts: *contacts,
                ..Mutation::default()
            });
        }
        _ => {}
    }
    reply
}
