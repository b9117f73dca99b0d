//! One request and its answer.

use std::time::{Duration, Instant};

use tokio::time::timeout_at;

use super::answer::{Allowance, whole_answer};
use super::failure::{Lost, lost_before_answer};
use super::outgoing::{Outgoing, outgoing};
use super::told::Told;
use super::{is_over, not_sent};
use crate::contract::http::{Error, ErrorKind, Request, Response};
use crate::tenant::{CurrentCredential, TenantShared};

/// The shortest time for an answer: a request that gives none still gets one try.
const SHORTEST_TIME: Duration = Duration::from_millis(1);

/// The status of an answer to a credential that is not taken.
const UNAUTHORIZED: u16 = 401;

/// Sends one request, waits for its answer, and ends at the deadline at the latest.
///
/// When the provider refuses the credential, it is read again and the request sent once more: nothing was applied, a write
/// included. That is done for an unchanged credential too, since one that was just given out may not be known everywhere. The
/// second answer stands.
pub(super) async fn exchange(
    tenant: &TenantShared,
    request: Request,
    deadline: Instant,
    allowance: &Allowance,
) -> Result<Response, Error> {
    let wanted = request
        .timeout_ms
        .map_or(tenant.limits.request_time, Duration::from_millis);
    let try_once = Try {
        tenant,
        outgoing: &outgoing(tenant, request)?,
        wanted,
        deadline,
        allowance,
    };
    let credential = tenant.credential.current();
    let answer = try_once.send(&credential).await?;
    if answer.status != UNAUTHORIZED {
        return Ok(answer);
    }
    let read = timeout_at(deadline.into(), tenant.credential.read_again(&credential)).await;
    match read {
        Ok(again) if again.header.is_some() => {
            allowance.give_back(answer.body.len());
            try_once.send(&again).await
        }
        _ => Ok(answer),
    }
}

/// One request, as it is sent each time.
struct Try<'a> {
    tenant: &'a TenantShared,
    outgoing: &'a Outgoing<'a>,
    /// How long to wait for the answer.
    wanted: Duration,
    deadline: Instant,
    allowance: &'a Allowance,
}

impl Try<'_> {
    async fn send(&self, credential: &CurrentCredential) -> Result<Response, Error> {
        let Self {
            tenant,
            outgoing,
            wanted,
            deadline,
            allowance,
        } = *self;
        let (request, mark) = outgoing.with(credential);
        let size = outgoing.size();
        if is_over(deadline) {
            let message = "the call's time was up before the request was sent".to_owned();
            return Err(not_sent(ErrorKind::Deadline, message));
        }
        let leave = tenant
            .pace
            .acquire(outgoing.method(), outgoing.target(), deadline);
        let permit = match leave.await {
            Ok((permit, waited)) => {
                if waited {
                    tenant.rate_limited();
                }
                permit
            }
            Err(spent) => {
                tenant.rate_limited();
                let message = "the rate budget is spent for longer than this call lasts".to_owned();
                let wait = u64::try_from(spent.retry_after.as_millis()).unwrap_or(u64::MAX);
                let error = not_sent(ErrorKind::RateLimited, message);
                return Err(Error {
                    retry_after_ms: Some(wait.saturating_add(1)),
                    ..error
                });
            }
        };

        let longest = tenant.limits.longest_request_time.max(SHORTEST_TIME);
        let own_end = Instant::now() + wanted.clamp(SHORTEST_TIME, longest);
        let (end, late) = if deadline < own_end {
            (deadline, ErrorKind::Deadline)
        } else {
            (own_end, ErrorKind::Timeout)
        };
        let begun = || mark.as_ref().map(super::marked_body::Mark::is_begun);
        let out_of_time = |sent| Lost {
            kind: late,
            message: "no whole answer in time".to_owned(),
            sent,
        };

        let told = Told::begin(tenant, outgoing);
        let mut status = None;
        let outcome = match timeout_at(end.into(), outgoing.client.execute(request)).await {
            Ok(Ok(answer)) => {
                let code = answer.status().as_u16();
                status = Some(code);
                permit.answered(code, answer.headers());
                tenant.clock.hear(answer.headers());
                tenant.usage.request(size);
                tenant.usage.answer(code);
                let answer = timeout_at(end.into(), whole_answer(answer, allowance)).await;
                answer.unwrap_or_else(|_| Err(out_of_time(true)))
            }
            unanswered => {
                let lost = match unanswered {
                    Ok(Err(error)) => lost_before_answer(&error, begun(), outgoing.proxy),
                    // Without a body nobody can tell: take it as sent.
                    _ => out_of_time(begun().unwrap_or(true)),
                };
                if lost.sent {
                    tenant.usage.request(size);
                    drop(permit);
                } else {
                    permit.not_sent();
                }
                Err(lost)
            }
        };
        told.end(status, outcome.as_ref());
        match outcome {
            Ok(response) => {
                tenant.usage.received(response.body.len());
                Ok(response)
            }
            Err(Lost {
                kind,
                message,
                sent,
            }) => Err(Error {
                kind,
                message,
                request_sent: sent,
                retry_after_ms: None,
            }),
        }
    }
}
