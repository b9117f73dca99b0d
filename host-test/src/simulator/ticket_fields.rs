//! What tickets can be searched and sorted by.

use std::borrow::Cow;

use super::generator::Generator;
use super::identifiers::{self, Kind};
use super::numbering::TICKETS;
use super::ordered_search::Searchable;
use super::part::Author;
use super::search_fields::{FieldKind, FieldValue};
use super::teammate;
use super::teams;
use super::ticket::Ticket;
use super::ticket_kind::TicketKind;
use super::ticket_tables::{CATEGORIES, DESCRIPTION, FIRST_KIND_ID, STATES, TITLE};

/// A field of a ticket, as search names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TicketField {
    /// One of the fields that every ticket has.
    Standard(&'static str),
    /// The attribute of this name, in tickets of the kind with this number.
    Attribute(usize, String),
}

const STANDARD: &[(&str, FieldKind)] = &[
    ("id", FieldKind::Text),
    ("created_at", FieldKind::Date),
    ("updated_at", FieldKind::Date),
    ("title", FieldKind::Text),
    ("description", FieldKind::Text),
    ("category", FieldKind::Text),
    ("ticket_type_id", FieldKind::Text),
    ("contact_ids", FieldKind::Text),
    ("teammate_ids", FieldKind::Text),
    ("admin_assignee_id", FieldKind::Text),
    ("team_assignee_id", FieldKind::Text),
    ("open", FieldKind::Boolean),
    ("state", FieldKind::Text),
    ("snoozed_until", FieldKind::Date),
];

/// Finds a field by name.
pub(crate) fn find(kinds: &[TicketKind], name: &str) -> Option<(TicketField, FieldKind)> {
    if let Some(wanted) = name.strip_prefix("ticket_attribute.") {
        let mut attributes = kinds.iter().enumerate().flat_map(|(number, kind)| {
            let attributes = kind.attributes.iter();
            attributes.map(move |attribute| (number, attribute))
        });
        let (kind, attribute) =
            attributes.find(|(_, attribute)| attribute.id.to_string() == wanted)?;
        let value = match attribute.data_type {
            "integer" | "decimal" => FieldKind::Number,
            "boolean" => FieldKind::Boolean,
            _ => FieldKind::Text,
        };
        let name = attribute.name.clone().into_owned();
        return Some((TicketField::Attribute(kind, name), value));
    }
    let (name, kind) = STANDARD.iter().find(|(known, _)| *known == name)?;
    Some((TicketField::Standard(name), *kind))
}

impl Searchable for Ticket {
    type Field = TicketField;

    fn encode(_: &Generator, number: u64) -> String {
        TICKETS.encode(number)
    }

    fn decode(_: &Generator, id: &str) -> Option<u64> {
        TICKETS.decode(id)
    }

    fn is_updated_at(field: &TicketField) -> bool {
        *field == TicketField::Standard("updated_at")
    }

    fn value<'a>(&'a self, field: &TicketField, generator: &Generator) -> FieldValue<'a> {
        let attribute = |name: &str| {
            let value = self.attributes.get(name);
            value.map_or(FieldValue::Unset, FieldValue::of_json)
        };
        let owned = |text: String| FieldValue::Text(Cow::Owned(text));
        let name = match field {
            TicketField::Standard(name) => *name,
            TicketField::Attribute(kind, name) if *kind == self.kind => return attribute(name),
            TicketField::Attribute(..) => return FieldValue::Unset,
        };
        match name {
            "id" => owned(self.id()),
            "created_at" => FieldValue::Whole(self.created_at),
            "updated_at" => FieldValue::Whole(self.updated_at),
            "title" => attribute(TITLE),
            "description" => attribute(DESCRIPTION),
            "category" => {
                let named = CATEGORIES.iter().find(|(name, _)| *name == self.category);
                FieldValue::optional_text(named.map(|(_, searched)| *searched))
            }
            "ticket_type_id" => owned((FIRST_KIND_ID + self.kind as u64).to_string()),
            "contact_ids" => FieldValue::Several(
                self.contacts
                    .iter()
                    .map(|contact| identifiers::encode(generator.seed, Kind::Contact, *contact))
                    .collect(),
            ),
            "teammate_ids" => FieldValue::Several(
                (0..self.thread.len())
                    .filter_map(|index| match self.part(generator, index)?.step.author {
                        Author::Admin(index) => Some(teammate::id(index).to_string()),
                        _ => None,
                    })
                    .collect(),
            ),
            "admin_assignee_id" => owned(self.admin_assignee.map_or(0, teammate::id).to_string()),
            "team_assignee_id" => owned(self.team_assignee.map_or(0, teams::number).to_string()),
            "open" => FieldValue::Boolean(self.open),
            "state" => {
                FieldValue::optional_text(STATES.get(self.state).map(|state| state.category))
            }
            "snoozed_until" => FieldValue::optional_whole(self.snoozed_until),
            _ => FieldValue::Unset,
        }
    }

    fn named(_: &Generator, field: &TicketField, values: &[&str]) -> Option<Vec<u64>> {
        let numbers = || values.iter().filter_map(|id| TICKETS.decode(id));
        (*field == TicketField::Standard("id")).then(|| numbers().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::Options;
    use crate::simulator::ticket_kind;

    #[test]
    fn every_field_has_a_value_in_some_ticket() {
        let generator = Generator::new(&Options {
            tickets: 300,
            ..Options::default()
        });
        let kinds = ticket_kind::first(generator.epoch);
        let attribute = format!("ticket_attribute.{}", kinds[0].attributes[2].id);
        let names = STANDARD.iter().map(|(name, _)| *name);
        for name in names.chain([attribute.as_str()]) {
            let (field, _) = find(&kinds, name).unwrap();
            let has_value = (0..300).any(|number| {
                let ticket = generator.ticket(number);
                !ticket
                    .value(&field, &generator)
                    .equals(&serde_json::Value::Null)
            });
            assert!(has_value, "{name}");
        }
        assert_eq!(find(&kinds, "ticket_attribute.1"), None);
        assert_eq!(find(&kinds, "colour"), None);
    }
}
