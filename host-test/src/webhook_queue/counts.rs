//! What is counted of webhooks.

use serde::{Deserialize, Serialize};

use crate::metrics::{Looked, Readings};
use crate::position::LastWebhook;

/// What became of webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WebhookCounts {
    /// Stored.
    pub accepted: u64,
    /// Genuine, and stored before.
    pub duplicates: u64,
    /// Genuine, and without meaning here.
    pub ignored: u64,
    /// Tries of the door.
    pub pings: u64,
    /// Not genuine.
    pub rejected: u64,
    /// Too large, not received whole, of a workspace or an address that is not served, or for a connection that is gone.
    pub refused: u64,
    /// Genuine, and older than is taken.
    pub replayed: u64,
    /// Sent away because too much was waiting.
    pub throttled: u64,
    /// Could not be verified, or not be stored in the queue (the sender comes again) or in the output.
    pub failed: u64,
    /// Entries that were left out because something newer of their row was there.
    pub stale: u64,
    /// Rows that were read again because a delivery told a part of them.
    pub read_again: u64,
}

impl WebhookCounts {
    /// For people, all on one line.
    pub fn line(&self) -> String {
        let WebhookCounts {
            accepted,
            duplicates,
            ignored,
            pings,
            rejected,
            refused,
            replayed,
            throttled,
            failed,
            stale,
            read_again,
        } = self;
        format!(
            "{accepted} accepted, {duplicates} known, {ignored} ignored, {rejected} rejected, {refused} refused, \
             {failed} failed, {pings} pings, {replayed} too old, {throttled} throttled, {stale} stale entries, \
             {read_again} rows read again"
        )
    }

    /// What became of deliveries, by name for programs.
    pub fn outcomes(&self) -> [(&'static str, u64); 9] {
        [
            ("accepted", self.accepted),
            ("duplicate", self.duplicates),
            ("ignored", self.ignored),
            ("ping", self.pings),
            ("rejected", self.rejected),
            ("refused", self.refused),
            ("too_old", self.replayed),
            ("throttled", self.throttled),
            ("failed", self.failed),
        ]
    }

    /// Shows them under the name of a connection.
    pub(crate) fn show(&self, connection: &str, readings: &mut Readings) {
        for (outcome, count) in self.outcomes() {
            let labels = [("connection", connection), ("outcome", outcome)];
            readings.set(Looked::Webhooks, &labels, count as f64);
        }
    }

    /// With those of another.
    #[must_use]
    pub fn and(self, other: WebhookCounts) -> WebhookCounts {
        WebhookCounts {
            accepted: self.accepted + other.accepted,
            duplicates: self.duplicates + other.duplicates,
            ignored: self.ignored + other.ignored,
            pings: self.pings + other.pings,
            rejected: self.rejected + other.rejected,
            refused: self.refused + other.refused,
            replayed: self.replayed + other.replayed,
            throttled: self.throttled + other.throttled,
            failed: self.failed + other.failed,
            stale: self.stale + other.stale,
            read_again: self.read_again + other.read_again,
        }
    }
}

/// What was counted, and what came last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// By all runs together.
    pub all: WebhookCounts,
    /// By this run.
    #[serde(skip)]
    pub run: WebhookCounts,
    /// The last genuine webhooks.
    pub last: LastWebhook,
}

impl Tally {
    /// Counts something, for this run and for all.
    pub(super) fn count(&mut self, change: impl Fn(&mut WebhookCounts)) {
        change(&mut self.all);
        change(&mut self.run);
    }
}
