//! What a run did: for people a table, for machines JSON.

mod notices;
mod status;
mod sweep;
mod table;

use std::time::Duration;

use serde_json::{Value, json};

use crate::contract::connector::Page;
use crate::contract::types::Change;

pub use self::notices::{Notices, QUARANTINED, READ_ANEW};
pub use self::status::StreamStatus;
pub use self::sweep::SweepReport;
pub use self::table::{bytes, duration, run_table, table};

/// What the reading of a stream did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamReport {
    /// The stream.
    pub stream: String,
    /// How it ended.
    pub status: StreamStatus,
    /// Whether somebody named it: what nobody asked for by name may be missing.
    pub asked_for: bool,
    /// Entries given to the output. What a restarted walk took back is not among them.
    pub records: u64,
    /// Entries that write a row.
    pub upserts: u64,
    /// Entries that write fields of a row.
    pub patches: u64,
    /// Entries that delete a row.
    pub deletes: u64,
    /// Pages.
    pub pages: u64,
    /// Requests to the provider.
    pub requests: u64,
    /// Bytes of the provider's answers.
    pub bytes: u64,
    /// Calls that were tried again.
    pub retries: u64,
    /// Rows that are no records, and that came whole, so that they can be held.
    pub held: u64,
    /// Entries that the output left out because something newer of their row was there.
    pub stale: u64,
    /// How often the walk started over.
    pub restarts: u64,
    /// From beginning to end.
    pub wall: Duration,
    /// In which the component itself worked.
    pub guest_time: Duration,
    /// What was said about it.
    pub notices: Notices,
    /// What a search for rows that are gone did, where there was one.
    pub sweep: Option<SweepReport>,
    /// For people, what has no effect.
    pub remarks: Vec<String>,
}

impl StreamReport {
    /// A report in which nothing was done.
    pub fn without_run(stream: &str, status: StreamStatus) -> StreamReport {
        StreamReport {
            stream: stream.to_owned(),
            status,
            asked_for: true,
            records: 0,
            upserts: 0,
            patches: 0,
            deletes: 0,
            pages: 0,
            requests: 0,
            bytes: 0,
            retries: 0,
            held: 0,
            stale: 0,
            restarts: 0,
            wall: Duration::ZERO,
            guest_time: Duration::ZERO,
            notices: Notices::default(),
            sweep: None,
            remarks: Vec::new(),
        }
    }

    /// Adds a page that is committed.
    pub fn count(&mut self, page: &Page) {
        if page.restarted {
            self.restarts += 1;
            (self.records, self.upserts, self.patches, self.deletes) = (0, 0, 0, 0);
        }
        self.pages += 1;
        self.records += page.entries.len() as u64;
        for entry in &page.entries {
            match entry.change {
                Change::Upsert => self.upserts += 1,
                Change::Patch => self.patches += 1,
                Change::Delete => self.deletes += 1,
            }
        }
    }

    /// Whether all is there that was asked for: every row that there was.
    pub fn is_whole(&self) -> bool {
        match self.status {
            StreamStatus::Complete => self.quarantined() == 0,
            StreamStatus::NotInVersion { .. } | StreamStatus::NotConfigured { .. } => {
                !self.asked_for
            }
            // There is nothing that a reading could have brought.
            StreamStatus::WebhooksOnly { .. } => true,
            _ => false,
        }
    }

    /// Rows that are no records: the output does not have them.
    pub fn quarantined(&self) -> u64 {
        self.notices.count(QUARANTINED)
    }

    /// What a line about it begins with.
    pub fn mark(&self) -> &'static str {
        match (&self.status, self.is_whole()) {
            (StreamStatus::Complete, true) => "✓",
            (_, true) => "–",
            (_, false) => "✗",
        }
    }

    /// The report for programs.
    pub fn to_json(&self) -> Value {
        let mut json = json!({
            "status": self.status.name(),
            "records": self.records,
            "upserts": self.upserts,
            "patches": self.patches,
            "deletes": self.deletes,
            "requests": self.requests,
            "pages": self.pages,
            "bytes": self.bytes,
            "retries": self.retries,
            "restarts": self.restarts,
            "stale": self.stale,
            "wall_ms": milliseconds(self.wall),
            "guest_ms": milliseconds(self.guest_time),
            "quarantined": self.quarantined(),
            "notices": self.notices.counts(),
            "notice_details": self.notices.to_json(),
        });
        if let Some(message) = self.status.message() {
            json["message"] = message.into();
        }
        if let Some(code) = self.status.code() {
            json["code"] = code.into();
        }
        if let Some(sweep) = &self.sweep {
            json["sweep"] = sweep.to_json();
        }
        json
    }
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunReport {
    /// In the order in which they were read.
    pub streams: Vec<StreamReport>,
}

impl RunReport {
    /// Whether everything is there that was asked for.
    pub fn is_complete(&self) -> bool {
        self.streams.iter().all(StreamReport::is_whole)
    }

    /// Whether no stream is complete although there were some.
    pub fn is_failed(&self) -> bool {
        !self.streams.is_empty()
            && !self
                .streams
                .iter()
                .any(|stream| stream.status == StreamStatus::Complete)
    }

    /// All streams together.
    pub fn total(&self) -> StreamReport {
        let mut total = StreamReport::without_run("total", StreamStatus::Complete);
        for stream in &self.streams {
            total.records += stream.records;
            total.upserts += stream.upserts;
            total.patches += stream.patches;
            total.deletes += stream.deletes;
            total.pages += stream.pages;
            total.requests += stream.requests;
            total.bytes += stream.bytes;
            total.retries += stream.retries;
            total.restarts += stream.restarts;
            total.stale += stream.stale;
            total.wall += stream.wall;
            total.guest_time += stream.guest_time;
            total.notices.merge(&stream.notices);
        }
        total
    }

    /// The report of a stream.
    pub fn stream(&self, name: &str) -> Option<&StreamReport> {
        self.streams.iter().find(|stream| stream.stream == name)
    }

    /// The report for programs.
    pub fn to_json(&self) -> Value {
        let streams: serde_json::Map<String, Value> = self
            .streams
            .iter()
            .map(|stream| (stream.stream.clone(), stream.to_json()))
            .collect();
        let mut total = self.total().to_json();
        if let Some(fields) = total.as_object_mut() {
            fields.remove("status");
        }
        json!({"ok": self.is_complete(), "streams": streams, "total": total})
    }
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str, records: u64) -> StreamReport {
        StreamReport {
            records,
            requests: 2,
            ..StreamReport::without_run(name, StreamStatus::Complete)
        }
    }

    #[test]
    fn a_run_is_as_good_as_its_streams() {
        let denied = StreamStatus::Denied {
            message: "no".to_owned(),
        };
        let mut report = RunReport {
            streams: vec![complete("contacts", 3)],
        };
        assert!(report.is_complete() && !report.is_failed());
        report
            .streams
            .push(StreamReport::without_run("tags", denied));
        assert!(!report.is_complete() && !report.is_failed());
        report.streams.remove(0);
        assert!(report.is_failed());
    }

    #[test]
    fn what_nobody_asked_for_by_name_may_be_missing() {
        let missing = |asked_for| StreamReport {
            asked_for,
            ..StreamReport::without_run(
                "teams",
                StreamStatus::NotInVersion {
                    message: "2.3 has no teams".to_owned(),
                },
            )
        };
        let report = |asked_for| RunReport {
            streams: vec![complete("contacts", 3), missing(asked_for)],
        };
        assert!(report(false).is_complete() && !report(true).is_complete());
        let json = report(false).to_json();
        assert_eq!(json["ok"], true);
        assert_eq!(json["streams"]["teams"]["status"], "not_in_version");
        assert_eq!(json["streams"]["teams"]["message"], "2.3 has no teams");
        assert_eq!((missing(false).mark(), missing(true).mark()), ("–", "✗"));
    }

    #[test]
    fn a_row_that_is_no_record_is_missing() {
        let mut contacts = complete("contacts", 3);
        contacts.notices.add(&crate::contract::types::Notice {
            kind: QUARANTINED.to_owned(),
            message: "an item is no record".to_owned(),
            stream: None,
            key: None,
            path: None,
            document: None,
        });
        let report = RunReport {
            streams: vec![contacts],
        };
        assert!(!report.is_complete() && !report.is_failed());
        assert_eq!(report.to_json()["streams"]["contacts"]["quarantined"], 1);
    }

    #[test]
    fn json_has_what_programs_ask_for() {
        let report = RunReport {
            streams: vec![complete("contacts", 3), complete("tags", 4)],
        };
        let json = report.to_json();
        assert_eq!(json["ok"], true);
        assert_eq!(json["streams"]["contacts"]["records"], 3);
        assert_eq!(json["streams"]["contacts"]["status"], "complete");
        assert_eq!(json["total"]["records"], 7);
        assert_eq!(json["total"]["requests"], 4);
    }
}
