//! A tenant and a descriptor for tests.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{RateRules, Tenant, TenantOptions};
use crate::call::{CallContext, Purpose};
use crate::contract::connector::{
    AuthMethod, CredentialHeader, Descriptor, Endpoint, Formats, RatePolicy, Region,
};
use crate::contract::types::Connection;
use crate::http_client::{HttpClient, HttpOptions};
use crate::limits::CallLimits;
use crate::observers::Observers;
use crate::state_store::MemoryState;

/// The credential of the sample tenant.
pub(crate) const TOKEN: &str = "dG9rOmhpZGRlbg==";

/// A descriptor with two endpoints in two regions.
pub(crate) fn descriptor() -> Descriptor {
    let formats = Formats {
        reads: vec![1],
        writes: 1,
    };
    let region = |name: &str, url: &str| Region {
        name: name.into(),
        base_url: url.into(),
    };
    Descriptor {
        name: "sample".into(),
        version: "1.0.0".into(),
        cursor_formats: formats.clone(),
        state_formats: formats.clone(),
        prepared_formats: formats,
        api_versions: vec!["1".into()],
        default_api_version: "1".into(),
        auth_methods: vec![AuthMethod {
            name: "access-token".into(),
            header: CredentialHeader {
                name: "Authorization".into(),
                value_template: "Bearer {token}".into(),
            },
            exchange: None,
            expires: false,
        }],
        config_schema: b"{}".to_vec(),
        endpoints: vec![
            Endpoint {
                name: "api".into(),
                regions: vec![
                    region("us", "https://api.example.com"),
                    region("eu", "https://api.eu.example.com"),
                ],
            },
            Endpoint {
                name: "oauth".into(),
                regions: vec![
                    region("us", "https://app.example.com"),
                    region("eu", "https://app.eu.example.com"),
                ],
            },
        ],
        rate_policy: RatePolicy {
            scope: "workspace".into(),
            limit_header: Some("X-RateLimit-Limit".into()),
            remaining_header: Some("X-RateLimit-Remaining".into()),
            reset_header: Some("X-RateLimit-Reset".into()),
            window_ms: 10_000,
            default_limit: 100,
        },
        streams: Vec::new(),
        mapping_presets: Vec::new(),
        actions: Vec::new(),
        webhooks: None,
        topics: Vec::new(),
    }
}

/// Options of a tenant without configuration.
pub(crate) fn options() -> TenantOptions {
    TenantOptions {
        name: "sample".into(),
        connection: Connection {
            config: b"{}".to_vec(),
            mapping: None,
            triggers: None,
            account: None,
            prepared: None,
        },
        region: None,
        endpoint_override: None,
        credential: TOKEN.into(),
        credential_source: None,
        state: Arc::new(MemoryState::new()),
        limits: CallLimits::default(),
        rate_key: "sample".into(),
        rate: RateRules::default(),
        observers: Observers::of("sample"),
    }
}

/// A client for one test.
pub(crate) fn http() -> HttpClient {
    HttpClient::new(HttpOptions::default()).unwrap()
}

/// What the imports of a call for this tenant know, with this much time.
pub(crate) fn context(tenant: &Tenant, time: Duration) -> CallContext {
    let version = Arc::from("1.0.0");
    let purpose = Purpose {
        export: "read-page",
        subject: "contacts",
        tenant: Some(&tenant.shared),
        time_budget_ms: None,
        version: &version,
        tally: None,
    };
    let deadline = Instant::now() + time;
    CallContext::new(
        &purpose,
        &tenant.shared.limits,
        usize::MAX,
        deadline,
        deadline,
    )
}
