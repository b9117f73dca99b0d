//! The status page: plain HTML with charts in SVG, made by the server for each look. No script, nothing from elsewhere.

mod chart;
mod html;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::Value;

use self::chart::{Bar, bars};
use self::html::{Cell, Markup, escaped, page, table};
use super::control::Control;
use super::database::{DatabaseError, Minute};
use super::registry::Known;
use super::server::Platform;
use super::status::{self, RECENT_MS};
use crate::clock::now_ms;
use crate::report::duration;

/// Connections on the page; those with problems come first.
const MOST_CONNECTIONS: usize = 200;

/// Runs on the page of a connection.
const MOST_RUNS: u32 = 30;

/// `GET /`.
pub(super) async fn whole(State(control): State<Control>) -> Response {
    answer(tokio::task::block_in_place(|| {
        whole_page(control.platform())
    }))
}

/// `GET /pages/NAME`.
pub(super) async fn one(State(control): State<Control>, Path(name): Path<String>) -> Response {
    let platform = control.platform();
    match platform.shared.registry.named(&name) {
        Some(known) => answer(connection_page(platform, &known)),
        None => (StatusCode::NOT_FOUND, "there is no such connection\n").into_response(),
    }
}

fn answer(page: Result<String, DatabaseError>) -> Response {
    let page = match page {
        Ok(page) => page,
        Err(error) => {
            return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
        }
    };
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, Html(page)).into_response()
}

fn whole_page(platform: &Platform) -> Result<String, DatabaseError> {
    let shared = &platform.shared;
    let server = status::server(platform)?;
    let mut body = Markup::default();
    let component = &server["component"];
    body.line(&format!(
        "<p class=\"facts\">component {} {} (<code>{}</code>) · host {} · up {}</p>",
        escaped(text(&component["name"])),
        escaped(text(&component["version"])),
        escaped(text(&component["sha256"]).get(..12).unwrap_or_default()),
        escaped(text(&server["host"]["version"])),
        span(server["uptime_ms"].as_i64()),
    ));
    body.line("<div class=\"tiles\">");
    for (name, value) in [
        ("connections", number(&server["connections"])),
        ("running", number(&server["slices"]["running"])),
        ("waiting", number(&server["slices"]["waiting"])),
        ("with problems", number(&server["problems"])),
        (
            "start delay p99",
            span(server["start_delay_ms"]["p99"].as_i64()),
        ),
        ("refused attempts", number(&server["refused_attempts"])),
    ] {
        body.line(&format!(
            "<div class=\"tile\"><b>{value}</b><span>{name}</span></div>"
        ));
    }
    body.line("</div>");
    let minutes = shared.database.minutes(None, now_ms() - RECENT_MS)?;
    body.line(&throughput(&minutes));

    let mut documents = Vec::new();
    for known in shared.registry.all() {
        documents.push((status::connection(platform, &known)?, known));
    }
    // Those that somebody should look at first, then by name, as they came.
    documents.sort_by_key(|(document, _)| is_fine(document));
    let all = documents.len();
    body.line(&format!("<h2>Connections <small>{all}</small></h2>"));
    let rows = documents.iter().take(MOST_CONNECTIONS);
    let rows = rows.map(|(document, known)| connection_row(document, known));
    body.line(&table(
        &[
            "connection",
            "tenant",
            "state",
            "last sync",
            "records",
            "lag",
            "next",
            "last failure",
        ],
        rows,
        "No connection yet: name one in the platform's file, or add one with POST /connections.",
    ));
    if all > MOST_CONNECTIONS {
        let more = all - MOST_CONNECTIONS;
        body.line(&format!("<p>and {more} more: see GET /connections</p>"));
    }
    Ok(page("Platform", &body.text()))
}

/// Whether nobody has to look at it.
fn is_fine(document: &Value) -> bool {
    let last = document["last_sync"]["status"].as_str();
    document["problem"].is_null() && matches!(last, None | Some("complete" | "cut_off"))
}

fn connection_row(document: &Value, known: &Known) -> Vec<Cell> {
    let last = &document["last_sync"];
    let failure = &document["last_failure"];
    let (state, kind) = state(document);
    vec![
        Cell::link(&format!("/pages/{}", known.name), &known.name),
        Cell::text(&known.tenant),
        Cell::mark(kind, state),
        Cell::text(&ago(last["ended_at_ms"].as_i64())),
        Cell::number(&number(&last["records"])),
        Cell::number(&span(document["lag_ms"].as_i64())),
        Cell::number(&ahead(document["next_sync_ms"].as_i64())),
        Cell::text(&match failure["at_ms"].as_i64() {
            None => String::new(),
            Some(at) => format!("{}: {}", ago(Some(at)), text(&failure["message"])),
        }),
    ]
}

/// What a connection is doing, and the kind of mark for it.
fn state(document: &Value) -> (&str, &'static str) {
    let state = text(&document["state"]);
    match (is_fine(document), state) {
        (_, "paused") => (state, "pause"),
        (false, _) => (state, "bad"),
        (true, "running" | "waiting") => (state, "busy"),
        (true, _) => (state, "good"),
    }
}

fn connection_page(platform: &Platform, known: &Known) -> Result<String, DatabaseError> {
    let shared = &platform.shared;
    let document = status::connection_whole(platform, known)?;
    let (state, kind) = state(&document);
    let mut body = Markup::default();
    body.line("<p><a href=\"/\">all connections</a></p>");
    body.line(&format!(
        "<p class=\"facts\">{} · tenant {} · workspace {} · every {} · lag {} · next {}</p>",
        Cell::mark(kind, state).inner(),
        escaped(&known.tenant),
        escaped(document["workspace_id"].as_str().unwrap_or("not known yet")),
        span(document["every_ms"].as_i64()),
        span(document["lag_ms"].as_i64()),
        ahead(document["next_sync_ms"].as_i64()),
    ));
    if let Some(problem) = document["problem"].as_str() {
        body.line(&format!("<p class=\"problem\">{}</p>", escaped(problem)));
    }
    let minutes = shared
        .database
        .minutes(Some(&known.name), now_ms() - RECENT_MS)?;
    body.line(&throughput(&minutes));
    body.line("<h2>Streams</h2>");
    let streams = document["streams"].as_object().cloned().unwrap_or_default();
    let rows = streams.iter().map(|(name, stream)| {
        let status = stream["status"].as_str().unwrap_or("not at its end yet");
        let kind = match status {
            "complete" => "good",
            "not_in_version" | "not_configured" | "webhooks_only" | "not at its end yet" => "pause",
            _ => "bad",
        };
        vec![
            Cell::text(name),
            Cell::mark(kind, status),
            Cell::text(&ago(stream["ended_at_ms"].as_i64())),
            Cell::number(&number(&stream["records"])),
            Cell::number(&number(&stream["quarantined"])),
            Cell::text(text(&stream["message"])),
        ]
    });
    body.line(&table(
        &["stream", "status", "ended", "records", "held", "message"],
        rows,
        "Nothing was read yet.",
    ));
    if document["queue"].is_object() {
        let queue = &document["queue"];
        body.line(&format!(
            "<h2>Webhooks</h2><p class=\"facts\">{} wait · {} rows to read again · {} unusable · {} intents · path <code>{}</code></p>",
            number(&queue["waiting"]),
            number(&queue["rows_to_read_again"]),
            number(&queue["unusable"]),
            number(&queue["intents"]),
            escaped(text(&document["webhook_path"])),
        ));
    }
    body.line("<h2>Runs</h2>");
    let runs = shared.database.runs(Some(&known.name), MOST_RUNS)?;
    let rows = runs.iter().map(|run| {
        let kind = match run.status.as_str() {
            "complete" => "good",
            "running" => "busy",
            "cut_off" => "pause",
            _ => "bad",
        };
        vec![
            Cell::number(&run.number.to_string()),
            Cell::mark(kind, &run.status),
            Cell::text(&ago(Some(run.began_at_ms))),
            Cell::number(&span(run.ended_at_ms.map(|ended| ended - run.began_at_ms))),
            Cell::number(&run.counts.records.to_string()),
            Cell::number(&run.counts.requests.to_string()),
            Cell::number(&run.counts.slices.to_string()),
            Cell::text(run.message.as_deref().unwrap_or_default()),
        ]
    });
    body.line(&table(
        &[
            "run", "status", "began", "took", "records", "requests", "slices", "message",
        ],
        rows,
        "There was none yet.",
    ));
    Ok(page(&known.name, &body.text()))
}

/// Records by minute over the last hour.
fn throughput(minutes: &[Minute]) -> String {
    let last = now_ms().div_euclid(60_000);
    let bar = |minute: i64| {
        let found = minutes.iter().find(|found| found.minute == minute);
        let Minute {
            records, failures, ..
        } = found.copied().unwrap_or_default();
        Bar {
            value: records,
            bad: failures > 0,
            title: match last - minute {
                0 => format!("this minute: {records} records, {failures} failures"),
                ago => format!("{ago} min ago: {records} records, {failures} failures"),
            },
        }
    };
    let hour: Vec<Bar> = (last - 59..=last).map(bar).collect();
    let total: u64 = hour.iter().map(|bar| bar.value).sum();
    format!(
        "<h2>Records by minute <small>{total} in the last hour</small></h2>\n{}",
        bars(&hour, "records by minute over the last hour")
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> String {
    value
        .as_u64()
        .map_or_else(|| "–".to_owned(), |number| number.to_string())
}

fn span(milliseconds: Option<i64>) -> String {
    let span = milliseconds.and_then(|ms| u64::try_from(ms).ok());
    span.map_or_else(
        || "–".to_owned(),
        |ms| duration(std::time::Duration::from_millis(ms)),
    )
}

fn ago(at_ms: Option<i64>) -> String {
    match at_ms {
        None => "never".to_owned(),
        Some(at) => format!("{} ago", span(Some(now_ms().saturating_sub(at).max(0)))),
    }
}

fn ahead(at_ms: Option<i64>) -> String {
    match at_ms {
        None => "–".to_owned(),
        Some(at) => format!("in {}", span(Some(at.saturating_sub(now_ms()).max(0)))),
    }
}
