use serde_json::Value;

use crate::stored::Sink;
use crate::webhook_service::{changed, deliver};
use crate::webhooks::serve_into;
use crate::world::World;

/// What a sync read while nobody took webhooks is known to whoever takes them next: from the files themselves, since a sync
/// leaves nothing beside them.
#[test]
fn what_is_older_than_what_a_sync_read_is_left_out_whatever_the_output() {
    for sink in [Sink::Files, Sink::Database] {
        let world = World::new(&["--contacts", "30", "--companies", "3"]);
        world.connect(
            "config: { region: us, api_version: \"2.11\" }\nwebhooks: { read_again: false }\n",
        );
        let output = sink.argument();
        world.succeed(&["read", "contacts", "--output", output]);
        let read = sink.rows(&world, "contacts");
        let mut rows = read.iter();
        let (older, row) = rows.next().expect("a contact");
        let (newer, other) = rows.next().expect("another one");
        let second = |row: &Value| row["updated_at"].as_i64().expect("a second");
        let lines = || world.lines("out/contacts.jsonl").len();
        let before = lines();

        let (running, url) = serve_into(&world, output);
        for (id, key, second, name) in [
            ("1", older, second(row) - 60, "older"),
            ("2", newer, second(other) + 60, "newer"),
        ] {
            let body = changed("simulator", id, key, second, name);
            assert_eq!(deliver(&url, &body).status, 200);
        }
        let finished = running.terminate();
        assert!(finished.err.contains("1 stale"), "{finished:?}");
        let after = sink.rows(&world, "contacts");
        assert_eq!(after[older], *row);
        assert_eq!(after[newer]["name"], "newer");
        if sink == Sink::Files {
            assert_eq!(lines(), before + 1);
        }

        // A sync after that, and another server.
        world.succeed(&["read", "contacts", "--output", output]);
        let (running, url) = serve_into(&world, output);
        let body = changed("simulator", "3", newer, second(other) + 30, "in between");
        assert_eq!(deliver(&url, &body).status, 200);
        let finished = running.terminate();
        assert!(finished.err.contains("1 stale"), "{finished:?}");
        assert_eq!(sink.rows(&world, "contacts")[newer]["name"], "newer");
    }
}
