//! The capability `http`: requests to the provider's endpoints, with the tenant's credential and within its rate budget.

mod answer;
mod exchange;
mod failure;
mod marked_body;
mod outgoing;
mod target;

use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};

use crate::call::{CallContext, timed};
use crate::contract::http::{Error, ErrorKind, Host, Request, Response};
use crate::tenant::TenantShared;
use answer::Allowance;
use exchange::exchange;
pub(crate) use failure::describe as describe_failure;

impl Host for CallContext {
    async fn send(&mut self, request: Request) -> Result<Response, Error> {
        let Some(tenant) = self.tenant.clone() else {
            return Err(denied(self.export));
        };
        if self.requests_left == 0 {
            return Err(used_up(&tenant));
        }
        self.requests_left -= 1;
        let allowance = self.allowance(&tenant);
        let deadline = self.deadline;
        let (answer, spent) = timed(exchange(&tenant, request, deadline, &allowance)).await;
        self.host_time += spent;
        self.answer_bytes_left -= allowance.taken();
        answer
    }

    async fn send_all(
        &mut self,
        requests: Vec<Request>,
        max_in_flight: u32,
    ) -> Vec<Result<Response, Error>> {
        let Some(tenant) = self.tenant.clone() else {
            return requests.iter().map(|_| Err(denied(self.export))).collect();
        };
        let allowance = self.allowance(&tenant);
        let allowed = self.requests_left.min(requests.len());
        self.requests_left -= allowed;
        let deadline = self.deadline;
        let wanted = usize::try_from(max_in_flight).unwrap_or(usize::MAX);
        let in_flight = wanted.min(tenant.limits.requests_in_flight).max(1);
        let (answers, spent) = timed(async {
            let (tenant, allowance) = (&*tenant, &allowance);
            let numbered = requests
                .into_iter()
                .enumerate()
                .map(|(number, request)| async move {
                    let answer = match number < allowed {
                        true => exchange(tenant, request, deadline, allowance).await,
                        false => Err(used_up(tenant)),
                    };
                    (number, answer)
                });
            // Not in order: a slow first answer must not keep later requests from being sent.
            let mut answers: Vec<_> = stream::iter(numbered)
                .buffer_unordered(in_flight)
                .collect()
                .await;
            answers.sort_unstable_by_key(|(number, _)| *number);
            answers.into_iter().map(|(_, answer)| answer).collect()
        })
        .await;
        self.host_time += spent;
        self.answer_bytes_left -= allowance.taken();
        answers
    }
}

impl CallContext {
    /// What the answers of the next host call may have together.
    fn allowance(&self, tenant: &TenantShared) -> Allowance {
        Allowance::new(tenant.limits.answer_bytes().min(self.answer_bytes_left))
    }
}

/// Nothing was sent because the call has made its requests.
fn used_up(tenant: &TenantShared) -> Error {
    let allowed = tenant.limits.requests;
    let message = format!("this call has made the {allowed} requests that it may make");
    not_sent(ErrorKind::Refused, message)
}

/// Sends a request that the host makes for itself, as if the component had made it.
pub(crate) async fn send_for_host(
    tenant: &TenantShared,
    request: Request,
    time: Duration,
    most_bytes: usize,
) -> Result<Response, Error> {
    let deadline = Instant::now() + time;
    exchange(tenant, request, deadline, &Allowance::new(most_bytes)).await
}

/// Nothing was sent because the call has no tenant.
fn denied(export: &str) -> Error {
    not_sent(
        ErrorKind::Refused,
        format!("`{export}` must need no import, and it sends a request"),
    )
}

/// An error before anything was sent.
fn not_sent(kind: ErrorKind, message: String) -> Error {
    Error {
        kind,
        message,
        request_sent: false,
        retry_after_ms: None,
    }
}

/// Whether a time has come.
fn is_over(deadline: Instant) -> bool {
    Instant::now() >= deadline
}

#[cfg(test)]
mod tests;
