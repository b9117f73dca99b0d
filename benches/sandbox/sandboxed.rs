//! The component in the host, in a fresh instance each time.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use axum::Router;
use axum::http::{HeaderName, header};
use axum::routing::get;
use host_test::contract::connector::{PageRequest, Selection, Verdict, WebhookDelivery};
use host_test::contract::types::{Account, Connection, Header};
use host_test::engine::{Engine, EngineOptions};
use host_test::http_client::{HttpClient, HttpOptions};
use host_test::limits::CallLimits;
use host_test::observers::Observers;
use host_test::plugin::Plugin;
use host_test::secret::Secret;
use host_test::state_store::MemoryState;
use host_test::tenant::{RateRules, Tenant, TenantOptions};

use super::clock::thread_cpu_time;
use super::native::{RECEIVED_AT_MS, SECRET, signature};

/// A loaded component with one tenant, whose server always answers with one page.
pub struct Sandbox {
    plugin: Plugin,
    tenant: Tenant,
}

impl Sandbox {
    /// Loads the component and starts the server.
    pub async fn new(page: Vec<u8>) -> anyhow::Result<Self> {
        let bytes = host_test::artifact::find_or_build(None)?;
        let engine = Engine::new(EngineOptions::default())?;
        let plugin = Plugin::load(&engine, &bytes).await?;
        let page = bytes::Bytes::from(page);
        // The budget that the server names is never used up: no call waits for it.
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (HeaderName::from_static("x-ratelimit-limit"), "1000000"),
            (HeaderName::from_static("x-ratelimit-remaining"), "1000000"),
        ];
        let answer = move || async move { (headers, page) };
        let router = Router::new().route("/contacts", get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let options = TenantOptions {
            name: "bench".into(),
            connection: Connection {
                config: b"{}".to_vec(),
                mapping: None,
                triggers: None,
                account: None,
                prepared: None,
            },
            region: None,
            endpoint_override: Some(url),
            credential: Secret::new("token"),
            credential_source: None,
            state: Arc::new(MemoryState::new()),
            limits: CallLimits::default(),
            rate_key: "bench".into(),
            rate: RateRules::default(),
            observers: Observers::of("bench"),
        };
        let tenant = Tenant::new(
            plugin.descriptor(),
            &HttpClient::new(HttpOptions::default())?,
            options,
        )?;
        Ok(Self { plugin, tenant })
    }

    /// The same with a mapping that was prepared.
    pub fn with_prepared(&self, prepared: Vec<u8>) -> Self {
        let account = Account {
            workspace_id: "bench".into(),
            name: None,
            region: None,
            time_zone: None,
            api_version: None,
        };
        Self {
            plugin: self.plugin.clone(),
            tenant: self.tenant.with_checked(account, prepared),
        }
    }

    /// Makes a store and an instance. Dropping them does not count.
    pub async fn instantiate(&self) -> anyhow::Result<Duration> {
        let start = thread_cpu_time();
        let made = self.plugin.instantiate(&self.tenant).await?;
        let taken = thread_cpu_time() - start;
        drop(made);
        Ok(taken)
    }

    /// Reads the page. Only the component's own time counts: not the server's, nor the network's.
    pub async fn read_page(&self) -> anyhow::Result<Duration> {
        let request = PageRequest {
            stream: "contacts".into(),
            selection: Selection::All,
            filter: None,
            cursor: None,
            max_entries: 150,
            max_bytes: 8 << 20,
            time_budget_ms: 60_000,
        };
        let before = self.tenant.usage().guest_time;
        let page = self.plugin.read_page(&self.tenant, &request).await?;
        assert_eq!(page.entries.len(), 150);
        Ok(self.tenant.usage().guest_time - before)
    }

    /// Lets the component describe itself, everything included.
    pub async fn describe(&self) -> anyhow::Result<Duration> {
        let start = thread_cpu_time();
        let descriptor = self.plugin.describe().await?;
        let taken = thread_cpu_time() - start;
        assert!(!descriptor.streams.is_empty());
        Ok(taken)
    }

    /// Verifies a webhook, everything included; so many triggers fire.
    pub async fn verify_webhook(&self, body: &[u8], fire: usize) -> anyhow::Result<Duration> {
        match self.verify(body, signature(body)?).await? {
            (Verdict::Accepted(accepted), taken) => {
                assert_eq!(accepted.intents.len(), fire);
                Ok(taken)
            }
            _ => bail!("the webhook is not accepted"),
        }
    }

    /// Rejects a webhook that somebody else signed.
    pub async fn reject_webhook(&self, body: &[u8]) -> anyhow::Result<Duration> {
        match self
            .verify(body, format!("sha1={}", "0".repeat(40)))
            .await?
        {
            (Verdict::Rejected(_), taken) => Ok(taken),
            _ => bail!("the webhook is not rejected"),
        }
    }

    async fn verify(&self, body: &[u8], signature: String) -> anyhow::Result<(Verdict, Duration)> {
        let delivery = WebhookDelivery {
            headers: vec![Header {
                name: "x-hub-signature".into(),
                value: signature,
            }],
            body: body.to_vec(),
            secrets: vec![SECRET.into()],
            received_at_ms: RECEIVED_AT_MS,
        };
        let start = thread_cpu_time();
        let verdict = self.plugin.verify_webhook(&self.tenant, &delivery).await?;
        Ok((verdict, thread_cpu_time() - start))
    }

    /// Maps documents, everything included.
    pub async fn map_records(&self, documents: &[Vec<u8>]) -> anyhow::Result<Duration> {
        let start = thread_cpu_time();
        let mapped = self
            .plugin
            .map_record(&self.tenant, "contacts", documents)
            .await?;
        let taken = thread_cpu_time() - start;
        assert!(mapped.iter().all(Result::is_ok));
        Ok(taken)
    }
}
