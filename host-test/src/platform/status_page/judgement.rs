//! How a connection and its streams are, in a word.

use serde_json::Value;

use super::html::Kind;
use super::words::{grouped, spaced, text};

/// How a connection is. What somebody should look at is the smallest.
pub(super) fn connection(document: &Value) -> (Kind, &'static str) {
    let last = text(&document["last_sync"]["status"]);
    let state = text(&document["state"]);
    let well = matches!(last, "" | "complete" | "cut_off");
    // A sync that runs checks again: what an earlier check said is not how the connection is.
    let problem = state != "running" && !document["problem"].is_null();
    match state {
        "paused" => (Kind::Quiet, "paused"),
        _ if problem || last == "failed" => (Kind::Bad, "failing"),
        _ if !well => (Kind::Bad, "partly failing"),
        "running" => (Kind::Busy, "syncing"),
        "waiting" => (Kind::Busy, "waiting for its turn"),
        _ if last == "cut_off" => (Kind::Quiet, "cut off"),
        _ if last.is_empty() => (Kind::Quiet, "not synced yet"),
        _ => (Kind::Good, "up to date"),
    }
}

/// How a stream is, and its status in words.
pub(super) fn stream(status: Option<&str>) -> (Kind, String) {
    match status {
        None => (Kind::Busy, "being read".to_owned()),
        Some("complete") => (Kind::Good, "complete".to_owned()),
        Some("gave_way") => (Kind::Busy, "gave way".to_owned()),
        Some(status @ ("not_in_version" | "not_configured" | "webhooks_only" | "not_run")) => {
            (Kind::Quiet, spaced(status))
        }
        Some(status) => (Kind::Bad, spaced(status)),
    }
}

/// How a run ended.
pub(super) fn run(status: &str) -> (Kind, String) {
    let kind = match status {
        "complete" => Kind::Good,
        "running" => Kind::Busy,
        "cut_off" => Kind::Quiet,
        _ => Kind::Bad,
    };
    (kind, spaced(status))
}

/// Streams of a run, by how they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Streams {
    pub(super) complete: u64,
    pub(super) failing: u64,
    /// Those that cannot be read: not in this API version, or not configured.
    pub(super) left_out: u64,
    pub(super) records: u64,
}

impl Streams {
    /// Adds a stream as a run's history tells it.
    pub(super) fn add(&mut self, told: &Value) {
        match stream(told["status"].as_str()).0 {
            Kind::Good => self.complete += 1,
            Kind::Bad => self.failing += 1,
            Kind::Quiet | Kind::Busy => self.left_out += 1,
        }
        self.records += told["records"].as_u64().unwrap_or(0);
    }

    /// The streams of a connection's last run.
    pub(super) fn of_last_run(document: &Value) -> Streams {
        let mut streams = Streams::default();
        if let Some(told) = document["last_sync"]["streams"].as_object() {
            told.values().for_each(|told| streams.add(told));
        }
        streams
    }

    /// `29 of 31, 2 failing`; nothing where no stream was come to.
    pub(super) fn in_words(self) -> String {
        let all = self.complete + self.failing;
        match (all, self.failing) {
            (0, _) => super::words::NONE.to_owned(),
            (all, 0) => format!("{} complete", grouped(all)),
            (all, failing) => {
                let complete = grouped(self.complete);
                format!("{complete} of {}, {failing} failing", grouped(all))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_connection_is_judged_by_what_somebody_has_to_do() {
        for (state, problem, last, judged) in [
            ("idle", None, "complete", (Kind::Good, "up to date")),
            ("running", None, "complete", (Kind::Busy, "syncing")),
            ("running", None, "failed", (Kind::Bad, "failing")),
            ("idle", Some("no token"), "complete", (Kind::Bad, "failing")),
            ("running", Some("slow check"), "", (Kind::Busy, "syncing")),
            ("idle", None, "partial", (Kind::Bad, "partly failing")),
            ("paused", None, "failed", (Kind::Quiet, "paused")),
            ("waiting", None, "", (Kind::Busy, "waiting for its turn")),
            ("idle", None, "", (Kind::Quiet, "not synced yet")),
            ("idle", None, "cut_off", (Kind::Quiet, "cut off")),
        ] {
            let document =
                json!({"state": state, "problem": problem, "last_sync": {"status": last}});
            assert_eq!(connection(&document), judged, "{document}");
        }
        assert_eq!(
            connection(&json!({"state": "idle"})),
            (Kind::Quiet, "not synced yet")
        );
    }

    #[test]
    fn streams_are_counted_by_how_they_are() {
        let document = json!({"last_sync": {"streams": {
            "contacts": {"status": "complete", "records": 2_000},
            "tags": {"status": "denied", "records": 0},
            "brands": {"status": "not_in_version"},
        }}});
        let streams = Streams::of_last_run(&document);
        assert_eq!(
            (
                streams.complete,
                streams.failing,
                streams.left_out,
                streams.records
            ),
            (1, 1, 1, 2_000)
        );
        assert_eq!(streams.in_words(), "1 of 2, 1 failing");
        assert_eq!(Streams::of_last_run(&json!({})).in_words(), "–");
    }
}
