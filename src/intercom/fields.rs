//! The fields of Intercom's objects: one table each, from which normalisation and the JSON Schemas are read.

/// The declared type of a field. Every field may also be null or absent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Text. A number, as some rows and versions give for ids, becomes text.
    Text,
    /// The id of another object as text; `0`, `"0"` and `""`, which mean "nobody", become null.
    Reference,
    /// A time in integer Unix seconds; ISO 8601 and numeric text become that.
    Epoch,
    /// An integer; numeric text becomes one.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Custom attributes: an object of whatever the workspace declared. Left as it is.
    Attributes,
    /// An object whose fields need no change. Left as it is.
    Object,
    /// A list whose items need no change. Left as it is.
    List,
    /// An object with fields of its own.
    Nested(&'static [Field]),
    /// Text or an object, by version and source (avatars). Left as it is.
    Any,
}

/// A field of an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Its name as it stands in compact JSON, with its quotes and its colon.
    pub written: &'static str,
    /// Its declared type.
    pub kind: Kind,
}

impl Field {
    /// Its name.
    #[inline]
    pub fn name(&self) -> &'static str {
        let end = self.written.len().saturating_sub(2);
        self.written.get(1..end).unwrap_or_default()
    }
}

macro_rules! fields {
    ($($name:literal: $kind:expr),* $(,)?) => { &[$(Field { written: concat!("\"", $name, "\":"), kind: $kind }),*] };
}

use Kind::{Any, Attributes, Boolean, Epoch, Integer, List, Nested, Object, Reference, Text};

/// A contact: a user or a lead. In the order in which Intercom gives the fields.
pub const CONTACT: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "workspace_id": Text,
    "external_id": Text,
    "role": Text,
    "email": Text,
    "email_domain": Text,
    "phone": Text,
    "formatted_phone": Text,
    "name": Text,
    "avatar": Any,
    "owner_id": Reference,
    "social_profiles": Object,
    "has_hard_bounced": Boolean,
    "marked_email_as_spam": Boolean,
    "unsubscribed_from_emails": Boolean,
    "unsubscribed_from_sms": Boolean,
    "sms_consent": Boolean,
    "created_at": Epoch,
    "updated_at": Epoch,
    "signed_up_at": Epoch,
    "last_seen_at": Epoch,
    "last_replied_at": Epoch,
    "last_contacted_at": Epoch,
    "last_email_opened_at": Epoch,
    "last_email_clicked_at": Epoch,
    "language_override": Text,
    "browser": Text,
    "browser_version": Text,
    "browser_language": Text,
    "os": Text,
    "location": Object,
    "android_app_name": Text,
    "android_app_version": Text,
    "android_device": Text,
    "android_os_version": Text,
    "android_sdk_version": Text,
    "android_last_seen_at": Epoch,
    "ios_app_name": Text,
    "ios_app_version": Text,
    "ios_device": Text,
    "ios_os_version": Text,
    "ios_sdk_version": Text,
    "ios_last_seen_at": Epoch,
    "custom_attributes": Attributes,
    "tags": Object,
    "notes": Object,
    "companies": Object,
    "opted_out_subscription_types": Object,
    "opted_in_subscription_types": Object,
    "utm_campaign": Text,
    "utm_content": Text,
    "utm_medium": Text,
    "utm_source": Text,
    "utm_term": Text,
    "referrer": Text,
    "enabled_push_messaging": Boolean,
    "archived": Boolean,
    "deleted": Boolean,
    "merge_history": List,
    "merged_from": Object,
};

/// A company.
pub const COMPANY: &[Field] = fields! {
    "type": Text,
    "company_id": Text,
    "id": Text,
    "app_id": Text,
    "name": Text,
    "remote_created_at": Epoch,
    "created_at": Epoch,
    "updated_at": Epoch,
    "last_request_at": Epoch,
    "monthly_spend": Integer,
    "session_count": Integer,
    "user_count": Integer,
    "size": Integer,
    "website": Text,
    "industry": Text,
    "tags": Object,
    "segments": Object,
    "plan": Nested(fields! { "type": Text, "id": Text, "name": Text }),
    "custom_attributes": Attributes,
    "notes": Object,
    "deleted": Boolean,
};

/// A teammate.
pub const ADMIN: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "name": Text,
    "email": Text,
    "job_title": Text,
    "away_mode_enabled": Boolean,
    "away_mode_reassign": Boolean,
    "away_status_reason_id": Reference,
    "has_inbox_seat": Boolean,
    "team_ids": List,
    "avatar": Any,
    "team_priority_level": Object,
    "role": Object,
};

/// A team.
pub const TEAM: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "name": Text,
    "admin_ids": List,
    "admin_priority_level": Object,
    "assignment_limit": Integer,
    "distribution_method": Text,
};

/// A tag.
pub const TAG: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "name": Text,
    "applied_at": Epoch,
    "applied_by": Nested(fields! { "type": Text, "id": Text }),
};

/// A segment.
pub const SEGMENT: &[Field] = fields! {
    "type": Text,
    "id": Text,
    "name": Text,
    "created_at": Epoch,
    "updated_at": Epoch,
    "person_type": Text,
    "count": Integer,
};
