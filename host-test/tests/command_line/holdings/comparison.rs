use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{EXPORTED, FIRST_RECEIPT, MET_AGAIN, WHOLE, holdings, text, view};
use crate::stored::{Before, Rows, Sink, is_same};
use crate::world::World;

/// Compares an output with the workspace: the same rows, none of them twice. A stream that is read whole each time has
/// them once in each scan. When the workspace changed meanwhile, the last scan counts.
pub fn assert_exact(world: &World, sink: Sink, before: Option<&Before>) {
    let mut held = holdings(&world.service);
    let receipts = FIRST_RECEIPT..FIRST_RECEIPT + EXPORTED;
    let receipts = receipts.map(|receipt| (receipt.to_string(), json!({})));
    held.insert("content_export", receipts.collect());
    for (stream, expected) in &held {
        match sink {
            Sink::Database => compare(stream, &table(world, stream), expected),
            Sink::Files => {
                let lines = world.lines(&format!("out/{stream}.jsonl"));
                for scan in scans(stream, &lines, expected.len(), before) {
                    let repeats = before.is_some() && MET_AGAIN.contains(stream);
                    compare(stream, &replay(stream, scan, repeats), expected);
                }
                if before.is_none() && !WHOLE.contains(stream) {
                    assert_eq!(lines.len(), expected.len(), "{stream}");
                }
            }
        }
    }
}

/// The lines, by the scan that gave them where each gives everything.
fn scans<'a>(
    stream: &str,
    lines: &'a [Value],
    rows: usize,
    before: Option<&Before>,
) -> Vec<&'a [Value]> {
    match before {
        _ if !WHOLE.contains(&stream) => vec![lines],
        Some(before) => vec![&lines[before.lines(stream)..]],
        None => {
            assert!(!lines.is_empty(), "{stream} was not read");
            lines.chunks(rows).collect()
        }
    }
}

/// Applies lines in their order. Each has to be a state of its row that no other line has, unless they may repeat.
fn replay(stream: &str, lines: &[Value], repeats: bool) -> Rows {
    let mut states = BTreeSet::new();
    let mut rows = Rows::new();
    for line in lines {
        assert!(states.insert(line.to_string()) || repeats, "twice: {line}");
        assert_eq!(line["change"], "upsert", "nothing was deleted: {line}");
        rows.insert(text(&line["key"]), view(stream, &line["data"]));
    }
    rows
}

fn table(world: &World, stream: &str) -> Rows {
    let database = rusqlite::Connection::open(world.path("out.db")).expect("a database");
    let scan: i64 = database
        .query_row(
            "SELECT json_extract(value, '$.scan') FROM _state WHERE name = ?1",
            [format!("stream/{stream}")],
            |row| row.get(0),
        )
        .expect("the number of the last scan");
    let question = format!("SELECT key, data, deleted, written_by FROM {stream}");
    let mut statement = database.prepare(&question).expect("a table");
    let rows = statement.query_map([], |row| {
        let (key, data): (String, String) = (row.get(0)?, row.get(1)?);
        let (deleted, written_by): (bool, i64) = (row.get(2)?, row.get(3)?);
        Ok((key, data, deleted, written_by))
    });
    let mut found = Rows::new();
    for row in rows.expect("rows") {
        let (key, data, deleted, written_by) = row.expect("a row");
        assert!(!deleted, "{stream} {key}: nothing was deleted");
        let last = !WHOLE.contains(&stream) || written_by == scan;
        assert!(last, "{stream} {key}: not of the last scan");
        let data: Value = serde_json::from_str(&data).expect("a document");
        found.insert(key, view(stream, &data));
    }
    found
}

fn compare(stream: &str, found: &Rows, expected: &Rows) {
    let keys = |rows: &Rows| rows.keys().cloned().collect::<BTreeSet<String>>();
    let (stored, there) = (keys(found), keys(expected));
    let lost: Vec<_> = there.difference(&stored).collect();
    let invented: Vec<_> = stored.difference(&there).collect();
    assert!(
        lost.is_empty() && invented.is_empty(),
        "{stream}: lost {lost:?}, invented {invented:?}"
    );
    for (key, there) in expected {
        let stored = &found[key];
        assert!(
            is_same(stored, there),
            "{stream} {key}: {stored} instead of {there}"
        );
    }
}
