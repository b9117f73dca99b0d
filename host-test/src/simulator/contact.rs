//! A contact: its state, whether generated or written.

use serde::Serialize;
use serde_json::{Map, Value};

use super::identifiers::{self, Kind};
use super::note::Note;

/// What a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Known by email or external id.
    User,
    /// A visitor who got in touch.
    Lead,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Lead => "lead",
        }
    }
}

/// Whether a contact can be read, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It can.
    Live,
    /// Archived; can be brought back.
    Archived,
    /// Kept out; its email belongs to nobody else from then on.
    Blocked,
    /// Gone for good.
    Deleted,
    /// Merged into the contact with this number.
    MergedInto(u64),
}

/// Where a contact was when it was last seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Location {
    #[serde(rename = "type")]
    pub(crate) kind: LocationType,
    pub(crate) country: Option<&'static str>,
    pub(crate) region: Option<&'static str>,
    pub(crate) city: Option<&'static str>,
    pub(crate) country_code: Option<&'static str>,
    pub(crate) continent_code: Option<&'static str>,
}

/// The `type` of a location.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LocationType {
    #[default]
    Location,
}

/// The whole state of a contact.
#[derive(Clone, Debug)]
pub(crate) struct Contact {
    pub(crate) number: u64,
    pub(crate) standing: Standing,
    pub(crate) external_id: Option<String>,
    pub(crate) role: Role,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) avatar: Option<String>,
    pub(crate) owner_id: Option<i64>,
    pub(crate) has_hard_bounced: bool,
    pub(crate) marked_email_as_spam: bool,
    pub(crate) unsubscribed_from_emails: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) signed_up_at: Option<i64>,
    pub(crate) last_seen_at: Option<i64>,
    pub(crate) last_replied_at: Option<i64>,
    pub(crate) last_contacted_at: Option<i64>,
    pub(crate) last_email_opened_at: Option<i64>,
    pub(crate) last_email_clicked_at: Option<i64>,
    pub(crate) language_override: Option<String>,
    /// Browser, its version, the system it runs on.
    pub(crate) browser: Option<(&'static str, &'static str, &'static str)>,
    pub(crate) browser_language: Option<&'static str>,
    pub(crate) location: Location,
    pub(crate) ios_last_seen_at: Option<i64>,
    pub(crate) android_last_seen_at: Option<i64>,
    pub(crate) utm_campaign: Option<&'static str>,
    pub(crate) referrer: Option<&'static str>,
    pub(crate) custom_attributes: Map<String, Value>,
    /// Ids of tags.
    pub(crate) tags: Vec<u64>,
    /// Numbers of companies.
    pub(crate) companies: Vec<u64>,
    /// Newest first.
    pub(crate) notes: Vec<Note>,
    /// Ids of the subscription types of which it is not in the default state.
    pub(crate) subscriptions: Vec<u64>,
}

impl Contact {
    /// A contact of which nothing is known yet.
    pub(crate) fn blank(number: u64, role: Role, now: i64) -> Contact {
        Contact {
            number,
            standing: Standing::Live,
            external_id: None,
            role,
            email: None,
            phone: None,
            name: None,
            avatar: None,
            owner_id: None,
            has_hard_bounced: false,
            marked_email_as_spam: false,
            unsubscribed_from_emails: false,
            created_at: now,
            updated_at: now,
            signed_up_at: None,
            last_seen_at: None,
            last_replied_at: None,
            last_contacted_at: None,
            last_email_opened_at: None,
            last_email_clicked_at: None,
            language_override: None,
            browser: None,
            browser_language: None,
            location: Location::default(),
            ios_last_seen_at: None,
            android_last_seen_at: None,
            utm_campaign: None,
            referrer: None,
            custom_attributes: Map::new(),
            tags: Vec::new(),
            companies: Vec::new(),
            notes: Vec::new(),
            subscriptions: Vec::new(),
        }
    }

    /// The id by which the API knows this contact.
    pub(crate) fn id(&self, seed: u64) -> String {
        identifiers::encode(seed, Kind::Contact, self.number)
    }

    /// What is known of the app and the device with which a contact was last seen, by the name of the field.
    pub(crate) fn device(&self, field: &str) -> Option<&'static str> {
        let (last_seen_at, known) = match field.split_once('_')? {
            ("ios", field) => (self.ios_last_seen_at, device(IOS, field)),
            ("android", field) => (self.android_last_seen_at, device(ANDROID, field)),
            _ => return None,
        };
        last_seen_at.and(known)
    }
}

/// What is known of a device: the end of a field's name, and its value.
type Device = [(&'static str, &'static str)];

const IOS: &Device = &[
    ("app_name", "Simulated"),
    ("app_version", "4.11.2"),
    ("device", "iPhone15,3"),
    ("os_version", "17.5.1"),
    ("sdk_version", "17.0.2"),
];

const ANDROID: &Device = &[
    ("app_name", "Simulated"),
    ("app_version", "4.12.0"),
    ("device", "Pixel 8"),
    ("os_version", "14"),
    ("sdk_version", "15.9.0"),
];

fn device(device: &Device, field: &str) -> Option<&'static str> {
    let mut known = device.iter();
    known
        .find(|(name, _)| *name == field)
        .map(|(_, value)| *value)
}
