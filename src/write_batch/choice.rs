//! Which of the objects that were found a row means.

use super::data_attribute::DATA_TYPE;
use crate::config::Several;
use crate::contract::types::{Failure, FailureKind};
use crate::failure::failure;
use crate::intercom::actions::{By, Object, Reference};
use crate::json::{Member, Object as Members, Unexpected, Value};
use crate::letters::lower_of;
use crate::prelude::*;

/// An object that Intercom has.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Intercom's id.
    pub id: String,
    /// Whether it was chosen among several.
    pub shares: bool,
    /// When it changed, in Unix seconds.
    pub updated_at: Option<i64>,
    /// A contact's role.
    pub role: Option<String>,
    /// The members that rows find objects by.
    members: Vec<(&'static str, String)>,
    /// A type of tickets, or that of this ticket: its id, and what a ticket of it holds.
    pub ticket_type: Option<(String, String)>,
}

const MEMBERS: &[&str] = &[
    "external_id",
    "email",
    "company_id",
    "name",
    "internal_label",
    "external_label",
    "category",
    DATA_TYPE,
];

impl Known {
    /// One of which only the id is known.
    pub fn with_id(id: String) -> Self {
        Self {
            id,
            ..Self::default()
        }
    }

    /// A member that is a text.
    pub fn member(&self, name: &str) -> Option<&str> {
        let mut members = self.members.iter();
        members.find_map(|(one, value)| (*one == name).then_some(&**value))
    }

    /// Whether it is found by this value of a member.
    pub fn is(&self, member: &str, value: &str) -> bool {
        let exact = matches!(member, "external_id" | "company_id");
        self.member(member).is_some_and(|known| match exact {
            true => known == value,
            false => small(known) == small(value),
        })
    }
}

/// An address or a name as it is compared: in small letters.
pub fn small(text: &str) -> String {
    text.trim().chars().map(lower_of).collect()
}

impl<'a> Value<'a> for Known {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        let mut object = Members::read(member)?;
        let id = match object.take("id")? {
            Some(Member::Text(text)) => text,
            Some(Member::Number(digits)) => digits.to_owned(),
            // Attributes that every workspace has come without one.
            None => String::new(),
            _ => return Err(Unexpected::here("an id")),
        };
        let mut members = Vec::new();
        for name in MEMBERS {
            if let Some(Member::Text(text)) = object.get(name) {
                members.push((*name, text.clone()));
            }
        }
        // In the archive, a type or a state is found by its id only; a data attribute can be taken out of it.
        if object.get("archived") == Some(&Member::Boolean(true)) && object.get(DATA_TYPE).is_none()
        {
            members.clear();
        }
        let role = match object.get("role") {
            Some(Member::Text(role)) => Some(role.clone()),
            _ => None,
        };
        let ticket_type = match object.get("ticket_type_attributes") {
            Some(Member::Object(json)) => Some((id.clone(), (*json).to_owned())),
            _ => {
                let own: Option<Self> = object.take("ticket_type").unwrap_or_default();
                own.and_then(|own| own.ticket_type)
            }
        };
        Ok(Self {
            id,
            shares: false,
            updated_at: object.take("updated_at").unwrap_or_default(),
            role,
            members,
            ticket_type,
        })
    }
}

/// The objects that a row means: by the first of what it gives that anything is found by. When several share that, the
/// policy decides.
///
/// # Errors
/// `several_match`, when it decides that the row fails.
pub fn choose(
    reference: &Reference,
    by: &[(By, String)],
    found: &[Known],
    several: Several,
) -> Result<Vec<Known>, Failure> {
    for (by, value) in by {
        let same: Vec<&Known> = found
            .iter()
            .filter(|known| match by {
                By::Id => {
                    // One that was asked for by its id may have another since, where it was merged.
                    known.id == *value || found.len() == 1 && reference.object.list().is_none()
                }
                By::Member(member) => known.is(member, value),
                By::Lead(member) => {
                    known.is(member, value) && known.role.as_deref() == Some("lead")
                }
                By::Sent => true,
            })
            .collect();
        if same.len() < 2 || reference.object != Object::Contact {
            if let Some(known) = same.first() {
                return Ok(vec![(*known).clone()]);
            }
            continue;
        }
        // A contact may come twice when it moves from one page to another.
        let mut contacts: Vec<&Known> = Vec::new();
        for known in same {
            match contacts.iter_mut().find(|other| other.id == known.id) {
                Some(other) => *other = known,
                None => contacts.push(known),
            }
        }
        let shares = contacts.len() > 1;
        let rank = |known: &&Known| (known.role.as_deref() == Some("user"), known.updated_at);
        let chosen = match several {
            Several::Fail if shares => {
                return Err(failure(
                    FailureKind::Conflict,
                    "several_match",
                    format!(
                        "{} contacts share what the row gives; give an id, or choose with `write.several`",
                        contacts.len()
                    ),
                ));
            }
            Several::All => return Ok(contacts.into_iter().cloned().collect()),
            Several::Oldest => contacts.into_iter().min_by_key(|known| {
                let (is_user, updated_at) = rank(known);
                (!is_user, updated_at, &known.id)
            }),
            Several::Newest | Several::Fail => contacts
                .into_iter()
                .max_by_key(|known| (rank(known), &known.id)),
        };
        let Some(chosen) = chosen else { continue };
        return Ok(vec![Known {
            shares,
            ..chosen.clone()
        }]);
    }
    Ok(Vec::new())
}
