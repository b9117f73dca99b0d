use std::collections::BTreeMap;
use std::path::Path;

use conformance::Recording;
use serde_json::{Value, json};

use crate::http::send;
use crate::process::{Running, program};
use crate::world::{CLIENT_SECRET, TOKEN};

/// A simulator in a process of its own.
pub struct Service {
    _process: Running,
    pub url: String,
    /// What was said, which has to conform to Intercom's description.
    pub exchanges: Recording,
}

impl Service {
    /// Starts `host-test simulate` with further arguments.
    pub fn start(arguments: &[&str]) -> Service {
        let fixed = ["simulate", "--json", "--access-token", TOKEN];
        let secret = ["--client-secret", CLIENT_SECRET];
        let exchanges = Recording::new();
        let record = ["--record", exchanges.path().to_str().expect("a plain path")];
        let all = fixed.iter().chain(&secret).chain(&record).chain(arguments);
        let process = Running::start(program(Path::new("."), all), b"");
        let told: Value = serde_json::from_str(&process.line("{")).expect("a document");
        let url = told["url"].as_str().expect("its URL").to_owned();
        Service {
            _process: process,
            url,
            exchanges,
        }
    }

    /// Asks at the control door.
    pub fn get(&self, what: &str) -> Value {
        let answer = send("GET", &format!("{}/_simulator/{what}", self.url), &[], b"");
        assert_eq!(answer.status, 200, "{what}");
        serde_json::from_slice(&answer.body).expect("a document")
    }

    /// Says something at the control door.
    pub fn post(&self, what: &str, document: &Value) -> Value {
        let url = format!("{}/_simulator/{what}", self.url);
        let answer = send("POST", &url, &[], document.to_string().as_bytes());
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{what}: {text}");
        serde_json::from_str(&text).expect("a document")
    }

    /// How many rows a stream has.
    pub fn count(&self, stream: &str) -> usize {
        let count = self.get("state")[stream].as_u64();
        usize::try_from(count.expect("a stream")).unwrap()
    }

    /// How many requests there were.
    pub fn requests(&self) -> u64 {
        self.get("state")["requests"].as_u64().expect("a number")
    }

    /// The contacts: id and second of the last change.
    pub fn contacts(&self) -> BTreeMap<String, i64> {
        let dump = self.get("contacts?limit=100000");
        let rows = dump["data"].as_array().expect("rows");
        let row = |row: &Value| {
            let id = row["id"].as_str().expect("an id").to_owned();
            (id, row["updated_at"].as_i64().expect("a second"))
        };
        rows.iter().map(row).collect()
    }

    /// Holds back every answer from a request on, counted from 1 from now on; with `applied` that one is applied first.
    pub fn hold(&self, request: u64, applied: bool) {
        self.post("hold", &json!({ "request": request, "applied": applied }));
    }

    /// How many requests are held back.
    pub fn held_back(&self) -> u64 {
        self.get("hold")["held_back"].as_u64().expect("a number")
    }

    /// Lets go on what is held back.
    pub fn release(&self) {
        self.post("release", &json!({}));
    }

    /// What the API answers with.
    pub fn ask(&self, target: &str) -> Value {
        self.ask_in("2.11", target)
    }

    /// What the API answers with in a version.
    pub fn ask_in(&self, version: &str, target: &str) -> Value {
        let authorization = format!("Bearer {TOKEN}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("intercom-version", version),
        ];
        let answer = send("GET", &format!("{}{target}", self.url), &headers, b"");
        assert_eq!(answer.status, 200, "{target}");
        serde_json::from_slice(&answer.body).expect("a document")
    }

    /// Lets time pass in the workspace.
    pub fn pass(&self, seconds: u64) {
        self.post("advance", &json!({ "seconds": seconds }));
    }
}
