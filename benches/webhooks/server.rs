//! The host: listener, queue, workers and database, as `webhook serve` has them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use host_test::contract::types::Connection;
use host_test::engine::{Engine, EngineOptions};
use host_test::http_client::{HttpClient, HttpOptions};
use host_test::limits::CallLimits;
use host_test::observers::Observers;
use host_test::output::Sqlite;
use host_test::plugin::Plugin;
use host_test::secret::Secret;
use host_test::state_store::MemoryState;
use host_test::tenant::{RateRules, Tenant, TenantOptions};
use host_test::webhook_listener::{Recipient, RecipientOptions, WebhookListener};
use host_test::webhook_queue::QueueOptions;
use host_test::webhook_service::WebhookService;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::deliveries::SECRET;

/// A server with an output of its own.
pub struct Server {
    address: SocketAddr,
    service: WebhookService,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
    _folder: TempDir,
}

impl Server {
    /// Starts it.
    pub async fn start(workers: usize) -> anyhow::Result<Self> {
        let bytes = host_test::artifact::find_or_build(None)?;
        let engine = Engine::new(EngineOptions::default())?;
        let plugin = Plugin::load(&engine, &bytes).await?;
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let options = QueueOptions::default();
        let service = WebhookService::start(
            Box::new(Sqlite::open(&folder.path().join("out.db"))?),
            Some(&folder.path().join("out.db.webhooks")),
            options,
            options.remember,
            workers,
        )?;
        let listener = WebhookListener::new(vec![Recipient::new(RecipientOptions {
            name: "bench".to_owned(),
            tenant: tenant(&plugin)?,
            plugin,
            workspace: None,
            secrets: vec![Secret::new(SECRET)],
            file: None,
            queue: service.queue().clone(),
            replay_window: options.remember,
            allow_from: None,
            trusted_proxies: Vec::new(),
            log_each: false,
        })]);
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let (stop, stopped) = oneshot::channel::<()>();
        Ok(Self {
            address: socket.local_addr()?,
            service,
            stop,
            serving: tokio::spawn(listener.serve(socket, async {
                let _ = stopped.await;
            })),
            _folder: folder,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it when the database has everything; says how long that took.
    pub async fn finish(self, deliveries: usize) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let _ = self.stop.send(());
        self.serving.await??;
        let queue = self.service.queue().clone();
        let service = self.service;
        let counts = tokio::task::spawn_blocking(|| service.finish()).await?;
        ensure!(
            counts.accepted == deliveries as u64,
            "not all were taken: {counts:?}"
        );
        ensure!(
            queue.waiting() == 0,
            "{} are still waiting",
            queue.waiting()
        );
        Ok(begun.elapsed())
    }
}

fn tenant(plugin: &Plugin) -> anyhow::Result<Tenant> {
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
        endpoint_override: None,
        credential: Secret::default(),
        credential_source: None,
        state: Arc::new(MemoryState::new()),
        limits: CallLimits::default(),
        rate_key: "bench".into(),
        rate: RateRules::default(),
        observers: Observers::of("bench"),
    };
    let http = HttpClient::new(HttpOptions::default())?;
    Ok(Tenant::new(plugin.descriptor(), &http, options)?)
}
