//! The hostile component: its versions, tenants and calls for it, and a server that answers as it should not.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use host_test::artifact;
use host_test::contract::connector::{PageRequest, Selection};
use host_test::contract::types::Connection;
use host_test::engine::{Allocation, Engine, EngineOptions};
use host_test::http_client::{HttpClient, HttpOptions};
use host_test::limits::CallLimits;
use host_test::plugin::Plugin;
use host_test::state_store::{MemoryState, StateStore};
use host_test::tenant::{RateRules, Tenant, TenantOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::OnceCell;

const MARK: &[u8] = b"HOSTILE-SETTINGS-BEGIN::";
const ROOM: usize = 512;

/// What no guest may see.
pub const TOKEN: &str = "a-planted-access-token-0b51";

/// The hostile component with these settings (`version=2.0.0;answer=second`).
pub fn artifact(settings: &str) -> Vec<u8> {
    static BUILT: OnceLock<Vec<u8>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        artifact::build_package("hostile", "tests/hostile").expect("the hostile component builds")
    });
    let mut bytes = built.clone();
    let room = MARK.len() + settings.len()..ROOM;
    assert!(!room.is_empty(), "the settings are too long");
    let mut places = bytes.windows(ROOM);
    let start = places
        .position(|place| {
            place.starts_with(MARK) && place[MARK.len()..].iter().all(|byte| *byte == b' ')
        })
        .expect("the place for settings");
    bytes[start + MARK.len()..][..settings.len()].copy_from_slice(settings.as_bytes());
    bytes
}

/// An engine with compiled components of its own, which the next run of the tests finds.
pub fn engine(concurrent_calls: usize, allocation: Allocation) -> Engine {
    let options = EngineOptions {
        concurrent_calls,
        allocation,
        cache_directory: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile-cache")),
        ..EngineOptions::default()
    };
    Engine::new(options).expect("an engine")
}

/// The hostile component without settings, loaded once for all tests.
pub async fn plugin() -> Plugin {
    static PLUGIN: OnceCell<Plugin> = OnceCell::const_new();
    let load = || async {
        let engine = engine(16, Allocation::Automatic);
        Plugin::load(&engine, &artifact(""))
            .await
            .expect("it is accepted")
    };
    PLUGIN.get_or_init(load).await.clone()
}

/// A connection of the hostile component.
pub struct Made<'a> {
    pub name: &'a str,
    /// The configuration, which says what calls do.
    pub config: &'a str,
    pub limits: CallLimits,
    /// Where requests go.
    pub endpoint: Option<String>,
    pub state: Arc<dyn StateStore>,
}

impl Default for Made<'_> {
    fn default() -> Self {
        Made {
            name: "hostile",
            config: "{}",
            limits: CallLimits::default(),
            endpoint: None,
            state: Arc::new(MemoryState::new()),
        }
    }
}

impl Made<'_> {
    pub fn tenant(self, plugin: &Plugin) -> Tenant {
        let options = TenantOptions {
            name: self.name.to_owned(),
            connection: Connection {
                config: self.config.as_bytes().to_vec(),
                mapping: None,
                triggers: None,
                account: None,
                prepared: None,
            },
            region: None,
            endpoint_override: self.endpoint,
            credential: TOKEN.into(),
            credential_source: None,
            observers: host_test::observers::Observers::of(self.name),
            state: self.state,
            limits: self.limits,
            rate_key: self.name.to_owned(),
            rate: RateRules::default(),
        };
        let http = HttpClient::new(HttpOptions::default()).expect("a client");
        Tenant::new(plugin.descriptor(), &http, options).expect("a tenant")
    }
}

/// A tenant whose calls do this.
pub fn tenant(plugin: &Plugin, config: &str) -> Tenant {
    Made {
        config,
        ..Made::default()
    }
    .tenant(plugin)
}

/// The first page.
pub fn first_page() -> PageRequest {
    PageRequest {
        stream: "rows".to_owned(),
        selection: Selection::All,
        filter: None,
        cursor: None,
        max_entries: 100,
        max_bytes: 1 << 20,
        time_budget_ms: 60_000,
    }
}

/// A server on loopback that gives every connection these bytes, however often it takes, and never closes one by itself.
pub async fn server(head: Vec<u8>, body: Vec<u8>, times: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (head, body) = (Arc::new(head), Arc::new(body));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (head, body) = (Arc::clone(&head), Arc::clone(&body));
            tokio::spawn(async move {
                let mut request = [0; 16 * 1024];
                // One read holds the small requests that are sent here.
                while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    let mut written = stream.write_all(&head).await;
                    for _ in 0..times {
                        if written.is_ok() {
                            written = stream.write_all(&body).await;
                        }
                    }
                }
            });
        }
    });
    format!("http://{address}")
}
