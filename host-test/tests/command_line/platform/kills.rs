use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{Server, connect, records};
use crate::http::try_send;
use crate::process::until;
use crate::webhooks::{contact, notification, signature};
use crate::world::{CLIENT_SECRET, World};

/// Kills in the sample that runs with the other tests, and in the whole test.
const SAMPLE: u64 = 8;
const WHOLE: u64 = 200;

/// Contacts of the workspace.
const CONTACTS: usize = 200;

/// Numbers that look random and are the same in each run.
fn random(seed: &mut u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Three connections sync the same workspace again and again while webhooks come in, and the process is killed at random
/// moments. What was answered with 200 is in the database, once; what was synced is the workspace.
#[test]
fn nothing_is_lost_and_nothing_repeated_wherever_the_server_is_killed() {
    let whole = std::env::var_os("PLATFORM_KILLS").is_some();
    let contacts = CONTACTS.to_string();
    let world = World::new(&[
        "--contacts",
        &contacts,
        "--companies",
        "20",
        "--rate-limit",
        "1000000",
    ]);
    connect(
        &world,
        "mode: hybrid\nstreams: [contacts, contact_notes, companies, tags]\nwebhooks: { read_again: false }\n",
    );
    let lines = "slice: 1s\nschedule: { every: 10s, jitter: 2s }\nconnections:\n\
         - { file: connection.yaml, name: one }\n- { file: connection.yaml, name: two }\n\
         - { file: connection.yaml, name: three }\n";
    Server::write(&world, lines);
    let names = ["one", "two", "three"];
    for name in names {
        // Checked beforehand: killed is what comes after.
        super::check(&world, name);
    }
    let mut seed = 42;
    let mut accepted: [BTreeSet<String>; 3] = Default::default();
    let mut next = 0;
    for _ in 0..if whole { WHOLE } else { SAMPLE } {
        let server = Server::again(&world);
        let end = Instant::now() + Duration::from_millis(20 + random(&mut seed) % 900);
        while Instant::now() < end {
            let target = usize::try_from(random(&mut seed) % 3).unwrap();
            next += 1;
            let key = format!("by-webhook-{next}");
            let body = notification(&format!("n{next}"), "contact.user.updated", &contact(&key));
            let signature = signature(&body, CLIENT_SECRET);
            let headers = [("x-hub-signature", signature.as_str())];
            let url = format!("{}/{}", server.webhooks, names[target]);
            let answer = try_send("POST", &url, &headers, &body);
            if answer.is_ok_and(|answer| answer.status == 200) {
                accepted[target].insert(key);
            }
        }
        server.process.kill();
    }
    assert!(
        accepted.iter().all(|keys| !keys.is_empty()),
        "no webhook came through"
    );

    let server = Server::again(&world);
    for name in names {
        let before = server.connection(name)["last_sync"]["number"].as_i64();
        until(|| {
            let document = server.connection(name);
            let last = &document["last_sync"];
            last["status"] == "complete"
                && last["number"].as_i64() > before
                && document["queue"]["waiting"] == 0
        });
    }
    assert_eq!(server.process.terminate().code, Some(0));
    for (name, accepted) in names.iter().zip(&accepted) {
        // `rows` sees to it that no key is there twice.
        assert_eq!(
            world.rows(&records(name), "tags"),
            world.service.count("tags")
        );
        assert_eq!(world.rows(&records(name), "companies"), 20);
        let database = rusqlite::Connection::open(world.path(&records(name))).unwrap();
        let mut statement = database
            .prepare("SELECT key FROM contacts WHERE NOT deleted")
            .unwrap();
        let keys: BTreeSet<String> = statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let lost: Vec<&String> = accepted.difference(&keys).collect();
        assert!(lost.is_empty(), "{name} lost {lost:?}");
        let synced = keys
            .iter()
            .filter(|key| !key.starts_with("by-webhook-"))
            .count();
        assert_eq!(synced, CONTACTS, "{name}");
        // Each delivery was stored once: its id is there once, and nothing waits.
        let twice: i64 = database
            .query_row(
                "SELECT count(*) - count(DISTINCT id) FROM _deliveries",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(twice, 0);
        let half: i64 = database
            .query_row("SELECT count(*) FROM _undo", [], |row| row.get(0))
            .unwrap();
        assert_eq!(half, 0, "{name}: rows of a walk that is not over");
    }
}
