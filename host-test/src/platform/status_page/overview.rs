//! The page of the whole platform.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Refresh;
use super::chart::{FAILURES, RECORDS};
use super::html::{Cell, Kind, Page, escaped, facts, section, table, verdict};
use super::judgement::{self, Streams};
use super::words::{ago, ahead, count, grouped, number, span_of, text};
use crate::clock::now_ms;
use crate::components::VersionStatus;
use crate::platform::database::{DatabaseError, Minute, Run};
use crate::platform::registry::Known;
use crate::platform::server::Platform;
use crate::platform::status::{self, RECENT_MS};

/// Connections on the page; those that somebody should look at come first.
const MOST_CONNECTIONS: usize = 200;

/// What keeps connections from going on, on the page.
const MOST_PROBLEMS: usize = 20;

/// Runs that did not end well, on the page.
const MOST_FAILURES: u32 = 20;

pub(super) fn page(
    platform: &Platform,
    versions: &[VersionStatus],
    refresh: Refresh,
) -> Result<String, DatabaseError> {
    let shared = &platform.shared;
    let now = now_ms();
    let server = status::server(platform)?;
    let mut connections = Vec::new();
    for known in shared.registry.all() {
        connections.push(Connection::of(platform, known)?);
    }
    // Those that somebody should look at first, then by name, as they came.
    connections.sort_by_key(|connection| connection.kind != Kind::Bad);
    let shown = &connections[..connections.len().min(MOST_CONNECTIONS)];
    let names: Vec<&str> = shown.iter().map(|one| one.known.name.as_str()).collect();
    let minutes = shared.database.minutes(None, now - RECENT_MS)?;
    let each = shared.database.minutes_of(&names, now - RECENT_MS)?;
    let failures = shared.database.failures(MOST_FAILURES)?;

    let mut body = well(&connections);
    body.push_str(&tiles(&server, &connections));
    body.push_str("<div class=\"charts\">\n");
    body.push_str(&RECORDS.section(&minutes, now));
    body.push_str(&FAILURES.section(&minutes, now));
    body.push_str("</div>\n");
    body.push_str(&table_of_connections(shown, connections.len(), &each, now));
    body.push_str(&table_of_failures(&connections, &failures, now));
    body.push_str(&table_of_versions(versions, &server));
    body.push_str(&table_of_streams(&connections));
    let page = Page {
        title: "Platform",
        under: format!(
            "host {} · up {}",
            escaped(text(&server["host"]["version"])),
            span_of(&server["uptime_ms"])
        ),
        refresh,
        body,
    };
    Ok(page.html(now))
}

/// A connection as it is judged.
struct Connection {
    known: Arc<Known>,
    document: Value,
    kind: Kind,
    state: &'static str,
}

impl Connection {
    fn of(platform: &Platform, known: Arc<Known>) -> Result<Connection, DatabaseError> {
        let document = status::connection(platform, &known)?;
        let (kind, state) = judgement::connection(&document);
        Ok(Connection {
            known,
            document,
            kind,
            state,
        })
    }
}

fn failing(connections: &[Connection]) -> usize {
    let bad = connections.iter().filter(|one| one.kind == Kind::Bad);
    bad.count()
}

/// How all is, in a sentence.
fn well(connections: &[Connection]) -> String {
    let all = connections.len();
    match (all, failing(connections)) {
        (0, _) => verdict(Kind::Quiet, "There is no connection yet"),
        (1, 0) => verdict(Kind::Good, "The connection needs no attention"),
        (_, 0) => verdict(Kind::Good, "No connection needs attention"),
        (1, _) => verdict(Kind::Bad, "The connection needs attention"),
        (_, bad) => verdict(
            Kind::Bad,
            &format!("{bad} of {all} connections need attention"),
        ),
    }
}

fn tiles(server: &Value, connections: &[Connection]) -> String {
    facts(&[
        ("connections", number(&server["connections"])),
        (
            "need attention",
            grouped(u64::try_from(failing(connections)).unwrap_or(0)),
        ),
        ("syncing now", number(&server["slices"]["running"])),
        ("waiting for a turn", number(&server["slices"]["waiting"])),
        (
            "99 % begin within",
            span_of(&server["start_delay_ms"]["p99"]),
        ),
        ("refused sign-ins", number(&server["refused_attempts"])),
    ])
}

fn table_of_connections(
    shown: &[Connection],
    all: usize,
    minutes: &BTreeMap<String, Vec<Minute>>,
    now: i64,
) -> String {
    let rows = shown.iter().map(|connection| {
        let Connection {
            known,
            document,
            kind,
            state,
        } = connection;
        let last = &document["last_sync"];
        let tenant = match known.tenant == known.name {
            true => "",
            false => &known.tenant,
        };
        let records = match last["records"].as_u64() {
            None => String::new(),
            Some(records) => format!(
                "<span class=\"under\">{}</span>",
                count(records, "record", "records")
            ),
        };
        let minutes = minutes.get(&known.name).map_or(&[][..], Vec::as_slice);
        vec![
            Cell::connection(&known.name, tenant),
            Cell::mark(*kind, state),
            Cell::text(&Streams::of_last_run(document).in_words()),
            Cell::short(ago(last["ended_at_ms"].as_i64(), now) + &records),
            Cell::number(&span_of(&document["lag_ms"])),
            Cell::number(&ahead(document["next_sync_ms"].as_i64(), now)),
            Cell::html(RECORDS.spark(minutes, now)),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let mut content = table(
        &[
            "Connection",
            "State",
            "Streams",
            "Last sync",
            "Lag",
            "Next",
            "Last hour",
        ],
        &rows,
        "Name one in the platform's file, or add one with POST /connections.",
    );
    if all > shown.len() {
        let more = all - shown.len();
        content.push_str(&format!(
            "<p class=\"nothing\">and {more} more: see GET /connections</p>"
        ));
    }
    section("Connections", &all.to_string(), &content)
}

fn table_of_failures(connections: &[Connection], failures: &[Run], now: i64) -> String {
    // What keeps a connection from being opened is in no run.
    let problems = connections.iter().filter_map(|connection| {
        let problem = connection.document["problem"].as_str()?;
        let is_bad = connection.kind == Kind::Bad;
        is_bad.then(|| {
            vec![
                Cell::connection(&connection.known.name, ""),
                Cell::mark(Kind::Bad, "cannot go on"),
                Cell::short("now".to_owned()),
                Cell::long(problem),
            ]
        })
    });
    let runs = failures.iter().map(|run| {
        let (kind, status) = judgement::run(&run.status);
        vec![
            Cell::connection(&run.connection, ""),
            Cell::mark(kind, &status),
            Cell::short(ago(run.ended_at_ms, now)),
            Cell::long(run.message.as_deref().unwrap_or_default()),
        ]
    });
    let rows: Vec<Vec<Cell>> = problems.take(MOST_PROBLEMS).chain(runs).collect();
    section(
        "Failures",
        "what keeps connections from going on, and the last runs that did not end well",
        &table(
            &["Connection", "Run", "Ended", "What went wrong"],
            &rows,
            "None is remembered.",
        ),
    )
}

/// The streams of all connections, by name.
fn table_of_streams(connections: &[Connection]) -> String {
    let mut streams: BTreeMap<&str, Streams> = BTreeMap::new();
    for connection in connections {
        let told = connection.document["last_sync"]["streams"].as_object();
        for (name, told) in told.into_iter().flatten() {
            streams.entry(name).or_default().add(told);
        }
    }
    let mut streams: Vec<(&str, Streams)> = streams.into_iter().collect();
    streams.sort_by_key(|(_, counts)| counts.failing == 0);
    let rows = streams.iter().map(|(name, counts)| {
        let kind = match (counts.failing, counts.complete) {
            (1.., _) => (Kind::Bad, "failing"),
            (0, 1..) => (Kind::Good, "complete"),
            (0, 0) => (Kind::Quiet, "not read"),
        };
        vec![
            Cell::text(name),
            Cell::mark(kind.0, kind.1),
            Cell::number(&grouped(counts.complete)),
            Cell::number(&grouped(counts.failing)),
            Cell::number(&grouped(counts.left_out)),
            Cell::number(&grouped(counts.records)),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    section(
        "Streams",
        "of all connections, in their last syncs",
        &table(
            &[
                "Stream",
                "State",
                "Complete in",
                "Failing in",
                "Left out in",
                "Records",
            ],
            &rows,
            "Nothing was read yet.",
        ),
    )
}

fn table_of_versions(versions: &[VersionStatus], server: &Value) -> String {
    let current = text(&server["component"]["sha256"]);
    // The newest first.
    let rows = versions.iter().rev().map(|version| {
        // An empty name is what all connections take that have no version of their own.
        let open = version.connections.iter().filter(|name| !name.is_empty());
        let (kind, state) = match version {
            _ if version.sha256 == current => (Kind::Good, "active"),
            VersionStatus { drained: true, .. } => (Kind::Quiet, "given up"),
            VersionStatus { draining: true, .. } => (Kind::Busy, "ends its calls"),
            _ => (Kind::Busy, "of some connections"),
        };
        vec![
            Cell::text(&format!("{} {}", version.name, version.version)),
            Cell::mark(kind, state),
            Cell::html(format!(
                "<code>{}</code>",
                escaped(version.sha256.get(..12).unwrap_or_default())
            )),
            Cell::number(&open.count().to_string()),
            Cell::number(&grouped(version.calls)),
            Cell::number(&grouped(version.failures)),
        ]
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    section(
        "Component versions",
        "that this server runs",
        &table(
            &[
                "Version",
                "State",
                "SHA-256",
                "Open connections",
                "Calls",
                "Failed calls",
            ],
            &rows,
            "None is loaded.",
        ),
    )
}
