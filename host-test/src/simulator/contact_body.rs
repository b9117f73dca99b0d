//! How the API renders a contact.

use serde::Serialize;
use serde_json::{Map, Value};

use super::contact::{Contact, Location, Role};
use super::identifiers::{self, Kind};
use super::moment::{Moment, TimeStyle};
use super::subscriptions::Consent;
use super::version::ApiVersion;

/// Lists inside a contact show at most this many entries.
const LIST_PREVIEW: usize = 10;

/// What is needed beside a contact to render it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rendering<'a> {
    pub(crate) seed: u64,
    pub(crate) workspace_id: &'a str,
    pub(crate) version: ApiVersion,
    pub(crate) times: TimeStyle,
}

#[derive(Serialize)]
pub(crate) struct Reference {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    url: String,
}

#[derive(Serialize)]
struct ReferenceList {
    #[serde(rename = "type")]
    kind: &'static str,
    data: Vec<Reference>,
    url: String,
    total_count: usize,
    has_more: bool,
}

impl ReferenceList {
    /// The list of a contact: its first entries, and where the others are.
    fn of<T>(contact_id: &str, name: &str, all: &[T], reference: impl Fn(&T) -> Reference) -> Self {
        ReferenceList {
            kind: "list",
            data: all.iter().take(LIST_PREVIEW).map(reference).collect(),
            url: format!("/contacts/{contact_id}/{name}"),
            total_count: all.len(),
            has_more: all.len() > LIST_PREVIEW,
        }
    }
}

#[derive(Serialize)]
struct SocialProfiles {
    #[serde(rename = "type")]
    kind: &'static str,
    data: [(); 0],
}

#[derive(Serialize)]
#[serde(untagged)]
enum Avatar<'a> {
    Object {
        #[serde(rename = "type")]
        kind: &'static str,
        image_url: &'a str,
    },
    Url(&'a str),
}

#[derive(Serialize)]
#[serde(untagged)]
enum OwnerId {
    Number(i64),
    Text(String),
}

/// A contact as JSON, field by field in the order of a recorded answer.
#[derive(Serialize)]
pub(crate) struct ContactBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    workspace_id: &'a str,
    external_id: Option<&'a str>,
    role: Role,
    email: Option<&'a str>,
    phone: Option<&'a str>,
    name: Option<&'a str>,
    avatar: Option<Avatar<'a>>,
    owner_id: Option<OwnerId>,
    social_profiles: SocialProfiles,
    has_hard_bounced: bool,
    marked_email_as_spam: bool,
    unsubscribed_from_emails: bool,
    created_at: Moment,
    updated_at: Moment,
    signed_up_at: Option<Moment>,
    last_seen_at: Option<Moment>,
    last_replied_at: Option<Moment>,
    last_contacted_at: Option<Moment>,
    last_email_opened_at: Option<Moment>,
    last_email_clicked_at: Option<Moment>,
    language_override: Option<&'a str>,
    browser: Option<&'a str>,
    browser_version: Option<&'a str>,
    browser_language: Option<&'a str>,
    os: Option<&'a str>,
    location: &'a Location,
    android_app_name: Option<&'a str>,
    android_app_version: Option<&'a str>,
    android_device: Option<&'a str>,
    android_os_version: Option<&'a str>,
    android_sdk_version: Option<&'a str>,
    android_last_seen_at: Option<Moment>,
    ios_app_name: Option<&'a str>,
    ios_app_version: Option<&'a str>,
    ios_device: Option<&'a str>,
    ios_os_version: Option<&'a str>,
    ios_sdk_version: Option<&'a str>,
    ios_last_seen_at: Option<Moment>,
    custom_attributes: &'a Map<String, Value>,
    tags: ReferenceList,
    notes: ReferenceList,
    companies: ReferenceList,
    opted_out_subscription_types: ReferenceList,
    opted_in_subscription_types: ReferenceList,
    utm_campaign: Option<&'a str>,
    utm_content: Option<&'a str>,
    utm_medium: Option<&'a str>,
    utm_source: Option<&'a str>,
    utm_term: Option<&'a str>,
    referrer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled_push_messaging: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sms_consent: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unsubscribed_from_sms: Option<bool>,
}

impl Contact {
    /// This contact as the API renders it.
    pub(crate) fn body<'a>(&'a self, rendering: Rendering<'a>) -> ContactBody<'a> {
        let Rendering {
            seed,
            workspace_id,
            version,
            times,
        } = rendering;
        let id = self.id(seed);
        let moment = |seconds: Option<i64>| seconds.map(|seconds| times.moment(seconds));
        let notified = times.is_notification();
        let (opted_out, opted_in): (Vec<u64>, Vec<u64>) = self
            .subscriptions
            .iter()
            .partition(|subscription| Consent::of(**subscription) == Consent::OptOut);
        let subscriptions =
            |of| ReferenceList::of(&id, "subscriptions", of, |id| Reference::subscription(*id));
        ContactBody {
            kind: "contact",
            workspace_id,
            external_id: self.external_id.as_deref(),
            role: self.role,
            email: self.email.as_deref(),
            phone: self.phone.as_deref(),
            name: self.name.as_deref(),
            avatar: self.avatar.as_deref().map(|url| {
                if notified {
                    Avatar::Url(url)
                } else {
                    Avatar::Object {
                        kind: "avatar",
                        image_url: url,
                    }
                }
            }),
            owner_id: self.owner_id.map(|owner| {
                if version >= ApiVersion::V2_16 {
                    OwnerId::Text(owner.to_string())
                } else {
                    OwnerId::Number(owner)
                }
            }),
            social_profiles: SocialProfiles {
                kind: "list",
                data: [],
            },
            has_hard_bounced: self.has_hard_bounced,
            marked_email_as_spam: self.marked_email_as_spam,
            unsubscribed_from_emails: self.unsubscribed_from_emails,
            created_at: times.moment(self.created_at),
            updated_at: times.moment(self.updated_at),
            signed_up_at: moment(self.signed_up_at),
            last_seen_at: moment(self.last_seen_at),
            last_replied_at: moment(self.last_replied_at),
            last_contacted_at: moment(self.last_contacted_at),
            last_email_opened_at: moment(self.last_email_opened_at),
            last_email_clicked_at: moment(self.last_email_clicked_at),
            language_override: self.language_override.as_deref(),
            browser: self.browser.map(|(name, _, _)| name),
            browser_version: self.browser.map(|(_, version, _)| version),
            browser_language: self.browser_language,
            os: self.browser.map(|(_, _, system)| system),
            location: &self.location,
            android_app_name: self.device("android_app_name"),
            android_app_version: self.device("android_app_version"),
            android_device: self.device("android_device"),
            android_os_version: self.device("android_os_version"),
            android_sdk_version: self.device("android_sdk_version"),
            android_last_seen_at: moment(self.android_last_seen_at),
            ios_app_name: self.device("ios_app_name"),
            ios_app_version: self.device("ios_app_version"),
            ios_device: self.device("ios_device"),
            ios_os_version: self.device("ios_os_version"),
            ios_sdk_version: self.device("ios_sdk_version"),
            ios_last_seen_at: moment(self.ios_last_seen_at),
            custom_attributes: &self.custom_attributes,
            tags: ReferenceList::of(&id, "tags", &self.tags, |tag| Reference::tag(*tag)),
            notes: ReferenceList::of(&id, "notes", &self.notes, |note| Reference::note(note.id)),
            companies: ReferenceList::of(&id, "companies", &self.companies, |company| {
                Reference::company(seed, *company)
            }),
            opted_out_subscription_types: subscriptions(&opted_out),
            opted_in_subscription_types: subscriptions(&opted_in),
            utm_campaign: self.utm_campaign,
            utm_content: None,
            utm_medium: self.utm_campaign.map(|_| "email"),
            utm_source: self.utm_campaign.map(|_| "newsletter"),
            utm_term: None,
            referrer: self.referrer,
            enabled_push_messaging: (version >= ApiVersion::V2_12).then_some(Value::Null),
            sms_consent: notified.then_some(false),
            unsubscribed_from_sms: notified.then_some(false),
            id,
        }
    }
}

impl Reference {
    fn tag(id: u64) -> Reference {
        Reference {
            kind: "tag",
            url: format!("/tags/{id}"),
            id: id.to_string(),
        }
    }

    fn note(id: u64) -> Reference {
        Reference {
            kind: "note",
            url: format!("/notes/{id}"),
            id: id.to_string(),
        }
    }

    fn subscription(id: u64) -> Reference {
        Reference {
            kind: "subscription",
            url: format!("/subscriptions/{id}"),
            id: id.to_string(),
        }
    }

    fn company(seed: u64, number: u64) -> Reference {
        let id = identifiers::encode(seed, Kind::Company, number);
        Reference {
            kind: "company",
            url: format!("/companies/{id}"),
            id,
        }
    }
}
