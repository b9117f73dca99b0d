//! A customer's own records and Intercom's contacts, each of which changes, kept alike by `read` and `write`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{lines, statuses, writes};
use crate::http::send;
use crate::world::{TOKEN, World};

/// A record of the customer's.
#[derive(Clone, Debug)]
struct Own {
    name: String,
    /// Whether it changed since the two were alike.
    changed: bool,
    /// When the contact had changed that was read last.
    base_ms: i64,
}

/// What the two sides know.
struct Sides {
    world: World,
    own: BTreeMap<String, Own>,
    ids: BTreeMap<String, String>,
    rule: &'static str,
}

const ROWS: usize = 12;

impl Sides {
    fn new(rule: &'static str) -> Sides {
        let world = World::new(&[
            "--contacts",
            "0",
            "--companies",
            "0",
            "--rate-limit",
            "1000000",
        ]);
        world.connect(&format!(
            "config: {{ region: us, api_version: \"2.11\", write: {{ conflict: {rule}, unchanged: skip }} }}\n"
        ));
        let mut sides = Sides {
            world,
            own: BTreeMap::new(),
            ids: BTreeMap::new(),
            rule,
        };
        for number in 0..ROWS {
            let contact = json!({ "external_id": number.to_string(), "name": "As it was" });
            sides.say("POST", "/contacts", &contact);
        }
        sides.read();
        assert_eq!(sides.own.len(), ROWS);
        sides
    }

    fn say(&self, method: &str, path: &str, body: &Value) {
        let authorization = format!("Bearer {TOKEN}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("intercom-version", "2.11"),
            ("content-type", "application/json"),
        ];
        let url = format!("{}{path}", self.world.service.url);
        let answer = send(method, &url, &headers, body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{method} {path}");
    }

    fn change_theirs(&self, number: usize, name: &str) {
        let path = format!("/contacts/{}", self.ids[&number.to_string()]);
        self.say("PUT", &path, &json!({ "name": name }));
    }

    fn change_own(&mut self, number: usize, name: &str) {
        let own = self.own.get_mut(&number.to_string()).expect("a record");
        own.name = name.to_owned();
        own.changed = true;
    }

    /// Takes over what changed in Intercom, save where the customer's own change counts.
    fn read(&mut self) {
        self.world.service.pass(5);
        self.world
            .succeed(&["read", "contacts", "--output", "jsonl:read"]);
        for line in self.world.lines("read/contacts.jsonl") {
            let data = &line["data"];
            let key = data["external_id"]
                .as_str()
                .expect("an external id")
                .to_owned();
            let base_ms = line["updated_at_ms"].as_i64().expect("a time");
            let theirs = Own {
                name: data["name"].as_str().expect("a name").to_owned(),
                changed: false,
                base_ms,
            };
            self.ids
                .insert(key.clone(), line["key"].as_str().expect("a key").to_owned());
            let own = self.own.entry(key).or_insert_with(|| theirs.clone());
            if base_ms > own.base_ms {
                match own.changed && self.rule == "last_writer" {
                    true => own.base_ms = base_ms,
                    false => *own = theirs,
                }
            }
        }
    }

    /// Writes every record. Those that Intercom took, or that are so already, are alike then.
    fn write(&mut self) -> Vec<(String, String)> {
        self.world.service.pass(5);
        let row = |(key, own): (&String, &Own)| {
            json!({
                "key": key,
                "base_updated_at_ms": own.base_ms,
                "document": { "external_id": key, "name": own.name },
            })
        };
        let rows: Vec<Value> = self.own.iter().map(row).collect();
        self.world.write("rows", lines(&rows));
        let arguments = [
            "write",
            "contacts",
            "--input",
            "rows",
            "--journal",
            "state.db",
        ];
        let outcomes = self.world.succeed(&arguments).documents();
        let mut said = Vec::new();
        for (key, status) in statuses(&outcomes) {
            self.own.get_mut(key).expect("a record").changed &= status == "skipped";
            said.push((key.to_owned(), status.to_owned()));
        }
        said
    }

    fn names(&self) -> Vec<(String, String)> {
        let ids = self.ids.iter();
        ids.map(|(key, id)| {
            let contact = self.world.service.ask(&format!("/contacts/{id}"));
            (
                key.clone(),
                contact["name"].as_str().expect("a name").to_owned(),
            )
        })
        .collect()
    }

    fn own_names(&self) -> Vec<(String, String)> {
        let own = self.own.iter();
        own.map(|(key, own)| (key.clone(), own.name.clone()))
            .collect()
    }
}

/// The numbers of records that change: on one side, on the other, on both, and once more between a read and its write.
#[test]
fn what_changes_on_both_sides_is_alike_after_two_rounds_and_the_third_writes_nothing() {
    for (rule, both) in [("upstream", "Theirs"), ("last_writer", "Ours")] {
        let mut sides = Sides::new(rule);
        sides.world.service.pass(5);
        for number in 0..6 {
            sides.change_own(number, "Ours");
        }
        for number in 3..9 {
            sides.change_theirs(number, "Theirs");
        }
        sides.read();
        if rule == "upstream" {
            sides.world.service.pass(5);
            sides.change_theirs(9, "Between");
            sides.change_theirs(0, "Between");
        }
        let first = sides.write();
        if rule == "upstream" {
            let skipped: Vec<&String> = first
                .iter()
                .filter(|(_, status)| status == "skipped")
                .map(|(key, _)| key)
                .collect();
            assert_eq!(skipped, ["0", "9"], "{first:?}");
        }
        sides.read();
        sides.write();
        assert_eq!(sides.names(), sides.own_names(), "{rule}");

        let before = writes(&sides.world);
        sides.read();
        let third = sides.write();
        assert!(
            third.iter().all(|(_, status)| status == "unchanged"),
            "{rule}: {third:?}"
        );
        assert_eq!(writes(&sides.world), before, "{rule}");
        let names: BTreeMap<String, String> = sides.names().into_iter().collect();
        assert_eq!(names, sides.own_names().into_iter().collect(), "{rule}");
        for (number, name) in [
            ("1", "Ours"),
            ("4", both),
            ("7", "Theirs"),
            ("11", "As it was"),
        ] {
            assert_eq!(names[number], name, "{rule}: {number}");
        }
        if rule == "upstream" {
            assert_eq!(
                (names["0"].as_str(), names["9"].as_str()),
                ("Between", "Between")
            );
        }
    }
}
