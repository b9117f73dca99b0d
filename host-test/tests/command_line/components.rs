use std::path::{Path, PathBuf};

use serde_json::Value;
use written::Folder;

use crate::process::{Finished, component, finish, program, until};
use crate::webhook_service::{changed, deliver};
use crate::webhooks::{SERVE, listening, made_at};
use crate::world::World;

/// A folder with a store of versions, and two builds of the connector: the second says the same and has another hash.
struct Shelf {
    folder: Folder,
    builds: [PathBuf; 2],
}

impl Shelf {
    fn new() -> Shelf {
        let folder = written::Folder::new();
        let other = folder.path().join("other.wasm");
        let mut bytes = std::fs::read(component()).unwrap();
        // A custom section.
        bytes.extend([0, 6, 5, b'b', b'u', b'i', b'l', b'd']);
        std::fs::write(&other, bytes).unwrap();
        Shelf {
            folder,
            builds: [component().to_path_buf(), other],
        }
    }

    /// The folder of versions.
    fn store(&self) -> PathBuf {
        self.folder.path().join("components")
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        let mut command = program(self.folder.path(), arguments);
        command.env("HOST_TEST_COMPONENTS", self.store());
        finish(command, b"")
    }

    fn document(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let finished = self.run(&arguments);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        finished.document()
    }

    /// Adds a build, and gives its hash.
    fn add(&self, build: usize) -> String {
        let added = self.document(&["component", "add", text(&self.builds[build])]);
        added["sha256"].as_str().unwrap().to_owned()
    }

    /// The build that commands run, for a connection or for all. What the environment names as the component is not there.
    fn running(&self, arguments: &[&str]) -> String {
        let mut command = program(self.folder.path(), arguments);
        command.env_remove("CONNECTOR_WASM").env(
            "HOST_TEST_COMPONENTS",
            self.folder.path().join("components"),
        );
        let finished = finish(command, b"");
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let document = finished.document();
        document["component"]["sha256"].as_str().unwrap().to_owned()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn versions_are_added_listed_activated_and_taken_back() {
    let shelf = Shelf::new();
    let empty = shelf.run(&["component", "list"]);
    assert_eq!(empty.code, Some(0));
    assert!(empty.out.contains("holds no version"), "{}", empty.out);

    let [first, second] = [shelf.add(0), shelf.add(1)];
    assert_ne!(first, second);
    assert_eq!(shelf.add(0), first, "added twice, there once");
    assert_eq!(
        shelf.document(&["component", "list"])["versions"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    // Both builds say the same version, so the hash has to say which.
    let version = shelf.document(&["component", "list"])["versions"][0]["version"].clone();
    let ambiguous = shelf.run(&["component", "activate", version.as_str().unwrap()]);
    assert_eq!(ambiguous.code, Some(64), "{ambiguous:?}");
    assert!(
        ambiguous.err.contains("means several versions"),
        "{}",
        ambiguous.err
    );

    let active = shelf.document(&["component", "activate", &first[..8]]);
    assert_eq!(active["active"]["sha256"], first.as_str());
    assert_eq!(shelf.running(&["describe", "--json"]), first);
    shelf.document(&["component", "activate", &second[..8]]);
    assert_eq!(shelf.running(&["describe", "--json"]), second);
    let list = shelf.run(&["component", "list"]);
    let line = |sha256: &str| {
        let line = list.out.lines().find(|line| line.contains(&sha256[..12]));
        line.unwrap().to_owned()
    };
    assert!(line(&second).ends_with("all"), "{}", list.out);
    assert!(line(&first).ends_with("(before)"), "{}", list.out);

    let back = shelf.run(&["component", "rollback"]);
    assert_eq!(back.code, Some(0), "{back:?}");
    assert!(
        back.out
            .contains(&format!("({}) is active for all connections", &first[..12])),
        "{}",
        back.out
    );
    assert_eq!(shelf.running(&["describe", "--json"]), first);

    // A share of the connections tries the other one; going back ends that.
    shelf.document(&["component", "activate", &second[..8], "--canary", "20"]);
    let list = shelf.document(&["component", "list"]);
    assert_eq!(list["connectors"]["intercom"]["canary"]["percent"], 20);
    assert_eq!(
        list["connectors"]["intercom"]["all"]["active"],
        first.as_str()
    );
    shelf.document(&["component", "rollback"]);
    let list = shelf.document(&["component", "list"]);
    assert!(list["connectors"]["intercom"].get("canary").is_none());
}

#[test]
fn what_cannot_be_done_says_why() {
    let shelf = Shelf::new();
    let module = shelf.folder.path().join("module.wasm");
    std::fs::write(&module, b"\0asm\x01\0\0\0").unwrap();
    for (arguments, code, said) in [
        (vec!["component", "add", "nothing.wasm"], 64, "nothing.wasm"),
        (
            vec!["component", "add", text(&module)],
            1,
            "no component that can be compiled",
        ),
        (
            vec!["component", "activate", "1.2.3"],
            64,
            "there is no version `1.2.3` (the store is empty)",
        ),
        (
            vec!["component", "activate", "1.2.3", "--canary", "100"],
            64,
            "1..=99",
        ),
        (
            vec![
                "component",
                "activate",
                "1.2.3",
                "--canary",
                "5",
                "--connection",
                "c",
            ],
            64,
            "cannot be used with",
        ),
        (
            vec!["component", "rollback"],
            64,
            "no version was activated yet",
        ),
        (vec!["component"], 64, "Usage"),
        (
            vec!["describe", "--components", "nowhere"],
            64,
            "no version is active in nowhere",
        ),
    ] {
        let finished = shelf.run(&arguments);
        assert_eq!(finished.code, Some(code), "{arguments:?}: {finished:?}");
        assert!(
            finished.err.contains(said),
            "{arguments:?}: {}",
            finished.err
        );
    }
    let sha256 = shelf.add(0);
    let canary = shelf.run(&["component", "activate", &sha256[..8], "--canary", "5"]);
    assert_eq!(canary.code, Some(64), "{canary:?}");
    assert!(
        canary.err.contains("nothing to compare a canary with"),
        "{}",
        canary.err
    );

    shelf.document(&["component", "activate", &sha256[..8]]);
    let same = shelf.run(&["component", "activate", &sha256[..8], "--canary", "5"]);
    assert_eq!(same.code, Some(64), "{same:?}");
    assert!(
        same.err.contains("is active for all connections already"),
        "{}",
        same.err
    );

    // Bytes that were changed are not run.
    let file = shelf
        .folder
        .path()
        .join("components")
        .join(format!("{sha256}.wasm"));
    std::fs::write(file, b"other bytes").unwrap();
    let damaged = shelf.run(&["describe", "--components", "components"]);
    assert_eq!(damaged.code, Some(1), "{damaged:?}");
    assert!(damaged.err.contains("is damaged"), "{}", damaged.err);
}

/// A server of webhooks follows what is activated: the next call takes it, and a call in flight ends with the one that it began
/// with. The second build says one word otherwise.
#[test]
fn webhooks_are_taken_by_what_is_active_and_calls_in_flight_end_with_theirs() {
    const WORD: &[u8] = b"bad_signature";
    let shelf = Shelf::new();
    let mut bytes = std::fs::read(component()).unwrap();
    let places: Vec<usize> = memchr::memmem::find_iter(&bytes, WORD).collect();
    assert!(!places.is_empty());
    for place in places {
        bytes[place] = b'B';
    }
    std::fs::write(&shelf.builds[1], bytes).unwrap();
    let [first, second] = [shelf.add(0), shelf.add(1)];
    shelf.document(&["component", "activate", &first[..8]]);

    let world = World::new(&["--companies", "3"]);
    world.connect(
        "config: { region: us, api_version: \"2.11\" }\nmode: hybrid\nsync_every: 15m\nstreams: [contacts]\n",
    );
    // In the middle of the pages of the first sync, behind the check.
    world.succeed(&[
        "read",
        "tags",
        "--output",
        "jsonl:hooks",
        "--components",
        text(&shelf.store()),
    ]);
    world.service.hold(2, false);
    let store = shelf.store();
    let mut arguments = SERVE.to_vec();
    arguments.extend(["--components", text(&store), "--log", "info"]);
    let mut running = world.start(&arguments);
    let url = listening(&running);
    assert!(world.until_held_back(&mut running));
    let forged = || {
        let answer = crate::http::send("POST", &url, &[("x-hub-signature", "sha1=00")], b"{}");
        assert_eq!(answer.status, 401);
        String::from_utf8_lossy(&answer.body).into_owned()
    };
    assert!(forged().starts_with("bad_signature"), "{}", forged());

    shelf.document(&["component", "activate", &second[..8]]);
    until(|| forged().starts_with("Bad_signature"));
    let told = running.line_with("the next call takes another version");
    assert!(told.contains(&first) && told.contains(&second), "{told}");
    let body = changed("simulator", "n1", "by-webhook", made_at(), "New");
    assert_eq!(deliver(&url, &body).status, 200);
    assert!(world.service.held_back() > 0, "the sync goes on");
    world.service.release();
    running.line("✓ connection: synced");
    assert_eq!(running.terminate().code, Some(0));
    let keys = crate::world::keys(&world.lines("hooks/contacts.jsonl"));
    assert_eq!(keys.len(), 261);

    // A component that the command line names is run whatever is active.
    let build = text(&shelf.builds[0]).to_owned();
    let mut arguments = SERVE.to_vec();
    arguments.extend(["--component", &build, "--components", text(&store)]);
    let running = world.start(&arguments);
    let url = listening(&running);
    let answer = crate::http::send("POST", &url, &[("x-hub-signature", "sha1=00")], b"{}");
    assert!(answer.body.starts_with(WORD), "{answer:?}");
    assert_eq!(running.terminate().code, Some(0));
}

/// A connection's own version, by its file.
#[test]
fn a_connection_has_a_version_of_its_own() {
    let shelf = Shelf::new();
    let [first, second] = [shelf.add(0), shelf.add(1)];
    shelf.document(&["component", "activate", &first[..8]]);
    let active = shelf.document(&[
        "component",
        "activate",
        &second[..8],
        "--connection",
        "folder/acme.yaml",
    ]);
    assert_eq!(active["for"], "acme");
    let list = shelf.document(&["component", "list"]);
    assert_eq!(
        list["connectors"]["intercom"]["connections"]["acme"]["active"],
        second.as_str()
    );
    let back = shelf.document(&["component", "rollback", "--connection", "acme"]);
    assert_eq!(back["active"]["sha256"], first.as_str());
    let again = shelf.run(&["component", "rollback", "--connection", "acme"]);
    assert_eq!(again.code, Some(64), "{again:?}");
}
