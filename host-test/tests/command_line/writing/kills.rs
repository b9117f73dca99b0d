//! A mixed batch of 200 rows, as a person has it: a file for each action, all under one name, written one after the other
//! with one journal. The host is killed (SIGKILL) at one request of each file and all of them are given again; then each row
//! has to be there exactly once. `KILL_MATRIX=full` dies at every request in every moment, `KILL_MATRIX=5` in every fifth
//! round; by default a sample is run.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::lines;
use crate::kill_matrix;
use crate::process::until;
use crate::world::World;

/// When, within a request, the host dies.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// Nobody has looked at the request.
    Asking,
    /// It was done, and its answer is lost.
    Unanswered,
}

/// The actions with their modes, and how many rows each has.
const FILES: [(&str, &str, usize); 11] = [
    ("contacts", "upsert", 40),
    ("contacts", "insert", 15),
    ("companies", "upsert", 15),
    ("contact_companies", "attach", 15),
    ("contact_tags", "add", 15),
    ("contact_notes", "create", 20),
    ("conversations", "create", 15),
    ("conversation_parts", "note", 15),
    ("conversation_parts", "admin", 15),
    ("tickets", "create", 20),
    ("events", "submit", 15),
];

/// By default every so-manieth round is made.
const SAMPLE: u64 = 19;

/// How long what was made may be invisible to searches, in milliseconds.
const LAG_MS: i64 = 16 * 60 * 1_000;

struct Mixed {
    world: World,
    admin: String,
    now: i64,
    ticket_type: String,
    conversations: Vec<String>,
}

impl Mixed {
    fn new() -> Mixed {
        let world = World::new(&[
            "--contacts",
            "20",
            "--companies",
            "5",
            "--conversations",
            "4",
            "--tickets",
            "4",
            "--rate-limit",
            "1000000",
        ]);
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let admin = text(&world.service.ask("/admins")["admins"][0]["id"]);
        let ticket_type = text(&world.service.ask("/ticket_types")["data"][0]["id"]);
        let now = world.service.get("state")["now"]
            .as_i64()
            .expect("a second");
        let listed = world.service.ask("/conversations");
        let listed = listed["conversations"]
            .as_array()
            .expect("conversations")
            .iter();
        let conversations = listed.map(|one| text(&one["id"])).collect();
        let mixed = Mixed {
            world,
            admin,
            now,
            ticket_type,
            conversations,
        };
        for (number, (action, mode, rows)) in FILES.iter().enumerate() {
            let rows: Vec<Value> = (0..*rows).map(|row| mixed.row(action, mode, row)).collect();
            mixed.world.write(&number.to_string(), lines(&rows));
        }
        mixed
    }

    fn row(&self, action: &str, mode: &str, number: usize) -> Value {
        let contact = match mode {
            "insert" => format!("inserted-{number}"),
            _ => format!("killed-{}", number % 40),
        };
        let body = format!("{mode} {number}");
        match action {
            "contacts" => {
                json!({ "external_id": contact, "email": format!("{contact}@example.org"), "role": "user" })
            }
            "companies" => json!({ "company_id": format!("company-{number}"), "name": "Company" }),
            "contact_companies" => {
                json!({ "external_id": contact, "company_id": format!("company-{number}") })
            }
            "contact_tags" => {
                json!({ "external_id": contact, "tag_name": format!("tag {}", number % 2) })
            }
            "contact_notes" => {
                json!({ "external_id": contact, "admin_id": self.admin, "body": body })
            }
            "conversations" => json!({ "external_id": contact, "body": body }),
            "tickets" => json!({
                "external_id": contact,
                "ticket_type_id": self.ticket_type,
                "ticket_attributes": { "_default_title_": body },
            }),
            "conversation_parts" => json!({
                "conversation_id": self.conversations[number % self.conversations.len()],
                "admin_id": self.admin,
                "body": body,
            }),
            "events" => {
                json!({ "external_id": contact, "event_name": "killed", "created_at": self.now })
            }
            other => panic!("{other}"),
        }
    }

    fn arguments(number: usize) -> Vec<String> {
        let (action, mode, _) = FILES[number];
        let input = number.to_string();
        let fixed = [
            "write",
            action,
            "--mode",
            mode,
            "--input",
            &input,
            "--batch-id",
            "day",
        ];
        let rest = ["--journal", "journal.db", "--time-scale", "100"];
        fixed
            .iter()
            .chain(&rest)
            .map(|word| (*word).to_owned())
            .collect()
    }

    /// Writes a file until the host is killed at a request of it. False when it has no such request.
    fn kill_at(&self, file: usize, request: u64, moment: Moment) -> bool {
        self.world
            .service
            .hold(request, matches!(moment, Moment::Unanswered));
        let arguments = Mixed::arguments(file);
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut running = self.world.start(&words);
        let held = self.world.until_held_back(&mut running);
        if held {
            let killed = running.kill();
            assert_eq!(killed.code, None, "{killed:?}");
            until(|| self.world.service.held_back() == 0);
        }
        self.world.service.release();
        if held {
            self.let_lag_pass();
        }
        held
    }

    /// Whatever was sent is no longer invisible: it was sent so much earlier.
    fn let_lag_pass(&self) {
        let journal = self.world.path("journal.db");
        if !journal.exists() {
            return;
        }
        let database = rusqlite::Connection::open(journal).expect("a database");
        let mut question = database
            .prepare("SELECT key, value FROM connector_state WHERE key LIKE 'batch/%'")
            .expect("a table");
        let values = question
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("rows");
        let values: Vec<(String, Vec<u8>)> = values.collect::<Result<_, _>>().expect("rows");
        for (key, value) in values {
            let mut rows: Value = serde_json::from_slice(&value[1..]).expect("rows after a format");
            for row in rows.as_array_mut().expect("rows") {
                if let Some(at) = row["at"].as_i64() {
                    row["at"] = (at - LAG_MS).into();
                }
            }
            let value = [&value[..1], rows.to_string().as_bytes()].concat();
            database
                .execute(
                    "UPDATE connector_state SET value = ?1 WHERE key = ?2",
                    rusqlite::params![value, key],
                )
                .expect("a change");
        }
    }

    /// Writes a file: every row has to succeed, with an object of its own where there is one for each. Gives their ids.
    fn finish(&self, file: usize) -> Vec<String> {
        let (action, mode, rows) = FILES[file];
        let arguments = Mixed::arguments(file);
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let outcomes = self.world.succeed(&words).documents();
        assert_eq!(outcomes.len(), rows, "{action} {mode}");
        let ids = outcomes.iter().filter_map(|one| one["object_id"].as_str());
        let ids: Vec<String> = ids.map(str::to_owned).collect();
        let different: BTreeSet<&String> = ids.iter().collect();
        if !matches!(action, "contact_tags" | "events") {
            assert_eq!(different.len(), rows, "{action} {mode}: {outcomes:#?}");
        }
        ids
    }

    /// Gives all files, which then have been written, again, and holds the workspace against the rows.
    fn assert_exact_after_all(&self) {
        let ids: Vec<Vec<String>> = (0..FILES.len()).map(|file| self.finish(file)).collect();
        self.assert_exact(&ids[0]);
    }

    /// Holds the workspace against the rows: exactly one of each.
    fn assert_exact(&self, contacts: &[String]) {
        let service = &self.world.service;
        assert_eq!(service.count("contacts"), 20 + 40 + 15);
        assert_eq!(service.count("conversations"), 4 + 15);
        assert_eq!(service.count("tickets"), 4 + 20);
        for (number, id) in contacts.iter().enumerate() {
            let contact = service.ask(&format!("/contacts/{id}"));
            assert_eq!(contact["external_id"], format!("killed-{number}").as_str());
            let attached = usize::from(number < 15);
            assert_eq!(
                count(service.ask(&format!("/contacts/{id}/companies"))),
                attached
            );
            assert_eq!(
                count(service.ask(&format!("/contacts/{id}/tags"))),
                attached
            );
            assert_eq!(
                count(service.ask(&format!("/contacts/{id}/notes"))),
                usize::from(number < 20)
            );
            let events = service.ask(&format!("/events?type=user&intercom_user_id={id}"));
            assert_eq!(events["events"].as_array().expect("events").len(), attached);
        }
        let mut said: Vec<String> = Vec::new();
        for id in &self.conversations {
            let conversation = service.ask(&format!("/conversations/{id}?display_as=plaintext"));
            let parts = conversation["conversation_parts"]["conversation_parts"].as_array();
            let bodies = parts
                .expect("parts")
                .iter()
                .filter_map(|part| part["body"].as_str());
            let ours =
                bodies.filter(|body| body.starts_with("note ") || body.starts_with("admin "));
            said.extend(ours.map(str::to_owned));
        }
        said.sort();
        let mut expected: Vec<String> = (0..15)
            .flat_map(|number| [format!("note {number}"), format!("admin {number}")])
            .collect();
        expected.sort();
        assert_eq!(said, expected);
    }
}

fn count(list: Value) -> usize {
    list["data"].as_array().expect("a list").len()
}

/// How many requests each file takes when nothing happens.
fn requests() -> Vec<u64> {
    let undisturbed = Mixed::new();
    let service = &undisturbed.world.service;
    let mut requests = Vec::new();
    let mut before = service.requests();
    for file in 0..FILES.len() {
        undisturbed.finish(file);
        let after = service.requests();
        requests.push(after - before);
        before = after;
    }
    undisturbed.assert_exact_after_all();
    requests
}

/// One round: the host is killed once in each file that has so many requests, and the file is given again at once; in the
/// end all of them are. Files have nothing but the journal in common, so a round is as good as one for each kill. Gives
/// the number of kills.
fn round(requests: &[u64], request: u64, moment: Moment) -> u64 {
    let mixed = Mixed::new();
    let mut kills = 0;
    for (file, &least) in requests.iter().enumerate() {
        if request <= least {
            let killed = mixed.kill_at(file, request, moment);
            assert!(killed, "{:?}: no request {request}", FILES[file]);
            kills += 1;
        }
        mixed.finish(file);
    }
    mixed.assert_exact_after_all();
    kills
}

#[test]
fn a_mixed_batch_is_written_exactly_once_wherever_the_host_is_killed() {
    let requests = requests();
    let all: u64 = requests.iter().sum();
    assert!(all > 200, "{requests:?}");
    let longest = *requests.iter().max().expect("files");
    let moments = [Moment::Unanswered, Moment::Asking];
    let rounds = (1..=longest).flat_map(|request| moments.map(|moment| (request, moment)));
    let every = usize::try_from(kill_matrix::every(SAMPLE)).unwrap();
    let rounds = rounds
        .step_by(every)
        .map(|round| (format!("a mixed batch, killed at {round:?}"), round));
    let kills = kill_matrix::make_all(rounds.collect(), |(request, moment)| {
        round(&requests, *request, *moment)
    });
    let kills: u64 = kills.iter().sum();
    assert!(kills >= 20, "{kills} kills: {requests:?}");
    if kill_matrix::is_full() {
        assert_eq!(kills, all * 2);
    }
}

/// Killed again and again, in every file at every step a little later, until it comes through.
#[test]
fn a_mixed_batch_comes_through_however_often_the_host_is_killed() {
    let mixed = Mixed::new();
    for (file, written) in FILES.iter().enumerate() {
        let through = (1..=100).step_by(4).find(|request| {
            let moment = if request % 8 == 1 {
                Moment::Unanswered
            } else {
                Moment::Asking
            };
            !mixed.kill_at(file, *request, moment)
        });
        assert!(through.is_some(), "{written:?}: no run comes through");
    }
    mixed.assert_exact_after_all();
}
