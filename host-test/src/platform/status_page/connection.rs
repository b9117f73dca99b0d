//! The page of a connection.

use serde_json::Value;

use super::Refresh;
use super::chart::{FAILURES, RECORDS};
use super::html::{Cell, Kind, Page, escaped, facts, mark, section, table, verdict};
use super::judgement;
use super::words::{ago, ahead, grouped, number, span, span_of, text};
use crate::clock::now_ms;
use crate::platform::database::{DatabaseError, Run};
use crate::platform::registry::Known;
use crate::platform::server::Platform;
use crate::platform::status::{self, RECENT_MS};

/// Runs on the page.
const MOST_RUNS: u32 = 30;

pub(super) fn page(
    platform: &Platform,
    known: &Known,
    refresh: Refresh,
) -> Result<String, DatabaseError> {
    let shared = &platform.shared;
    let now = now_ms();
    let document = status::connection_whole(platform, known)?;
    let minutes = shared
        .database
        .minutes(Some(&known.name), now - RECENT_MS)?;
    let runs = shared.database.runs(Some(&known.name), MOST_RUNS)?;
    let component = &status::component(platform)["version"];

    let mut body = String::new();
    let (kind, state) = judgement::connection(&document);
    let last = &document["last_sync"]["message"];
    let why = document["problem"].as_str().or(last.as_str());
    if let (Kind::Bad, Some(why)) = (kind, why) {
        body.push_str(&verdict(kind, why));
    }
    body.push_str(&facts(&[
        ("state", mark(kind, state)),
        (
            "last sync",
            ago(document["last_sync"]["ended_at_ms"].as_i64(), now),
        ),
        ("lag", span_of(&document["lag_ms"])),
        ("next", ahead(document["next_sync_ms"].as_i64(), now)),
        ("syncs every", span_of(&document["every_ms"])),
        ("component", escaped(text(component))),
    ]));
    body.push_str("<div class=\"charts\">\n");
    body.push_str(&RECORDS.section(&minutes, now));
    body.push_str(&FAILURES.section(&minutes, now));
    body.push_str("</div>\n");
    body.push_str(&table_of_streams(&document["streams"], now));
    body.push_str(&webhooks(&document));
    body.push_str(&table_of_runs(&runs, now));
    let workspace = document["workspace_id"].as_str();
    let page = Page {
        title: &known.name,
        under: format!(
            "<a href=\"/\">All connections</a> · tenant {} · workspace {}",
            escaped(&known.tenant),
            escaped(workspace.unwrap_or("not known yet")),
        ),
        refresh,
        body,
    };
    Ok(page.html(now))
}

fn table_of_streams(streams: &Value, now: i64) -> String {
    let streams = streams.as_object().into_iter().flatten();
    let mut judged: Vec<_> = streams
        .map(|(name, stream)| (judgement::stream(stream["status"].as_str()), name, stream))
        .collect();
    // Those that somebody should look at first, those that are not read last.
    judged.sort_by_key(|((kind, _), ..)| *kind);
    let rows = judged.iter().map(|((kind, status), name, stream)| {
        let ended = stream["ended_at_ms"].as_i64();
        vec![
            Cell::text(name),
            Cell::mark(*kind, status),
            Cell::short(ago(ended, now)),
            Cell::number(&number(&stream["records"])),
            Cell::number(&number(&stream["quarantined"])),
            Cell::long(text(&stream["message"])),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    section(
        "Streams",
        &rows.len().to_string(),
        &table(
            &[
                "Stream",
                "State",
                "Last read",
                "Records",
                "Held back",
                "Message",
            ],
            &rows,
            "Nothing was read yet.",
        ),
    )
}

/// What waits in the queue, where the connection has one.
fn webhooks(document: &Value) -> String {
    let queue = &document["queue"];
    if !queue.is_object() {
        return String::new();
    }
    let counts = &queue["counts"];
    let at = match document["webhook_path"].as_str() {
        Some(path) => format!("at {path}"),
        None => String::new(),
    };
    let content = facts(&[
        ("accepted", number(&counts["accepted"])),
        ("known before", number(&counts["duplicates"])),
        ("waiting", number(&queue["waiting"])),
        ("oldest waits", span_of(&queue["oldest_age_ms"])),
        ("to read again", number(&queue["rows_to_read_again"])),
        ("unusable", number(&queue["unusable"])),
        ("intents", number(&queue["intents"])),
    ]);
    section("Webhooks", &at, &content)
}

fn table_of_runs(runs: &[Run], now: i64) -> String {
    let rows = runs.iter().map(|run| {
        let (kind, status) = judgement::run(&run.status);
        let until = run.ended_at_ms.unwrap_or(now);
        vec![
            Cell::number(&run.number.to_string()),
            Cell::mark(kind, &status),
            Cell::short(ago(Some(run.began_at_ms), now)),
            Cell::number(&span(until - run.began_at_ms)),
            Cell::number(&grouped(run.counts.records)),
            Cell::number(&grouped(run.counts.requests)),
            Cell::number(&grouped(run.counts.slices)),
            Cell::long(run.message.as_deref().unwrap_or_default()),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    section(
        "Runs",
        "the newest first",
        &table(
            &[
                "Run", "State", "Began", "Took", "Records", "Requests", "Slices", "Message",
            ],
            &rows,
            "There was none yet.",
        ),
    )
}
