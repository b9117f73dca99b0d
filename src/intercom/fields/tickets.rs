//! Tickets, their parts, types and states.

use records::fields;

use super::Kind::{
    Attributes, Boolean, Elsewhere, Epoch, Integer, List, Nested, Object, Reference, Text, Wrapped,
};
use super::{Field, REFERENCE};

/// A ticket. Until 2.11 its state was a mere text, the category of today's states.
pub const TICKET: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "ticket_id": Text,
    "category": Text,
    "ticket_attributes": Attributes,
    "ticket_state": Wrapped(&("ticket_state", "category")),
    "ticket_state_internal_label": Text,
    "ticket_state_external_label": Text,
    "previous_ticket_state_id": Reference,
    "ticket_type": Object,
    "contacts": Object,
    "admin_assignee_id": Reference,
    "team_assignee_id": Reference,
    "created_at": Epoch,
    "updated_at": Epoch,
    "open": Boolean,
    "snoozed_until": Epoch,
    "linked_objects": Object,
    "is_shared": Boolean,
    "company_id": Reference,
    "channel": Text,
    "ticket_parts": Elsewhere,
};

/// A part of a ticket: a message, a note, or something that was done.
pub const TICKET_PART: &[Field] = fields! {
    "ticket_id": Text,
    "type": Text,
    "id": Text,
    "part_type": Text,
    "body": Text,
    "previous_ticket_state": Text,
    "ticket_state": Text,
    "created_at": Epoch,
    "updated_at": Epoch,
    "assigned_to": Nested(REFERENCE),
    "author": Nested(fields! { "type": Text, "id": Text, "name": Text, "email": Text }),
    "attachments": List,
    "external_id": Text,
    "redacted": Boolean,
    "app_package_code": Text,
    "updated_attribute_data": Object,
    "translations": Object,
};

/// A type of tickets, with its attributes.
pub const TICKET_TYPE: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "name": Text,
    "description": Text,
    "icon": Text,
    "workspace_id": Text,
    "archived": Boolean,
    "created_at": Epoch,
    "updated_at": Epoch,
    "is_internal": Boolean,
    "ticket_type_attributes": Object,
    "category": Text,
    "ticket_states": Object,
};

/// A state that a ticket can be in.
pub const TICKET_STATE: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "category": Text,
    "internal_label": Text,
    "external_label": Text,
    "ticket_types": Object,
    "archived": Boolean,
    "order": Integer,
};
