//! People and what groups them: contacts, companies, teammates, teams, tags, segments, and what hangs on them.

use records::fields;

use super::Kind::{
    Attributes, Boolean, Epoch, Integer, List, Nested, Object, Reference, Text, Wrapped,
};
use super::{Field, REFERENCE};

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
    "avatar": Wrapped(&("avatar", "image_url")),
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
    "location": Nested(fields! {
        "type": Text,
        "country": Text,
        "region": Text,
        "city": Text,
        "country_code": Text,
        "continent_code": Text,
    }),
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
    "plan_id": Reference,
    "tag_ids": List,
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
    "away_status_reason": Text,
    "has_inbox_seat": Boolean,
    "team_ids": List,
    "avatar": Wrapped(&("avatar", "image_url")),
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
    "applied_by": Nested(REFERENCE),
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

/// A segment that a contact is in.
pub const CONTACT_SEGMENT: &[Field] = fields! {
    "contact_id": Text,
    "type": Text,
    "id": Text,
    "name": Text,
    "created_at": Epoch,
    "updated_at": Epoch,
    "person_type": Text,
    "count": Integer,
};

/// A segment that a company is in.
pub const COMPANY_SEGMENT: &[Field] = fields! {
    "company_id": Text,
    "type": Text,
    "id": Text,
    "name": Text,
    "created_at": Epoch,
    "updated_at": Epoch,
    "person_type": Text,
    "count": Integer,
};

/// That a contact has a tag.
pub const CONTACT_TAG: &[Field] = fields! { "contact_id": Text, "tag_id": Text };

/// That a contact belongs to a company, seen from either.
pub const CONTACT_COMPANY: &[Field] = fields! { "contact_id": Text, "company_id": Text };

/// A subscription in which a contact differs from its default.
pub const CONTACT_SUBSCRIPTION: &[Field] = fields! {
    "contact_id": Text,
    "type": Text,
    "id": Text,
    "state": Text,
    "consent_type": Text,
    "default_translation": Object,
    "translations": List,
    "content_types": List,
};

/// A note about a contact.
pub const CONTACT_NOTE: &[Field] = fields! {
    "contact_id": Text,
    "type": Text,
    "id": Text,
    "created_at": Epoch,
    "contact": Nested(REFERENCE),
    "company": Nested(REFERENCE),
    "author": Object,
    "body": Text,
};

/// A note about a company.
pub const COMPANY_NOTE: &[Field] = fields! {
    "company_id": Text,
    "type": Text,
    "id": Text,
    "created_at": Epoch,
    "contact": Nested(REFERENCE),
    "company": Nested(REFERENCE),
    "author": Object,
    "body": Text,
};

/// Something that a contact did.
pub const EVENT: &[Field] = fields! {
    "contact_id": Text,
    "type": Text,
    "id": Text,
    "event_name": Text,
    "created_at": Epoch,
    "user_id": Text,
    "intercom_user_id": Text,
    "email": Text,
    "metadata": Object,
};

/// How often a contact did something.
pub const EVENT_SUMMARY: &[Field] = fields! {
    "contact_id": Text,
    "name": Text,
    "first": Epoch,
    "last": Epoch,
    "count": Integer,
    "description": Text,
};
