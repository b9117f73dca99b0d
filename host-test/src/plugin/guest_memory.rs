//! What is in a guest's memory when a call is over: data, and no secret of the host.
//!
//! Every call runs on memories that the test made, so nothing that a guest was given or wrote can be missed.
#![allow(clippy::unwrap_used, clippy::panic)]

mod watched_memory;

use std::sync::Arc;

use conformance::Recording;
use memchr::memmem;
use serde_json::{Value, json};

use super::Plugin;
use crate::artifact;
use crate::authorization::{Pasted, random_state};
use crate::code_exchange::{ExchangeValues, exchange_code};
use crate::connection_file::ConnectionFile;
use crate::contract::connector::{
    Authentication, AuthenticationRequest, AuthorizationRequest, Batch, OutcomeStatus, PageRequest,
    Rehearsal, Row, Selection, Verdict, WebhookDelivery,
};
use crate::contract::types::Header;
use crate::engine::{Engine, EngineOptions};
use crate::opened_connection::OpenedConnection;
use crate::simulator::testing::authorise;
use crate::simulator::{Fault, Options, Simulator};
use crate::token_file;
use watched_memory::WatchedMemories;

const CLIENT_SECRET: &str = "planted-client-secret-5d7a";

/// A connection without a token of its own, the component, and its memories.
struct World {
    memories: Arc<WatchedMemories>,
    plugin: Plugin,
    simulator: Simulator,
    /// What was said, which has to conform to Intercom's description.
    exchanges: Recording,
    folder: written::Folder,
    /// What no guest may hold, unless it is the webhook secret and the guest verifies with it.
    secrets: Vec<String>,
}

impl World {
    async fn new() -> Self {
        let memories = Arc::new(WatchedMemories::default());
        let options = EngineOptions {
            concurrent_calls: 1,
            ..EngineOptions::default()
        };
        let engine = Engine::with_memories(options, Arc::clone(&memories) as _).unwrap();
        let bytes = artifact::find_or_build(None).unwrap();
        let plugin = Plugin::load(&engine, &bytes).await.unwrap();
        let exchanges = Recording::new();
        let simulator = Simulator::start(Options {
            client_secret: CLIENT_SECRET.to_owned(),
            contacts: 20,
            record: Some(exchanges.path().to_owned()),
            ..Options::default()
        });
        Self {
            memories,
            plugin,
            simulator: simulator.await.unwrap(),
            exchanges,
            folder: written::Folder::new(),
            secrets: vec![CLIENT_SECRET.to_owned()],
        }
    }

    fn file(&self) -> ConnectionFile {
        let text = format!(
            "connector: intercom\ncredentials: {{ client_id: simulator-client-id, client_secret: {CLIENT_SECRET} }}\n\
             endpoint: {}\n",
            self.simulator.url()
        );
        let path = self.folder.path().join("my.yaml");
        std::fs::write(&path, &text).unwrap();
        ConnectionFile::load(&path).unwrap()
    }

    /// Looks at the memory of the calls that have just ended: there was one, it holds what the call was about, and no secret
    /// but those that the call may know.
    fn look(&self, call: &str, expected: &str, known: &[&str]) {
        let memories = self.memories.take();
        assert!(!memories.is_empty(), "{call}: nothing was looked at");
        let holds = |text: &str| {
            let mut memories = memories.iter();
            memories.any(|memory| memmem::find(memory, text.as_bytes()).is_some())
        };
        assert!(
            holds(expected),
            "{call}: the search does not find `{expected}`"
        );
        for secret in &self.secrets {
            let may_know = known.contains(&secret.as_str());
            assert_eq!(holds(secret), may_know, "{call}: a secret in guest memory");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_has_a_secret_in_its_memory_but_the_one_it_verifies_with() {
    let mut world = World::new().await;
    world.look("describe", "/auth/eagle/token", &[]);

    // Authorising: the code and the app's secret stay outside.
    let file = world.file();
    let plugin = world.plugin.clone();
    let asking = OpenedConnection::with_token(plugin.clone(), file.clone(), None).unwrap();
    let state = random_state().unwrap();
    let request = AuthenticationRequest::AuthorizationUrl(AuthorizationRequest {
        client_id: "simulator-client-id".to_owned(),
        state: state.clone(),
        redirect_uri: None,
    });
    let answer = plugin.authenticate(&asking.tenant, &request).await.unwrap();
    let Authentication::AuthorizationUrl(url) = answer else {
        panic!("{answer:?}");
    };
    world.look("authenticate(authorization-url)", &state, &[]);
    let (_, query) = url.split_once('?').unwrap();
    let code = code(&authorise(&world.simulator, query).await, &state);
    let exchange = plugin.descriptor().auth_methods[1].exchange.clone();
    let values = ExchangeValues {
        code: &code.as_str().into(),
        client_id: "simulator-client-id",
        client_secret: &CLIENT_SECRET.into(),
        redirect_uri: None,
    };
    let time = std::time::Duration::from_secs(60);
    let token = exchange_code(&asking.tenant, &exchange.unwrap(), &values, time)
        .await
        .unwrap();
    token_file::store(&file.token_file, &token).unwrap();
    world.secrets.extend([code, token.expose().to_owned()]);

    let mut connection = OpenedConnection::new(plugin.clone(), file.clone(), None).unwrap();
    let report = connection.check().await.unwrap();
    world.look("authenticate(check)", "America/Los_Angeles", &[]);
    connection.use_check(&report);

    let ids: Vec<String> = world.simulator.workspace().contact_ids().collect();
    let contact = world.simulator.workspace().contact(&ids[0]).unwrap();
    let name = contact["name"].as_str().unwrap();
    let page = PageRequest {
        stream: "contacts".to_owned(),
        selection: Selection::All,
        filter: None,
        cursor: None,
        max_entries: 150,
        max_bytes: 1 << 20,
        time_budget_ms: 60_000,
    };
    plugin.read_page(&connection.tenant, &page).await.unwrap();
    world.look("read-page", name, &[]);
    for kind in [
        "status-500",
        "invalid-json",
        "rate-limited",
        "reset",
        "status-401",
    ] {
        let fault: Fault = format!("/contacts* kind={kind} times=2").parse().unwrap();
        world.simulator.workspace().set_faults(vec![fault]);
        let failed = plugin.read_page(&connection.tenant, &page).await;
        assert!(failed.is_err(), "{kind}");
        world.look(kind, "/contacts", &[]);
    }
    world.simulator.workspace().set_faults(Vec::new());

    // Revoked and authorised again: the call that meets it goes on with another token, and has neither.
    world.simulator.workspace().revoke_token();
    let next = world.simulator.workspace().grant_token();
    token_file::store(&file.token_file, &next.as_str().into()).unwrap();
    world.secrets.push(next);
    plugin.read_page(&connection.tenant, &page).await.unwrap();
    world.look("read-page with another token", name, &[]);

    let documents = [contact.to_string().into_bytes()];
    let mapped = plugin.map_record(&connection.tenant, "contacts", &documents);
    assert!(mapped.await.unwrap()[0].is_ok());
    world.look("map-record", name, &[]);

    let batch = Batch {
        action: "contacts".to_owned(),
        mode: None,
        id: "b1".to_owned(),
        rows: vec![Row {
            key: "1".to_owned(),
            document: json!({"email": "a.planted.address@example.org"})
                .to_string()
                .into_bytes(),
            attempt: 0,
            base_updated_at_ms: None,
        }],
        time_budget_ms: 60_000,
        rehearsal: Rehearsal::Off,
    };
    let written = plugin
        .write_batch(&connection.tenant, &batch)
        .await
        .unwrap();
    let said = world.exchanges.exchanges();
    assert!(said.iter().any(|exchange| exchange.method == "POST"));
    assert!(
        matches!(written[0].status, OutcomeStatus::Created),
        "{written:?}"
    );
    world.look("write-batch", "a.planted.address@example.org", &[]);

    // The one secret that a guest is given, in the one call that it is for.
    let delivery = delivery(&json!({
        "type": "notification_event", "app_id": "simulator", "id": "n1", "topic": "ping", "created_at": 1,
        "data": {"item": {"type": "ping", "message": "a planted message"}},
    }));
    let verdict = plugin.verify_webhook(&connection.tenant, &delivery).await;
    assert!(matches!(verdict, Ok(Verdict::Rejected(_))), "{verdict:?}");
    world.look("verify-webhook", "a planted message", &[CLIENT_SECRET]);
    plugin.read_page(&connection.tenant, &page).await.unwrap();
    world.look("read-page after verify-webhook", name, &[]);
}

fn code(address: &str, state: &str) -> String {
    match Pasted::parse(address).unwrap() {
        Pasted::Redirect(redirect) => redirect.code(state).unwrap().expose().to_owned(),
        Pasted::Code(_) => panic!("{address} is an address"),
    }
}

fn delivery(body: &Value) -> WebhookDelivery {
    WebhookDelivery {
        headers: vec![Header {
            name: "X-Hub-Signature".to_owned(),
            value: format!("sha1={}", "0".repeat(40)),
        }],
        body: body.to_string().into_bytes(),
        secrets: vec![CLIENT_SECRET.to_owned()],
        received_at_ms: 0,
    }
}
