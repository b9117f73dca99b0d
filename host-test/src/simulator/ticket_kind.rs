//! The kinds of tickets of a workspace: those that it starts with, and those that were created.

use std::borrow::Cow;

use super::generate::SPAN;
use super::ticket_tables::{DESCRIPTION, KINDS, KindRow, SEVERITIES, TITLE, attribute_id};

/// A kind of tickets.
#[derive(Clone, Debug)]
pub(crate) struct TicketKind {
    pub(crate) id: u64,
    pub(crate) name: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    pub(crate) icon: Cow<'static, str>,
    pub(crate) category: &'static str,
    pub(crate) is_internal: bool,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) attributes: Vec<TicketAttribute>,
}

/// An attribute of a kind of tickets.
#[derive(Clone, Debug)]
pub(crate) struct TicketAttribute {
    pub(crate) id: u64,
    pub(crate) name: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    pub(crate) data_type: &'static str,
    /// The items of a list: their ids are their places, from 1.
    pub(crate) items: Vec<Cow<'static, str>>,
    pub(crate) allows_several: bool,
    pub(crate) multiline: bool,
    pub(crate) required_to_create: bool,
    pub(crate) required_to_create_for_contacts: bool,
    pub(crate) visible_on_create: bool,
    pub(crate) visible_to_contacts: bool,
    pub(crate) archived: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl TicketAttribute {
    /// An attribute of which nothing but its name and its type is said.
    pub(crate) fn plain(
        id: u64,
        name: impl Into<Cow<'static, str>>,
        data_type: &'static str,
        at: i64,
    ) -> TicketAttribute {
        TicketAttribute {
            id,
            name: name.into(),
            description: Cow::Borrowed(""),
            data_type,
            items: Vec::new(),
            allows_several: false,
            multiline: false,
            required_to_create: false,
            required_to_create_for_contacts: false,
            visible_on_create: true,
            visible_to_contacts: true,
            archived: false,
            created_at: at,
            updated_at: at,
        }
    }

    /// Whether every kind has it.
    pub(crate) fn is_default(&self) -> bool {
        matches!(&*self.name, TITLE | DESCRIPTION)
    }
}

impl TicketKind {
    /// The attribute with this name that was not archived.
    pub(crate) fn attribute(&self, name: &str) -> Option<&TicketAttribute> {
        let mut attributes = self.attributes.iter();
        attributes.find(|attribute| attribute.name == name && !attribute.archived)
    }
}

/// The kinds that a workspace starts with.
pub(crate) fn first(epoch: i64) -> Vec<TicketKind> {
    let at = epoch.saturating_sub(SPAN);
    KINDS.iter().map(|row| of_row(row, at)).collect()
}

fn of_row(row: &'static KindRow, at: i64) -> TicketKind {
    let attributes = row.attributes.iter().enumerate();
    let attributes = attributes.map(|(index, (name, data_type))| {
        let mut attribute = TicketAttribute::plain(attribute_id(row, index), *name, data_type, at);
        attribute.required_to_create = *name == TITLE;
        attribute.multiline = *name == DESCRIPTION;
        attribute.visible_to_contacts = attribute.is_default();
        if *data_type == "list" {
            attribute.items = SEVERITIES.iter().map(|item| Cow::Borrowed(*item)).collect();
        }
        attribute
    });
    TicketKind {
        id: row.id,
        name: Cow::Borrowed(row.name),
        description: Cow::Borrowed(row.description),
        icon: Cow::Borrowed(row.icon),
        category: row.category,
        is_internal: false,
        archived: row.archived,
        created_at: at,
        updated_at: at,
        attributes: attributes.collect(),
    }
}
