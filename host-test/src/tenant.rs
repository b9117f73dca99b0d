//! A tenant: one customer's connection at run time.

mod base_url;
mod credential;
mod endpoints;
mod pace;
mod provider_clock;
mod usage;

pub use base_url::{BaseUrl, BaseUrlError};
pub use credential::CredentialSource;
pub(crate) use credential::{CurrentCredential, TenantCredential};
pub(crate) use endpoints::{ReachableEndpoint, UnknownRegion};
pub(crate) use pace::Pace;
pub use pace::RateRules;
pub(crate) use provider_clock::ProviderClock;
pub use usage::Usage;
pub(crate) use usage::UsageCounters;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderName;
use tokio::sync::Semaphore;

use crate::contract::connector::Descriptor;
use crate::contract::types::{Account, Connection};
use crate::http_client::HttpClient;
use crate::limits::CallLimits;
use crate::rate_budget::RateBucket;
use crate::secret::Secret;
use crate::state_store::StateStore;

/// What a tenant is made of.
pub struct TenantOptions {
    /// The tenant's name: in logs, and the name space of its state. Unique within the process and the state store.
    pub name: String,
    /// What every call of the component gets.
    pub connection: Connection,
    /// The region; `None` takes each endpoint's first. Where an endpoint has none of this name, requests to it are refused:
    /// the component says better, with everything else that is wrong in the configuration, that there is no such region.
    pub region: Option<String>,
    /// Replaces the base URL of every endpoint; plain http for loopback only.
    pub endpoint_override: Option<String>,
    /// The credential; an empty one is not sent. It goes into the header of the descriptor's first authorization method.
    pub credential: Secret,
    /// Where the credential is read again when the provider refuses it; `None`: nowhere.
    pub credential_source: Option<Arc<dyn CredentialSource>>,
    /// Where the state is kept.
    pub state: Arc<dyn StateStore>,
    /// What one call may use.
    pub limits: CallLimits,
    /// Tenants with the same key share one rate budget until their workspace is known ([`Tenant::with_checked`]); then all
    /// of a workspace do.
    pub rate_key: String,
    /// What the connection says about its pace.
    pub rate: RateRules,
}

/// Why there can be no such tenant.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// A base URL cannot be used.
    #[error("the base URL of the endpoint `{endpoint}`: {reason}")]
    BaseUrl {
        /// The endpoint's name.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        reason: BaseUrlError,
    },
    /// The credential holds bytes that no header may hold. It is not shown.
    #[error(
        "the credential holds characters that cannot be sent in the header `{header}`; was it \
         copied with a line break or quotation marks?"
    )]
    Credential {
        /// The header's name.
        header: String,
    },
    /// The component's descriptor makes no sense.
    #[error("the component's descriptor is wrong: {0}")]
    Descriptor(String),
}

/// One connection at run time: everything a call needs, prepared once. Cheap to clone; clones share counters, budgets and
/// turns.
#[derive(Clone)]
pub struct Tenant {
    pub(crate) shared: Arc<TenantShared>,
    connection: Arc<Connection>,
    /// Whether rows that are written are in the form that the mapping gives.
    maps_writes: bool,
}

/// What all clones of a tenant share.
pub(crate) struct TenantShared {
    pub(crate) name: String,
    /// Where each endpoint is, or why it is nowhere.
    pub(crate) endpoints: BTreeMap<String, Result<ReachableEndpoint, UnknownRegion>>,
    pub(crate) credential: TenantCredential,
    /// Names of headers that carry credentials in any authorization method.
    pub(crate) credential_names: Vec<HeaderName>,
    pub(crate) pace: Pace,
    pub(crate) state: Arc<dyn StateStore>,
    pub(crate) limits: CallLimits,
    pub(crate) turns: Arc<Semaphore>,
    pub(crate) usage: UsageCounters,
    pub(crate) clock: ProviderClock,
}

impl Tenant {
    /// Prepares a connection for calls of the component with this descriptor.
    pub fn new(
        descriptor: &Descriptor,
        http: &HttpClient,
        options: TenantOptions,
    ) -> Result<Self, TenantError> {
        let endpoints = endpoints::find(descriptor, http, &options)?;
        let shared = TenantShared {
            pace: Pace::new(
                endpoints::places(&endpoints),
                &options.rate_key,
                options.rate,
                || RateBucket::new(&descriptor.rate_policy),
            ),
            endpoints,
            credential: TenantCredential::new(
                &descriptor.auth_methods,
                &options.credential,
                options.credential_source,
            )?,
            credential_names: credential::header_names(&descriptor.auth_methods)?,
            state: options.state,
            turns: Arc::new(Semaphore::new(options.limits.concurrent_calls.max(1))),
            limits: options.limits,
            usage: UsageCounters::default(),
            clock: ProviderClock::default(),
            name: options.name,
        };
        Ok(Self {
            shared: Arc::new(shared),
            connection: Arc::new(options.connection),
            maps_writes: false,
        })
    }

    /// The tenant's name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// What every call gets.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The same tenant with what a check found: the next calls need not find it again, and the rate budget is the
    /// workspace's. Where nothing prepared is kept, each call prepares it.
    pub fn with_checked(&self, account: Account, prepared: Vec<u8>) -> Self {
        self.shared.pace.join(&account.workspace_id);
        let connection = Connection {
            account: Some(account),
            prepared: (!prepared.is_empty()).then_some(prepared),
            ..(*self.connection).clone()
        };
        Self {
            shared: Arc::clone(&self.shared),
            connection: Arc::new(connection),
            maps_writes: self.maps_writes,
        }
    }

    /// The same tenant, whose rows are written in the form that its mapping gives: it is read the other way. Without this,
    /// rows are written as they are, whatever the mapping.
    pub fn with_mapped_writes(&self) -> Self {
        Self {
            maps_writes: true,
            ..self.clone()
        }
    }

    /// Whether rows that are written are in the form that the mapping gives.
    pub(crate) fn maps_writes(&self) -> bool {
        self.maps_writes
    }

    /// The same tenant with other triggers. What was prepared is not good for them.
    pub fn with_triggers(&self, triggers: Option<Vec<u8>>) -> Self {
        let connection = Connection {
            triggers,
            prepared: None,
            ..(*self.connection).clone()
        };
        Self {
            connection: Arc::new(connection),
            ..self.clone()
        }
    }

    /// How far the provider's clock is ahead of this machine's, in milliseconds, as its last answer told.
    pub fn provider_ahead_ms(&self) -> i64 {
        self.shared.clock.ahead_ms()
    }

    /// Where the provider is: its endpoints' base URLs.
    pub fn place(&self) -> &str {
        self.shared.pace.place()
    }

    /// The base URL of an endpoint, for requests that the host makes for itself.
    pub fn base_url(&self, endpoint: &str) -> Option<&BaseUrl> {
        self.shared
            .endpoints
            .get(endpoint)
            .and_then(|found| found.as_ref().ok())
            .map(|endpoint| &endpoint.base)
    }

    /// What the tenant has used so far.
    pub fn usage(&self) -> Usage {
        self.shared.usage.snapshot()
    }
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
