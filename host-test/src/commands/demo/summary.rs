//! What the demonstration showed.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::commands::resources::peak_memory;
use crate::plugin::Plugin;
use crate::report::{RunReport, bytes, duration, run_table};
use crate::tenant::Usage;
use crate::webhook_listener::WebhookCounts;
use crate::writer::WriteReport;

/// Everything that was done, and what did not hold.
pub(super) struct Summary<'a> {
    pub(super) plugin: &'a Plugin,
    pub(super) full: RunReport,
    pub(super) incremental: RunReport,
    pub(super) webhooks: WebhookCounts,
    pub(super) writes: WriteReport,
    pub(super) usage: Usage,
    pub(super) failures: Vec<String>,
}

impl Summary<'_> {
    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        let incremental: Map<String, Value> = self
            .incremental
            .streams
            .iter()
            .map(|stream| {
                (
                    stream.stream.clone(),
                    json!({"records": stream.records, "requests": stream.requests}),
                )
            })
            .collect();
        json!({
            "ok": self.failures.is_empty(),
            "failures": self.failures,
            "component": {
                "name": self.plugin.descriptor().name,
                "version": self.plugin.descriptor().version,
                "bytes": self.plugin.size(),
                "sha256": self.plugin.sha256(),
                "imports": self.plugin.imports(),
            },
            "streams": self.full.to_json()["streams"],
            "incremental": incremental,
            "webhooks": {
                "accepted": self.webhooks.accepted,
                "rejected": self.webhooks.rejected,
                "duplicates": self.webhooks.duplicates,
            },
            "writes": {
                "created": self.writes.count("created"),
                "updated": self.writes.count("updated"),
                "unchanged": self.writes.count("unchanged"),
                "failed": self.writes.count("failed") + self.writes.count("deferred"),
            },
            "requests": self.usage.requests,
            "instances": self.usage.instances,
            "guest_ms": self.usage.guest_time.as_secs_f64() * 1e3,
            "peak_guest_memory_bytes": self.usage.peak_guest_memory,
            "peak_memory_bytes": peak_memory(),
        })
    }

    /// For people.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("\nfull reading\n{}", run_table(&self.full));
        text.push_str(&format!(
            "\n\nwhat changed\n{}\n",
            run_table(&self.incremental)
        ));
        text.push_str(&format!(
            "\ncomponent   {}, {} instances, {} of work in all, at most {} of memory in one call",
            bytes(self.plugin.size() as u64),
            self.usage.instances,
            duration(self.usage.guest_time),
            bytes(self.usage.peak_guest_memory)
        ));
        let contacts = self.full.stream("contacts");
        if let Some(contacts) = contacts.filter(|contacts| contacts.records > 0) {
            let records = u32::try_from(contacts.records).unwrap_or(u32::MAX);
            let each: Duration = contacts.guest_time / records;
            text.push_str(&format!(
                "\ncontacts    {:.2} µs of the component's work for each",
                each.as_secs_f64() * 1e6
            ));
        }
        if let Some(peak) = peak_memory() {
            text.push_str(&format!(
                "\nthis process, with host and simulator: at most {} of memory",
                bytes(peak)
            ));
        }
        match self.failures.is_empty() {
            true => text.push_str("\n\n✓ everything held"),
            false => {
                for failure in &self.failures {
                    text.push_str(&format!("\n✗ {failure}"));
                }
            }
        }
        text
    }
}
