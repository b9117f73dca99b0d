use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use written::{Folder, tells};

use crate::process::{Finished, Running, documents, finish, program, until};
use crate::service::Service;

/// The token and the secret: words that nothing else holds, so that they can be searched for.
pub const TOKEN: &str = "tell-nobody-this-token";
pub const CLIENT_SECRET: &str = "tell-nobody-this-secret";
/// The token of a platform's control API, and its key: 32 bytes.
pub const CONTROL: &str = "tell-nobody-the-control-token";
pub const KEY: &str = "dGVsbC1ub2JvZHktdGhlLWtleS1vZi0zMi1ieXRlcyE=";

/// The name of the connection's file.
pub const CONNECTION: &str = "connection.yaml";

/// A simulator, a connection file and a folder to work in. Whatever any command writes, to its outputs or into the folder,
/// must not hold the token or the secret.
pub struct World {
    pub service: Service,
    folder: Folder,
}

impl World {
    /// A workspace of 260 contacts and 130 companies unless the arguments say otherwise, and a connection to it.
    pub fn new(arguments: &[&str]) -> World {
        let mut arguments = arguments.to_vec();
        for (name, count) in [("--contacts", "260"), ("--companies", "130")] {
            if !arguments.contains(&name) {
                arguments.extend([name, count]);
            }
        }
        let world = World {
            service: Service::start(&arguments),
            folder: Folder::new(),
        };
        world.connect("config: { region: us, api_version: \"2.11\" }\n");
        world
    }

    /// A small workspace with conversations, and their ids.
    pub fn with_conversations() -> (World, Vec<String>) {
        let world = World::new(&[
            "--contacts",
            "20",
            "--companies",
            "3",
            "--conversations",
            "30",
        ]);
        let dump = world.service.get("conversations?limit=100");
        let rows = dump["data"].as_array().expect("conversations").iter();
        let ids = rows.map(|row| row["id"].as_str().expect("an id").to_owned());
        let ids = ids.collect();
        (world, ids)
    }

    /// The id of a teammate.
    pub fn teammate(&self) -> String {
        let admins = self.service.ask("/admins");
        let id = admins["admins"][0]["id"].as_str();
        id.expect("a teammate").to_owned()
    }

    /// A contact says something in a conversation.
    pub fn says(&self, conversation: &str, text: &str) {
        let body = format!("<p>{text}</p>");
        let part = json!({ "part_type": "comment", "body": body, "from_contact": true });
        let change =
            json!({ "change": "conversation_part", "conversation": conversation, "part": part });
        self.service.post("desk", &change);
    }

    /// How often something is said in a conversation.
    pub fn said(&self, conversation: &str, text: &str) -> usize {
        let asked = self.service.ask(&format!("/conversations/{conversation}"));
        let parts = asked["conversation_parts"]["conversation_parts"].as_array();
        let holds = |part: &&Value| part.to_string().contains(text);
        parts.expect("parts").iter().filter(holds).count()
    }

    /// Writes the connection's file anew, with further lines.
    pub fn connect(&self, lines: &str) {
        let text = format!(
            "connector: intercom\n\
             credentials: {{ access_token: \"${{TOKEN}}\", client_secret: \"${{CLIENT_SECRET}}\" }}\n\
             endpoint: {}\n{lines}",
            self.service.url
        );
        self.write(CONNECTION, &text);
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).expect("a file is written");
    }

    /// The documents of a file of JSON lines; none when there is no file.
    pub fn lines(&self, name: &str) -> Vec<Value> {
        documents(&std::fs::read_to_string(self.path(name)).unwrap_or_default())
    }

    /// How many rows that are not deleted a database has of a stream; no key is there twice.
    pub fn rows(&self, database: &str, stream: &str) -> usize {
        let database = rusqlite::Connection::open(self.path(database)).expect("a database");
        let question =
            format!("SELECT count(*), count(DISTINCT key) FROM {stream} WHERE NOT deleted");
        let (rows, keys): (i64, i64) = database
            .query_row(&question, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("a table");
        assert_eq!(rows, keys);
        usize::try_from(rows).expect("a count")
    }

    /// A command in the folder, with the secrets in its environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(self.folder.path(), arguments);
        command
            .env("TOKEN", TOKEN)
            .env("CLIENT_SECRET", CLIENT_SECRET)
            .env("CONTROL", CONTROL)
            .env("KEY", KEY);
        command
    }

    /// A command about the connection, run to its end.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.run_with(arguments, b"")
    }

    /// The same with something on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &[u8]) -> Finished {
        let connected: Vec<&str> = arguments
            .iter()
            .chain(&["--connection", CONNECTION])
            .copied()
            .collect();
        finish(self.command(&connected), input)
    }

    /// The same, expected to succeed.
    pub fn succeed(&self, arguments: &[&str]) -> Finished {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}: {finished:?}");
        finished
    }

    /// What is stored in an output about earlier runs.
    pub fn status(&self, output: &str) -> Value {
        let asked = self.command(&["status", "--json", "--output", output]);
        finish(asked, b"").document()
    }

    /// Waits until the service holds back a request of a process; false when the process ends before.
    pub fn until_held_back(&self, running: &mut Running) -> bool {
        let mut held = false;
        until(|| {
            held = self.service.held_back() > 0;
            held || running.is_over()
        });
        held
    }

    /// The same, left running.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let connected: Vec<&str> = arguments
            .iter()
            .chain(&["--connection", CONNECTION])
            .copied()
            .collect();
        Running::start(self.command(&connected), b"")
    }
}

/// Panics when a process has printed a secret, without repeating it.
pub fn assert_silent(finished: &Finished) {
    for text in [&finished.out, &finished.err] {
        for (line, number) in text.lines().zip(1..) {
            assert!(!tells(line.as_bytes()), "line {number} tells a secret");
        }
    }
}

/// The keys of entries.
pub fn keys(entries: &[Value]) -> BTreeSet<String> {
    entries
        .iter()
        .map(|entry| entry["key"].as_str().expect("a key").to_owned())
        .collect()
}
