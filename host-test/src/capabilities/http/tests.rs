#![allow(clippy::unwrap_used, clippy::panic)]

mod answers;
mod credential;
mod pacing;
mod provider;
mod proxied;
mod requests;

use super::*;
use crate::contract::http::{Effect, Method};
use crate::limits::CallLimits;
use crate::tenant::sample::{TOKEN, context, descriptor, http, options};
use crate::tenant::{Tenant, TenantOptions};
use provider::{Provider, Reaction, answer};

const LONG: Duration = Duration::from_secs(20);

fn tenant_with(provider: &Provider, limits: CallLimits, default_limit: u32) -> Tenant {
    let mut descriptor = descriptor();
    descriptor.rate_policy.default_limit = default_limit;
    descriptor.rate_policy.window_ms = 60_000;
    let options = TenantOptions {
        endpoint_override: Some(provider.url()),
        limits,
        ..options()
    };
    Tenant::new(&descriptor, &http(), options).unwrap()
}

fn tenant(provider: &Provider) -> Tenant {
    tenant_with(provider, CallLimits::default(), 100)
}

fn get(target: &str) -> Request {
    Request {
        endpoint: "api".into(),
        method: Method::Get,
        target: target.into(),
        headers: Vec::new(),
        body: None,
        effect: Effect::Read,
        timeout_ms: None,
    }
}

fn post(target: &str, body: &[u8]) -> Request {
    Request {
        method: Method::Post,
        body: Some(body.to_vec()),
        effect: Effect::Write,
        ..get(target)
    }
}

/// Kind of the error and whether the request was sent.
fn failed(result: Result<Response, Error>) -> (ErrorKind, bool) {
    match result {
        Ok(response) => panic!("status {}", response.status),
        Err(error) => {
            assert!(!error.message.contains(TOKEN), "{}", error.message);
            assert!(!error.message.contains("secret-query"), "{}", error.message);
            (error.kind, error.request_sent)
        }
    }
}
