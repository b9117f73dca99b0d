//! What conversations can be searched and sorted by.

use std::borrow::Cow;

use super::conversation::{Conversation, ConversationState};
use super::generator::Generator;
use super::identifiers::{self, Kind};
use super::numbering::{CONVERSATIONS, SOURCES};
use super::ordered_search::Searchable;
use super::part::Author;
use super::search_fields::{FieldKind, FieldValue};
use super::teammate;
use super::teams;

/// Fields and their kinds. One name is misspelt in the documentation and is accepted as printed there.
const FIELDS: &[(&str, FieldKind)] = &[
    ("id", FieldKind::Text),
    ("created_at", FieldKind::Date),
    ("updated_at", FieldKind::Date),
    ("source.type", FieldKind::Text),
    ("source.id", FieldKind::Text),
    ("source.delivered_as", FieldKind::Text),
    ("source.subject", FieldKind::Text),
    ("source.body", FieldKind::Text),
    ("source.author.id", FieldKind::Text),
    ("source.author.type", FieldKind::Text),
    ("source.author.name", FieldKind::Text),
    ("source.author.email", FieldKind::Text),
    ("source.url", FieldKind::Text),
    ("contact_ids", FieldKind::Text),
    ("teammate_ids", FieldKind::Text),
    ("admin_assignee_id", FieldKind::Number),
    ("team_assignee_id", FieldKind::Number),
    ("channel_initiated", FieldKind::Text),
    ("open", FieldKind::Boolean),
    ("read", FieldKind::Boolean),
    ("state", FieldKind::Text),
    ("waiting_since", FieldKind::Date),
    ("snoozed_until", FieldKind::Date),
    ("tag_ids", FieldKind::Text),
    ("priority", FieldKind::Text),
    ("statistics.time_to_assignment", FieldKind::Number),
    ("statistics.time_to_admin_reply", FieldKind::Number),
    ("statistics.time_to_first_close", FieldKind::Number),
    ("statistics.time_to_last_close", FieldKind::Number),
    ("statistics.median_time_to_reply", FieldKind::Number),
    ("statistics.first_contact_reply_at", FieldKind::Date),
    ("statistics.first_assignment_at", FieldKind::Date),
    ("statistics.first_admin_reply_at", FieldKind::Date),
    ("statistics.first_close_at", FieldKind::Date),
    ("statistics.last_assignment_at", FieldKind::Date),
    ("statistics.last_assignment_admin_reply_at", FieldKind::Date),
    ("statistics.last_contact_reply_at", FieldKind::Date),
    ("statistics.last_admin_reply_at", FieldKind::Date),
    ("statistics.last_close_at", FieldKind::Date),
    ("statistics.last_closed_by_id", FieldKind::Text),
    ("statistics.count_reopens", FieldKind::Number),
    ("statistics.count_assignments", FieldKind::Number),
    ("statistics.count_conversation_parts", FieldKind::Number),
    ("conversation_rating.requested_at", FieldKind::Date),
    ("conversation_rating.replied_at", FieldKind::Date),
    ("conversation_rating.score", FieldKind::Number),
    ("conversation_rating.remark", FieldKind::Text),
    ("conversation_rating.contact_id", FieldKind::Text),
    ("conversation_rating.admin_id", FieldKind::Text),
    ("conversation_rating.admin_d", FieldKind::Text),
    ("ai_agent_participated", FieldKind::Boolean),
    ("ai_agent.resolution_state", FieldKind::Text),
    ("ai_agent.last_answer_type", FieldKind::Text),
    ("ai_agent.rating", FieldKind::Number),
    ("ai_agent.rating_remark", FieldKind::Text),
    ("ai_agent.source_type", FieldKind::Text),
    ("ai_agent.source_title", FieldKind::Text),
];

/// Finds a field by name.
pub(crate) fn find(name: &str) -> Option<(&'static str, FieldKind)> {
    FIELDS.iter().find(|(known, _)| *known == name).copied()
}

impl Searchable for Conversation {
    type Field = &'static str;

    fn encode(_: &Generator, number: u64) -> String {
        CONVERSATIONS.encode(number)
    }

    fn decode(_: &Generator, id: &str) -> Option<u64> {
        CONVERSATIONS.decode(id)
    }

    fn is_updated_at(field: &&'static str) -> bool {
        *field == "updated_at"
    }

    fn value<'a>(&'a self, field: &&'static str, generator: &Generator) -> FieldValue<'a> {
        let whole = FieldValue::optional_whole;
        match field.split_once('.') {
            Some(("source", field)) => self.source_value(field, generator),
            Some(("statistics", field)) => self.statistics_value(field, generator),
            Some(("conversation_rating", field)) => self.rating_value(field, generator),
            Some(("ai_agent", field)) => self.ai_agent_value(field),
            _ => {
                match *field {
                    "id" => owned(self.id()),
                    "created_at" => FieldValue::Whole(self.created_at),
                    "updated_at" => FieldValue::Whole(self.updated_at),
                    "contact_ids" => several(self.contacts.iter().map(|contact| {
                        identifiers::encode(generator.seed, Kind::Contact, *contact)
                    })),
                    "teammate_ids" => {
                        several(self.steps(generator).filter_map(|step| match step.author {
                            Author::Admin(index) => Some(teammate::id(index).to_string()),
                            _ => None,
                        }))
                    }
                    "admin_assignee_id" => {
                        FieldValue::Whole(self.admin_assignee.map_or(0, teammate::id))
                    }
                    "team_assignee_id" => {
                        let id = self.team_assignee.map_or(0, teams::number);
                        whole(i64::try_from(id).ok())
                    }
                    "channel_initiated" => FieldValue::text_of(self.source.channel),
                    "open" => FieldValue::Boolean(self.state != ConversationState::Closed),
                    "read" => FieldValue::Boolean(self.read),
                    "state" => FieldValue::text_of(self.state.name()),
                    "waiting_since" => whole(self.waiting_since),
                    "snoozed_until" => whole(self.snoozed_until),
                    "tag_ids" => several(self.tags.iter().map(|tag| tag.id.to_string())),
                    "priority" => several(self.priorities().map(str::to_owned).into_iter()),
                    "ai_agent_participated" => FieldValue::Boolean(self.ai_agent.is_some()),
                    _ => FieldValue::Unset,
                }
            }
        }
    }

    fn named(_: &Generator, field: &&'static str, values: &[&str]) -> Option<Vec<u64>> {
        let numbers = || values.iter().filter_map(|id| CONVERSATIONS.decode(id));
        (*field == "id").then(|| numbers().collect())
    }
}

impl Conversation {
    fn source_value(&self, field: &str, generator: &Generator) -> FieldValue<'_> {
        let person = |number| generator.person(number);
        match (field, self.source.author) {
            ("type", _) => FieldValue::text_of(self.source.channel),
            ("id", _) => owned(SOURCES.encode(self.number)),
            ("delivered_as", _) => FieldValue::text_of(self.source.delivered_as),
            ("subject", _) => FieldValue::text_of(&self.source.subject),
            ("body", _) => FieldValue::Words(Cow::Borrowed(&self.source.body)),
            ("url", _) => FieldValue::optional_text(self.source.url.as_deref()),
            ("author.type", Author::Admin(_)) => FieldValue::text_of("admin"),
            ("author.type", Author::Contact(number)) => {
                FieldValue::text_of(person(number).role.name())
            }
            ("author.type", _) => FieldValue::text_of("bot"),
            ("author.id", Author::Admin(index)) => owned(teammate::id(index).to_string()),
            ("author.id", Author::Contact(number)) => owned(person(number).id(generator.seed)),
            ("author.name", Author::Admin(index)) => owned(teammate::name(index)),
            ("author.name", Author::Contact(number)) => optional(person(number).name),
            ("author.email", Author::Admin(index)) => owned(teammate::email(index)),
            ("author.email", Author::Contact(number)) => optional(person(number).email),
            _ => FieldValue::Unset,
        }
    }

    fn statistics_value(&self, field: &str, generator: &Generator) -> FieldValue<'_> {
        let Some(statistics) = self.statistics(generator) else {
            return FieldValue::Unset;
        };
        FieldValue::optional_whole(match field {
            "last_closed_by_id" => return optional(statistics.last_closed_by_id),
            "time_to_assignment" => statistics.time_to_assignment,
            "time_to_admin_reply" => statistics.time_to_admin_reply,
            "time_to_first_close" => statistics.time_to_first_close,
            "time_to_last_close" => statistics.time_to_last_close,
            "median_time_to_reply" => statistics.median_time_to_reply,
            "first_contact_reply_at" => statistics.first_contact_reply_at,
            "first_assignment_at" => statistics.first_assignment_at,
            "first_admin_reply_at" => statistics.first_admin_reply_at,
            "first_close_at" => statistics.first_close_at,
            "last_assignment_at" => statistics.last_assignment_at,
            "last_assignment_admin_reply_at" => statistics.last_assignment_admin_reply_at,
            "last_contact_reply_at" => statistics.last_contact_reply_at,
            "last_admin_reply_at" => statistics.last_admin_reply_at,
            "last_close_at" => statistics.last_close_at,
            "count_reopens" => Some(statistics.count_reopens),
            "count_assignments" => Some(statistics.count_assignments),
            "count_conversation_parts" => Some(statistics.count_conversation_parts),
            _ => None,
        })
    }

    fn rating_value(&self, field: &str, generator: &Generator) -> FieldValue<'_> {
        let Some(rating) = &self.rating else {
            return FieldValue::Unset;
        };
        match field {
            "requested_at" => FieldValue::Whole(rating.created_at),
            "replied_at" => FieldValue::optional_whole(rating.rating.map(|_| rating.created_at)),
            "score" => FieldValue::optional_whole(rating.rating.map(u64::cast_signed)),
            "remark" => FieldValue::text_of(rating.remark),
            "contact_id" => optional(
                self.contacts
                    .first()
                    .map(|contact| identifiers::encode(generator.seed, Kind::Contact, *contact)),
            ),
            _ => owned(teammate::id(rating.admin).to_string()),
        }
    }

    fn ai_agent_value(&self, field: &str) -> FieldValue<'_> {
        let Some(agent) = &self.ai_agent else {
            return FieldValue::Unset;
        };
        FieldValue::optional_text(match field {
            "rating" => return FieldValue::optional_whole(agent.rating.map(u64::cast_signed)),
            "resolution_state" => agent.resolution_state,
            "last_answer_type" => agent.last_answer_type,
            "rating_remark" => agent.rating_remark,
            "source_type" => Some(agent.source_type),
            "source_title" => agent.source_title,
            _ => None,
        })
    }
}

fn owned<'a>(text: String) -> FieldValue<'a> {
    FieldValue::Text(Cow::Owned(text))
}

fn optional<'a>(text: Option<String>) -> FieldValue<'a> {
    text.map_or(FieldValue::Unset, owned)
}

fn several<'a>(ids: impl Iterator<Item = String>) -> FieldValue<'a> {
    FieldValue::Several(ids.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::Options;

    #[test]
    fn every_field_has_a_value_in_some_conversation() {
        let generator = Generator::new(&Options {
            conversations: 500,
            ..Options::default()
        });
        for (field, _) in FIELDS {
            let has_value = (0..500).any(|number| {
                let conversation = generator.conversation(number);
                !conversation
                    .value(field, &generator)
                    .equals(&serde_json::Value::Null)
            });
            assert!(has_value, "{field}");
        }
    }
}
