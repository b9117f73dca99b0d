use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use conformance::Recording;
use host_test::connection_file::ConnectionFile;
use host_test::engine::{Engine, EngineOptions};
use host_test::opened_connection::OpenedConnection;
use host_test::output::{JsonLines, OutputTarget};
use host_test::plugin::Plugin;
use host_test::progress::Silent;
use host_test::report::RunReport;
use host_test::runner::{ConnectedSource, PageSource, RetryPolicy, RunOptions, Runner};
use host_test::simulator::{Options, Simulator, Workspace};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use written::Folder;

/// How much faster than the real one the tests' time is, in the simulator and in the host's waits.
pub const TIME_SCALE: f64 = 60.0;

/// The component, loaded once for all tests.
pub async fn plugin() -> Plugin {
    static PLUGIN: OnceCell<Plugin> = OnceCell::const_new();
    let load = || async {
        let bytes = host_test::artifact::find_or_build(None).expect("the component builds");
        let engine = Engine::new(EngineOptions::default()).expect("an engine");
        Plugin::load(&engine, &bytes)
            .await
            .expect("the component is accepted")
    };
    PLUGIN.get_or_init(load).await.clone()
}

/// A small workspace whose time runs faster. Each has an id of its own: the host lets walks of one workspace wait for each
/// other.
pub fn small() -> Options {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    Options {
        workspace_id: format!("workspace-{}", COUNT.fetch_add(1, Ordering::Relaxed)),
        contacts: 700,
        companies: 450,
        time_scale: TIME_SCALE,
        ..Options::default()
    }
}

/// A workspace, a connection to it and a folder for its output.
pub struct World {
    pub simulator: Simulator,
    pub connection: OpenedConnection,
    pub folder: Folder,
    /// What was said, which has to conform to Intercom's description.
    pub exchanges: Recording,
}

impl World {
    /// A workspace with a connection that has the right token.
    pub async fn new(options: Options) -> Self {
        Self::configured(options, "{ region: us, api_version: \"2.11\" }").await
    }

    /// A workspace with a connection of another configuration.
    pub async fn configured(options: Options, config: &str) -> Self {
        let (simulator, exchanges) = recorded(options).await;
        let connection = connect(&simulator, config, "simulator-token").await;
        Self {
            simulator,
            connection,
            folder: Folder::new(),
            exchanges,
        }
    }

    pub fn workspace(&self) -> &Workspace {
        self.simulator.workspace()
    }

    /// Reads streams into JSON-lines files of this world's folder, as `host-test sync` does.
    pub async fn sync(&self, streams: &[&str]) -> RunReport {
        let source = ConnectedSource {
            plugin: &self.connection.plugin,
            tenant: &self.connection.tenant,
        };
        self.sync_from(&source, streams).await
    }

    /// The same, with pages from this source.
    pub async fn sync_from(&self, source: &impl PageSource, streams: &[&str]) -> RunReport {
        self.run(source, streams, RetryPolicy::default()).await
    }

    /// The same, with so many tries.
    pub async fn sync_tried(&self, tries: usize, streams: &[&str]) -> RunReport {
        let source = ConnectedSource {
            plugin: &self.connection.plugin,
            tenant: &self.connection.tenant,
        };
        let retry = RetryPolicy {
            tries,
            ..RetryPolicy::default()
        };
        self.run(&source, streams, retry).await
    }

    async fn run(
        &self,
        source: &impl PageSource,
        streams: &[&str],
        retry: RetryPolicy,
    ) -> RunReport {
        let folder = self.folder.path();
        let mut output =
            JsonLines::open(folder, &OutputTarget::state_in_directory(folder)).expect("an output");
        let retry = RetryPolicy {
            time_scale: TIME_SCALE,
            ..retry
        };
        // Small pages, so that a fault meets the middle of a walk.
        let options = RunOptions {
            max_entries: 50,
            retry,
            ..RunOptions::default()
        };
        let streams: Vec<String> = streams.iter().map(|name| (*name).to_owned()).collect();
        let runner = Runner::new(
            source,
            self.connection.plugin.descriptor(),
            &options,
            &Silent,
        );
        runner
            .run(&streams, &mut output)
            .await
            .expect("the output takes everything")
    }

    /// Everything that a stream's file holds.
    pub fn lines(&self, stream: &str) -> Vec<Value> {
        lines(&self.folder.path().join(format!("{stream}.jsonl")))
    }

    /// The simulator's contacts: id and time of change.
    pub fn contacts(&self) -> BTreeMap<String, i64> {
        let mut all = BTreeMap::new();
        self.workspace().for_each_contact(|contact| {
            all.insert(
                text(contact, "id"),
                contact["updated_at"].as_i64().expect("a time"),
            );
        });
        all
    }

    /// The simulator's companies: id and time of change.
    pub fn companies(&self) -> BTreeMap<String, i64> {
        let mut all = BTreeMap::new();
        self.workspace().for_each_company(|company| {
            all.insert(
                text(company, "id"),
                company["updated_at"].as_i64().expect("a time"),
            );
        });
        all
    }

    /// Lets a second pass in the workspace, so that what changes next is told apart from what changed before.
    pub fn pass(&self, seconds: u64) {
        self.workspace().advance(Duration::from_secs(seconds));
    }
}

/// A simulator, and the recording of what is said to it.
pub async fn recorded(options: Options) -> (Simulator, Recording) {
    let exchanges = Recording::new();
    let options = Options {
        record: Some(exchanges.path().to_owned()),
        ..options
    };
    let simulator = Simulator::start(options).await;
    (simulator.expect("the simulator starts"), exchanges)
}

/// A connection to a simulator.
pub async fn connect(simulator: &Simulator, config: &str, token: &str) -> OpenedConnection {
    let text = format!(
        "connector: intercom\ncredentials: {{ access_token: \"{token}\", client_secret: simulator-client-secret }}\n\
         config: {config}\nendpoint: {}\n",
        simulator.url()
    );
    let file =
        ConnectionFile::parse(Path::new("test.yaml"), &text, &|_| None).expect("a connection file");
    OpenedConnection::new(plugin().await, file, None).expect("a connection")
}

/// The lines of a file; none when there is no file.
pub fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// The last state that lines give each key; a key that is deleted is not in it. Panics when a line repeats the one before
/// it for the same key: two lines may have the same time, since a row may change twice in a second, but not the same
/// content too.
pub fn replay(lines: &[Value]) -> BTreeMap<String, i64> {
    let mut rows: BTreeMap<String, &Value> = BTreeMap::new();
    for line in lines {
        let key = text(line, "key");
        if line["change"] == "delete" {
            rows.remove(&key);
            continue;
        }
        let before = rows.insert(key.clone(), &line["data"]);
        assert_ne!(before, Some(&line["data"]), "{key} is given twice");
    }
    let updated_at = |data: &Value| data["updated_at"].as_i64().unwrap_or_default();
    rows.into_iter()
        .map(|(key, data)| (key, updated_at(data)))
        .collect()
}

/// Panics unless a stream's lines give exactly the rows of the workspace; says which rows differ, and nothing of the others.
pub fn assert_rows(lines: &[Value], workspace: &BTreeMap<String, i64>, context: &str) {
    let replayed = replay(lines);
    let keys: BTreeSet<&String> = replayed.keys().chain(workspace.keys()).collect();
    let different: Vec<String> = keys
        .into_iter()
        .filter(|key| replayed.get(*key) != workspace.get(*key))
        .map(|key| {
            let (read, there) = (replayed.get(key), workspace.get(key));
            format!("{key}: {read:?} was read, {there:?} is there")
        })
        .collect();
    assert!(different.is_empty(), "{context}: {different:#?}");
}

/// A text of a document.
pub fn text(document: &Value, name: &str) -> String {
    document[name].as_str().unwrap_or_default().to_owned()
}

/// A request of somebody else to the workspace; gives the status.
pub async fn request(world: &World, method: &str, target: &str) -> u16 {
    request_with(world, method, target, "2.11", "").await
}

/// The same in an API version, with a JSON body unless it is empty.
pub async fn request_with(
    world: &World,
    method: &str,
    target: &str,
    version: &str,
    body: &str,
) -> u16 {
    let content = match body.len() {
        0 => String::new(),
        length => format!("content-type: application/json\r\ncontent-length: {length}\r\n"),
    };
    send(world, method, target, version, &content, body).await
}

/// A request for bytes in an API version; gives the status.
pub async fn request_bytes(world: &World, target: &str, version: &str) -> u16 {
    let accept = "accept: application/octet-stream\r\n";
    send(world, "GET", target, version, accept, "").await
}

async fn send(
    world: &World,
    method: &str,
    target: &str,
    version: &str,
    headers: &str,
    body: &str,
) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", world.simulator.port()))
        .await
        .expect("a connection");
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer simulator-token\r\n\
         intercom-version: {version}\r\n{headers}connection: close\r\n\r\n{body}"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("a request");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status")
}
