//! What the tests of the simulator share: a running simulator, a client, and a receiver of notifications.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method as HttpMethod, StatusCode};
use reqwest::{Method, redirect};
use serde_json::{Value, json};

use super::webhook_delivery::plain_client;
use super::{Options, Simulator, Workspace};

/// A running simulator and a client of it.
pub(crate) struct Bench {
    pub(crate) simulator: Simulator,
    client: reqwest::Client,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    /// The code of the error in the answer.
    pub(crate) fn code(&self) -> &str {
        self.body["errors"][0]["code"].as_str().unwrap_or_default()
    }

    /// The message of the error in the answer.
    pub(crate) fn message(&self) -> &str {
        self.body["errors"][0]["message"]
            .as_str()
            .unwrap_or_default()
    }

    /// Ids of the entries in the answer.
    pub(crate) fn ids(&self) -> Vec<String> {
        let data = self.body["data"].as_array().cloned().unwrap_or_default();
        data.iter()
            .map(|entry| entry["id"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The cursor of the next page.
    pub(crate) fn next(&self) -> Option<String> {
        self.body["pages"]["next"]["starting_after"]
            .as_str()
            .map(str::to_owned)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Bench {
    pub(crate) async fn start(options: Options) -> Bench {
        Bench {
            simulator: Simulator::start(options).await.unwrap(),
            client: plain_client()
                .unwrap()
                .timeout(Duration::from_secs(30))
                .redirect(redirect::Policy::none())
                .build()
                .unwrap(),
        }
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        self.simulator.workspace()
    }

    /// A request with the right token.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.bare_request(method, path)
            .header("authorization", "Bearer simulator-token")
    }

    /// A request without a token.
    pub(crate) fn bare_request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.simulator.url()))
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        reply(self.request(Method::GET, path)).await
    }

    /// The same, in an API version.
    pub(crate) async fn get_in(&self, version: &str, path: &str) -> Reply {
        let request = self.request(Method::GET, path);
        reply(request.header("intercom-version", version)).await
    }

    /// Everything that a list by page number holds, page by page.
    pub(crate) async fn walk(&self, version: &str, path: &str) -> Vec<Value> {
        let mut entries = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.get_in(version, &path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            entries.extend(page.body["data"].as_array().unwrap().iter().cloned());
            let address = page.body["pages"]["next"].as_str();
            let own = |address: &str| {
                address
                    .strip_prefix(&self.simulator.url())
                    .unwrap()
                    .to_owned()
            };
            next = address.map(own);
        }
        entries
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        reply(self.request(Method::POST, path).body(body.to_string())).await
    }

    /// Sends a request in an API version; without a body where that is null.
    async fn send_in(&self, method: Method, version: &str, path: &str, body: &Value) -> Reply {
        let request = self.request(method, path);
        let request = request.header("intercom-version", version);
        reply(match body {
            Value::Null => request,
            body => request.body(body.to_string()),
        })
        .await
    }

    pub(crate) async fn post_in(&self, version: &str, path: &str, body: &Value) -> Reply {
        self.send_in(Method::POST, version, path, body).await
    }

    pub(crate) async fn put_in(&self, version: &str, path: &str, body: &Value) -> Reply {
        self.send_in(Method::PUT, version, path, body).await
    }

    pub(crate) async fn delete_in(&self, version: &str, path: &str) -> Reply {
        let none = Value::Null;
        self.send_in(Method::DELETE, version, path, &none).await
    }

    pub(crate) async fn delete_with(&self, path: &str, body: &Value) -> Reply {
        self.send_in(Method::DELETE, "2.11", path, body).await
    }

    /// A search for contacts that succeeds: its body.
    pub(crate) async fn search(&self, query: Value) -> Value {
        let body = json!({"query": query});
        let found = self.post("/contacts/search", &body).await;
        assert_eq!(found.status, 200, "{}", found.body);
        found.body
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        reply(self.request(Method::PUT, path).body(body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        reply(self.request(Method::DELETE, path)).await
    }
}

/// Sends a request and reads its whole answer; a body that is not JSON is null.
pub(crate) async fn reply(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.unwrap();
    Reply {
        status,
        headers,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    }
}

/// A workspace with conversations of every kind.
pub(crate) fn many_conversations() -> Options {
    Options {
        conversations: 400,
        ..Options::default()
    }
}

/// The ids of the conversations in an answer.
pub(crate) fn conversation_ids(body: &Value) -> Vec<String> {
    let entries = body["conversations"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["id"].as_str().unwrap().to_owned())
        .collect()
}

/// A search for conversations, to its last page.
pub(crate) async fn search_conversations(
    bench: &Bench,
    query: Value,
    order: &str,
    per_page: usize,
) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), Value::Null);
    for _ in 0..200 {
        let body = json!({
            "query": query,
            "sort": {"field": "updated_at", "order": order},
            "pagination": {"per_page": per_page, "starting_after": cursor},
        });
        let page = bench.post("/conversations/search", &body).await;
        assert_eq!(page.status, 200, "{}", page.body);
        found.extend(page.body["conversations"].as_array().unwrap().clone());
        cursor = page.body["pages"]["next"]["starting_after"].clone();
        if cursor.is_null() {
            assert_eq!(page.body["total_count"], found.len());
            return found;
        }
    }
    panic!("the search does not end");
}

/// Opens the authorization page with this query, as a browser does; gives the address that the browser is sent to.
pub(crate) async fn authorise(simulator: &Simulator, query: &str) -> String {
    let client = plain_client().unwrap();
    let client = client.redirect(redirect::Policy::none()).build().unwrap();
    let page = format!("{}/oauth?{query}", simulator.url());
    let answer = client.get(page).send().await.unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// One notification as it was received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) signature: String,
    pub(crate) body: Vec<u8>,
}

/// A receiver of notifications that answers with given statuses, then with 200.
pub(crate) struct Receiver {
    pub(crate) url: String,
    pub(crate) received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// A receiver that answers HEAD with `head` and the first POSTs with `statuses`.
    pub(crate) async fn start(head: u16, statuses: &[u16]) -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        Receiver::on(listener, head, statuses)
    }

    /// The same at a place that is there already.
    pub(crate) fn on(listener: tokio::net::TcpListener, head: u16, statuses: &[u16]) -> Receiver {
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let statuses = Arc::new(Mutex::new(VecDeque::from(statuses.to_vec())));
        let store = received.clone();
        let app = Router::new().fallback(
            move |method: HttpMethod, headers: HeaderMap, body: Bytes| async move {
                if method == HttpMethod::HEAD {
                    return StatusCode::from_u16(head).unwrap();
                }
                let signature = headers["x-hub-signature"].to_str().unwrap().to_owned();
                store.lock().unwrap().push(Received {
                    signature,
                    body: body.to_vec(),
                });
                let status = statuses.lock().unwrap().pop_front().unwrap_or(200);
                StatusCode::from_u16(status).unwrap()
            },
        );
        tokio::spawn(async move { axum::serve(listener, app).await });
        Receiver { url, received }
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        let received = self.received.lock().unwrap();
        received
            .iter()
            .map(|received| serde_json::from_slice(&received.body).unwrap())
            .collect()
    }
}
