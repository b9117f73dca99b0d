//! The objects that actions speak of, and how they are found.

use crate::prelude::*;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// A contact: several are found by one search.
    Contact,
    /// A company: found one by one.
    Company,
    /// A conversation.
    Conversation,
    /// A ticket.
    Ticket,
    /// An article.
    Article,
    /// A collection of articles.
    Collection,
    /// A teammate.
    Admin,
    /// A tag.
    Tag,
    /// A type of tickets.
    TicketType,
    /// A state of tickets.
    TicketState,
    /// A data attribute of contacts or companies.
    Attribute,
    /// An instance of a custom object.
    Instance,
}

impl Object {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Company => "company",
            Self::Conversation => "conversation",
            Self::Ticket => "ticket",
            Self::Article => "article",
            Self::Collection => "collection",
            Self::Admin => "teammate",
            Self::Tag => "tag",
            Self::TicketType => "ticket type",
            Self::TicketState => "ticket state",
            Self::Attribute => "data attribute",
            Self::Instance => "instance",
        }
    }

    /// The second number of the first API version that has such objects.
    pub fn since(self) -> u8 {
        match self {
            Self::TicketState => 12,
            _ => super::FIRST,
        }
    }

    /// The path of one of them, before its id; none: they cannot be asked for one by one.
    pub fn path(self) -> Option<&'static str> {
        Some(match self {
            Self::Contact => "/contacts/",
            Self::Company => "/companies/",
            Self::Conversation => "/conversations/",
            Self::Ticket => "/tickets/",
            Self::Article => "/articles/",
            Self::Collection => "/help_center/collections/",
            Self::Admin => "/admins/",
            _ => return None,
        })
    }

    /// Where all of them are in one answer, and under which names there.
    pub fn list(self) -> Option<(&'static str, &'static [&'static str])> {
        Some(match self {
            Self::Tag => ("/tags", &["data", "tags"]),
            Self::TicketType => ("/ticket_types", &["data", "ticket_types"]),
            Self::TicketState => ("/ticket_states", &["data", "ticket_states"]),
            Self::Admin => ("/admins", &["admins"]),
            Self::Attribute => (
                "/data_attributes?model={model}&include_archived=true",
                &["data", "data_attributes"],
            ),
            _ => return None,
        })
    }

    /// The request that makes one which is not there: path, and body for a name. It makes no second one.
    pub fn making(self, name: &str) -> Option<(&'static str, String)> {
        let (path, member, name) = match self {
            Self::Tag => ("/tags", "name", name.trim()),
            Self::Company => ("/companies", "company_id", name),
            _ => return None,
        };
        Some((
            path,
            format!("{{\"{member}\":{}}}", crate::json::quoted(name)),
        ))
    }
}
