use serde_json::{Value, json};

use super::{lines, row, statuses, writes};
use crate::world::World;

/// The notes in one batch.
const LIMIT: usize = 200;

fn note(number: usize) -> Value {
    json!({ "key": format!("n{number}"), "external_id": "from-the-shell-1", "body": format!("note {number}") })
}

/// Notes can be written any number of times, and only the journal knows that they were.
#[test]
fn an_input_that_grew_or_was_cut_is_written_once_under_the_same_batch_id() {
    let world = World::new(&["--rate-limit", "1000000"]);
    world.write("people", lines(&[row(1, "One")]));
    world.succeed(&["write", "contacts", "--input", "people"]);
    let before = writes(&world);
    let give = |numbers: &mut dyn Iterator<Item = usize>| {
        let notes: Vec<Value> = numbers.map(note).collect();
        world.write("notes", lines(&notes));
        let write = ["write", "contact_notes", "--input", "notes"];
        let named = ["--batch-id", "day", "--journal", "journal.db"];
        let finished = world.succeed(&[write, named].concat());
        let outcomes = finished.documents();
        assert_eq!(outcomes.len(), notes.len());
        (outcomes, writes(&world) - before)
    };
    // One batch, then more than one, then some of each.
    let (_, written) = give(&mut (0..LIMIT));
    assert_eq!(written, LIMIT);
    let (all, written) = give(&mut (0..LIMIT + 2));
    assert_eq!(written, LIMIT + 2);
    let some = [47, LIMIT - 1, LIMIT + 1];
    let (again, written) = give(&mut some.into_iter());
    assert_eq!(written, LIMIT + 2);
    assert_eq!(again, some.map(|number| all[number].clone()));
}

#[test]
fn a_rehearsal_leaves_the_rejected_rows_alone() {
    let world = World::new(&[]);
    let rows = lines(&[row(1, "One")]);
    world.write("again", &rows);
    for rehearsal in ["--dry-run", "--offline"] {
        let write = [
            "write",
            "contacts",
            "--input",
            "again",
            "--rejected",
            "again",
        ];
        world.succeed(&[&write[..], &[rehearsal]].concat());
        let left = std::fs::read_to_string(world.path("again")).expect("a file");
        assert_eq!(left, rows, "{rehearsal}");
    }
}

/// Notes in one conversation are looked for in all of it: that takes more memory the more there are.
#[test]
fn what_one_call_has_no_memory_for_is_written_once_all_the_same() {
    let (world, conversations) = World::with_conversations();
    world.connect("config: { region: us, api_version: \"2.11\" }\nlimits: { memory: 6 MiB }\n");
    let admin = world.teammate();
    let body = "long ".repeat(4_000);
    let note = |number: usize| {
        json!({
            "key": number.to_string(),
            "conversation_id": conversations[0],
            "admin_id": admin,
            "body": format!("<p>note {number} {body}</p>"),
        })
    };
    let notes: Vec<Value> = (0..40).map(note).collect();
    world.write("notes", lines(&notes));
    let write = ["write", "conversation_parts", "--mode", "note"];
    let rest = ["--input", "notes", "--json", "--time-scale", "1000"];
    let finished = world.succeed(&[&write[..], &rest].concat());
    let told: Value = serde_json::from_str(finished.err.trim()).expect("a document");
    assert!(told["batches"].as_u64() > Some(1), "{told}");
    let outcomes = finished.documents();
    assert!(
        statuses(&outcomes)
            .iter()
            .all(|(_, status)| *status == "created")
    );
    assert_eq!(outcomes.len(), notes.len());
    for number in 0..notes.len() {
        let text = format!("note {number} ");
        assert_eq!(world.said(&conversations[0], &text), 1, "{text}");
    }
}
