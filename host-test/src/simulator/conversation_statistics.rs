//! What Intercom counts in a conversation, computed from the outlines of its parts.

use serde::Serialize;
use serde_json::{Value, json};

use super::conversation::Conversation;
use super::generator::Generator;
use super::part::{Author, PartKind};
use super::teammate;
use super::teams;
use super::version::ApiVersion;

/// The statistics of a conversation; what has not happened is null.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Statistics {
    #[serde(rename = "type")]
    kind: &'static str,
    pub(crate) time_to_assignment: Option<i64>,
    pub(crate) time_to_admin_reply: Option<i64>,
    pub(crate) time_to_first_close: Option<i64>,
    pub(crate) time_to_last_close: Option<i64>,
    pub(crate) median_time_to_reply: Option<i64>,
    pub(crate) first_contact_reply_at: Option<i64>,
    pub(crate) first_assignment_at: Option<i64>,
    pub(crate) first_admin_reply_at: Option<i64>,
    pub(crate) first_close_at: Option<i64>,
    pub(crate) last_assignment_at: Option<i64>,
    pub(crate) last_assignment_admin_reply_at: Option<i64>,
    pub(crate) last_contact_reply_at: Option<i64>,
    pub(crate) last_admin_reply_at: Option<i64>,
    pub(crate) last_close_at: Option<i64>,
    pub(crate) last_closed_by_id: Option<String>,
    pub(crate) count_reopens: i64,
    pub(crate) count_assignments: i64,
    pub(crate) count_conversation_parts: i64,
    #[serde(flatten)]
    newer: serde_json::Map<String, Value>,
}

impl Conversation {
    /// The statistics; nothing while nothing happened after the first message.
    pub(crate) fn statistics(&self, generator: &Generator) -> Option<Statistics> {
        if self.thread.len() == 0 {
            return None;
        }
        let begun = self.first_contact_reply_at(generator);
        let mut found = Statistics {
            kind: "conversation_statistics",
            first_contact_reply_at: begun,
            last_contact_reply_at: begun,
            ..Statistics::default()
        };
        let mut waiting_since = begun;
        let mut times_to_reply = Vec::new();
        for step in self.steps(generator) {
            found.count_conversation_parts += 1;
            if matches!(step.kind, PartKind::Open | PartKind::AssignAndReopen) {
                found.count_reopens += 1;
            }
            if step.kind.assigns() {
                found.count_assignments += 1;
                found.first_assignment_at.get_or_insert(step.at);
                found.last_assignment_at = Some(step.at);
                found.last_assignment_admin_reply_at = None;
            }
            match step.author {
                Author::Contact(_) if step.kind.replies() => {
                    found.last_contact_reply_at = Some(step.at);
                    waiting_since.get_or_insert(step.at);
                }
                Author::Admin(_) if step.kind.replies() => {
                    found.first_admin_reply_at.get_or_insert(step.at);
                    found.last_admin_reply_at = Some(step.at);
                    if found.last_assignment_at.is_some() {
                        found.last_assignment_admin_reply_at.get_or_insert(step.at);
                    }
                    times_to_reply
                        .extend(waiting_since.take().map(|since| (step.at - since).max(0)));
                }
                Author::Admin(admin) if step.kind == PartKind::Close => {
                    found.first_close_at.get_or_insert(step.at);
                    found.last_close_at = Some(step.at);
                    found.last_closed_by_id = Some(teammate::id(admin).to_string());
                }
                _ => {}
            }
        }
        let since = begun.unwrap_or(self.created_at);
        let duration = |until: Option<i64>| until.map(|until| (until - since).max(0));
        found.time_to_assignment = duration(found.first_assignment_at);
        found.time_to_admin_reply = duration(found.first_admin_reply_at);
        found.time_to_first_close = duration(found.first_close_at);
        found.time_to_last_close = duration(found.last_close_at);
        times_to_reply.sort_unstable();
        found.median_time_to_reply = times_to_reply.get(times_to_reply.len() / 2).copied();
        Some(found)
    }

    /// The statistics as a version has them.
    pub(crate) fn statistics_in(
        &self,
        version: ApiVersion,
        generator: &Generator,
    ) -> Option<Statistics> {
        let mut statistics = self.statistics(generator)?;
        let responses: Vec<Value> = self
            .team_assignee
            .zip(statistics.time_to_admin_reply)
            .map(|(team, time)| {
                json!({"team_id": teams::number(team), "team_name": teams::name(team), "response_time": time})
            })
            .into_iter()
            .collect();
        let newer = &mut statistics.newer;
        let mut add = |name: &str, value: Value| newer.insert(name.to_owned(), value);
        if version >= ApiVersion::V2_12 {
            add("assigned_team_first_response_time", json!(responses));
        }
        if version >= ApiVersion::V2_13 {
            let handling = statistics
                .last_close_at
                .zip(statistics.first_assignment_at)
                .map(|(closed, assigned)| (closed - assigned).max(0));
            add(
                "assigned_team_first_response_time_in_office_hours",
                json!(responses),
            );
            add("handling_time", json!(handling));
            add("adjusted_handling_time", json!(handling));
        }
        Some(statistics)
    }
}
