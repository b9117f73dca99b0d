use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use written::holding;

use crate::authorization::{STATE, TOKEN_FILE, code_of, sent_back, stored, unauthorised};
use crate::http::send;
use crate::process::{Finished, Running, finish, program};
use crate::webhooks::{SERVE, contact, listening, notification, signature};
use crate::world::{CLIENT_SECRET, CONNECTION, TOKEN, World};

const CACHE: &str = "HOST_TEST_CACHE_DIR";

/// Where the tests of this file cache compiled components. It is filled before anything is logged: a compiler that says all
/// that it does takes gigabytes.
fn cache() -> &'static Path {
    static FILLED: OnceLock<PathBuf> = OnceLock::new();
    FILLED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secrets-cache");
        let mut command = program(Path::new("."), ["describe"]);
        command.env(CACHE, &folder);
        assert_eq!(finish(command, b"").code, Some(0));
        folder
    })
}

/// A world in which every process says all that it can, and whose outputs are kept to be searched.
struct Hunt {
    world: World,
    printed: Vec<(String, Finished)>,
}

impl Hunt {
    fn new(world: World) -> Hunt {
        Hunt {
            world,
            printed: Vec::new(),
        }
    }

    /// A command about the connection that logs everything, its libraries included.
    fn command(&self, arguments: &[&str]) -> Command {
        let connected: Vec<&str> = arguments
            .iter()
            .chain(&["--connection", CONNECTION])
            .copied()
            .collect();
        let mut command = self.world.command(&connected);
        command.env("RUST_LOG", "trace").env(CACHE, cache());
        command
    }

    /// Runs it to its end, which has to be this.
    fn run(&mut self, exit: i32, arguments: &[&str], input: &str) {
        let finished = finish(self.command(arguments), input.as_bytes());
        let told = finished.err.lines().rev();
        let last: Vec<&str> = told
            .filter(|line| !line.contains(" TRACE ") && !line.contains(" DEBUG "))
            .take(60)
            .collect();
        assert_eq!(finished.code, Some(exit), "{arguments:?}: {last:#?}");
        self.printed.push((arguments.join(" "), finished));
    }

    /// The next requests whose path begins so go wrong in these ways, one after another.
    fn faults(&self, path: &str, kinds: &[&str]) {
        let faults: Vec<Value> = kinds
            .iter()
            .zip(1..)
            .map(|(kind, first)| json!({ "path": path, "kind": kind, "first": first }))
            .collect();
        self.world.service.post("faults", &json!(faults));
    }

    /// Takes webhooks, genuine and forged, until it is told to end.
    fn take_webhooks(&mut self) {
        let running = Running::start(self.command(&SERVE), b"");
        let url = listening(&running);
        let body = notification("n1", "contact.user.updated", &contact("c1"));
        let genuine = signature(&body, CLIENT_SECRET);
        for (signature, status) in [
            (genuine.as_str(), 200),
            (&signature(&body, "another"), 401),
            // Somebody who mistakes what is to be sent.
            ("sha1=not-even-digits", 401),
        ] {
            let headers = [("x-hub-signature", signature)];
            assert_eq!(send("POST", &url, &headers, &body).status, status);
        }
        self.printed.push((SERVE.join(" "), running.terminate()));
    }

    /// Panics when a secret is in anything that was printed, or in a file other than the token's.
    fn search(&self, secrets: &[String]) {
        for secret in secrets {
            for form in forms(secret) {
                for (command, finished) in &self.printed {
                    for text in [&finished.out, &finished.err] {
                        let found = text.lines().find(|line| line.contains(&form));
                        let line = found.map(|line| line.replace(&form, "(the secret)"));
                        assert_eq!(line, None, "`{command}` prints a secret");
                    }
                }
                let mut files = holding(&self.world.path(""), form.as_bytes());
                files.extend(holding(cache(), form.as_bytes()));
                files.retain(|path| !path.ends_with(TOKEN_FILE));
                assert!(files.is_empty(), "a secret is in {files:?}");
            }
        }
    }
}

/// How a secret looks as it is, in a form or an address, and in Base64.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        STANDARD.encode(secret),
    ];
    forms.dedup();
    forms
}

/// Everything that a connection can be used for, with faults in between.
fn use_everything(hunt: &mut Hunt) {
    hunt.run(0, &["check"], "");
    hunt.faults("/me", &["status-401", "status-401", "status-500"]);
    hunt.run(2, &["check"], "");
    hunt.run(2, &["check", "--json"], "");

    let faults = [
        "status-401",
        "rate-limited",
        "status-500",
        "invalid-json",
        "bad-gateway-html",
        "cut-body",
        "reset",
        "empty-body",
    ];
    for output in ["jsonl:out", "sqlite:out.db"] {
        hunt.faults("/contacts*", &faults);
        let sync = [
            "sync",
            "--page-rows",
            "50",
            "--time-scale",
            "60",
            "--output",
            output,
        ];
        hunt.run(0, &sync, "");
    }
    // The check that comes first meets two of them.
    hunt.faults("/tags", &["status-401"; 4]);
    hunt.run(1, &["read", "tags", "--state", "position.json"], "");

    let rows: String = (0..4)
        .map(|index| {
            format!("{{\"key\":\"{index}\",\"email\":\"somebody.{index}@example.org\"}}\n")
        })
        .collect();
    let rows = format!("{rows}{{\"key\":\"bad\",\"emial\":\"x\"}}\n");
    let write = [
        "write",
        "contacts",
        "--input",
        "-",
        "--journal",
        "journal.db",
        "--batch-id",
        "b",
    ];
    let write: Vec<&str> = write.into_iter().chain(["--time-scale", "60"]).collect();
    hunt.faults(
        "/contacts",
        &[
            "status-401",
            "reset-after-work",
            "status-500",
            "rate-limited",
        ],
    );
    hunt.run(3, &write, &rows);
    hunt.faults("/contacts*", &[]);
    hunt.run(3, &write, &rows);
    hunt.take_webhooks();
}

#[test]
fn a_token_and_a_secret_are_in_nothing_that_is_printed_or_written() {
    let mut hunt = Hunt::new(World::new(&["--time-scale", "10"]));
    use_everything(&mut hunt);
    hunt.search(&[TOKEN.to_owned(), CLIENT_SECRET.to_owned()]);

    // What was searched says much, of the libraries too.
    let told: String = hunt
        .printed
        .iter()
        .map(|(_, finished)| finished.err.as_str())
        .collect();
    for word in ["TRACE", "http1 handshake", "put; add idle connection"] {
        assert!(told.contains(word), "{word}");
    }
    // And a search finds what is there: a row, and the compiled component.
    let key = hunt.world.lines("out/tags.jsonl")[0]["data"]["name"].to_string();
    let files = holding(&hunt.world.path(""), key.trim_matches('"').as_bytes());
    for name in ["out/tags.jsonl", "out.db"] {
        assert!(files.contains(&hunt.world.path(name)), "{name}: {files:?}");
    }
    assert!(!holding(cache(), b"intercom").is_empty());
}

#[test]
fn a_code_and_its_token_are_in_nothing_but_the_token_file() {
    let mut hunt = Hunt::new(unauthorised(&["--time-scale", "10"]));
    let mut secrets = vec![CLIENT_SECRET.to_owned()];
    let auth = ["auth", "--state", STATE, "--time-scale", "60"];
    // What fails, in every way that there is.
    for kind in [
        "status-401",
        "status-500",
        "invalid-json",
        "foreign-body",
        "cut-body",
        "slow-10m",
        // This one uses the code up.
        "reset-after-work",
    ] {
        let address = sent_back(&hunt.world);
        secrets.push(code_of(&address));
        hunt.faults("/auth/eagle/token", &[kind]);
        hunt.run(1, &auth, &address);
    }
    hunt.faults("/auth/eagle/token", &[]);
    let used = secrets.last().cloned().expect("a code");
    let strange = format!("?code={used}&state=another\n");
    hunt.run(1, &auth, &strange);
    hunt.run(64, &["auth", "--code", &used], "");
    hunt.run(1, &["auth", "--json", "--without-state"], &used);
    // `--code` is in the list of processes, and in nothing that this one prints.
    hunt.printed
        .retain(|(command, _)| !command.contains("--code"));

    let address = sent_back(&hunt.world);
    secrets.push(code_of(&address));
    hunt.run(0, &auth, &address);
    let token = stored(&hunt.world, TOKEN_FILE).expect("a token");
    assert_eq!(
        holding(&hunt.world.path(""), token.as_bytes()),
        [hunt.world.path(TOKEN_FILE)]
    );
    secrets.push(token);

    use_everything(&mut hunt);
    hunt.world
        .service
        .post("token", &json!({ "revoked": true }));
    hunt.run(2, &["check"], "");
    hunt.search(&secrets);
}
