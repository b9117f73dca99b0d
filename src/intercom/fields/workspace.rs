//! How a workspace is set up, and who did what in it.

use super::Field;
use records::fields;

use super::Kind::{Boolean, Epoch, Integer, List, Nested, Object, Reference, Text};

/// An attribute of contacts, companies or conversations. `record_hash` changes whenever anything of it does.
pub const ATTRIBUTE: &[Field] = fields! {
    "id": Text,
    "type": Text,
    "model": Text,
    "name": Text,
    "full_name": Text,
    "label": Text,
    "description": Text,
    "data_type": Text,
    "options": List,
    "api_writable": Boolean,
    "messenger_writable": Boolean,
    "ui_writable": Boolean,
    "custom": Boolean,
    "archived": Boolean,
    "admin_id": Reference,
    "created_at": Epoch,
    "updated_at": Epoch,
    "required": Boolean,
    "visible_to_team_ids": List,
    "multiline": Boolean,
    "reference": Object,
    "record_hash": Text,
};

/// A kind of messages that people can subscribe to.
pub const SUBSCRIPTION_TYPE: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "state": Text,
    "consent_type": Text,
    "default_translation": Object,
    "translations": List,
    "content_types": List,
};

/// A reason for which a teammate is away.
pub const AWAY_STATUS_REASON: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "label": Text,
    "emoji": Text,
    "order": Integer,
    "deleted": Boolean,
    "created_at": Epoch,
    "updated_at": Epoch,
};

/// A brand.
pub const BRAND: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "name": Text,
    "is_default": Boolean,
    "created_at": Epoch,
    "updated_at": Epoch,
    "help_center_id": Reference,
    "default_address_settings_id": Reference,
};

/// An address from which the workspace writes.
pub const EMAIL: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "email": Text,
    "verified": Boolean,
    "domain": Text,
    "brand_id": Reference,
    "forwarding_enabled": Boolean,
    "forwarded_email_last_received_at": Epoch,
    "created_at": Epoch,
    "updated_at": Epoch,
};

/// Something that a teammate did.
pub const ACTIVITY_LOG: &[Field] = fields! {
    "id": Text,
    "type": Text,
    "performed_by": Nested(fields! { "type": Text, "id": Text, "email": Text, "ip": Text }),
    "metadata": Object,
    "created_at": Epoch,
    "activity_type": Text,
    "activity_description": Text,
};

/// Something that Intercom does in the background.
pub const JOB: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "url": Text,
    "status": Text,
    "resource_type": Text,
    "resource_id": Reference,
    "resource_url": Text,
};
