//! What contacts can be searched and sorted by.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::contact::Contact;
use super::cursor::SortValue;
use super::generator::Generator;
use super::identifiers::{self, Kind};

/// What kind of values a field has; decides which operators it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Text,
    Number,
    Boolean,
    /// A time.
    Date,
    /// Ids of things the object belongs to.
    Membership,
}

/// The value of one field of one object.
#[derive(Clone, Debug)]
pub(crate) enum FieldValue<'a> {
    /// Not set.
    Unset,
    Text(Cow<'a, str>),
    Whole(i64),
    Float(f64),
    Boolean(bool),
    /// A long text, which equals each of its words.
    Words(Cow<'a, str>),
    /// Any of these.
    Several(Vec<String>),
}

impl<'a> FieldValue<'a> {
    pub(crate) fn text_of(text: &'a str) -> FieldValue<'a> {
        FieldValue::Text(Cow::Borrowed(text))
    }

    pub(crate) fn optional_text(text: Option<&'a str>) -> FieldValue<'a> {
        text.map_or(FieldValue::Unset, FieldValue::text_of)
    }

    pub(crate) fn optional_whole(number: Option<i64>) -> FieldValue<'a> {
        number.map_or(FieldValue::Unset, FieldValue::Whole)
    }

    pub(crate) fn of_json(value: &'a Value) -> FieldValue<'a> {
        match value {
            Value::String(text) => FieldValue::text_of(text),
            Value::Bool(value) => FieldValue::Boolean(*value),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => FieldValue::Whole(whole),
                None => number.as_f64().map_or(FieldValue::Unset, FieldValue::Float),
            },
            Value::Null | Value::Array(_) | Value::Object(_) => FieldValue::Unset,
        }
    }

    /// The value as a text, where it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            FieldValue::Text(text) | FieldValue::Words(text) => Some(text),
            _ => None,
        }
    }

    /// The value as a whole number, where it is one.
    pub(crate) fn number(&self) -> Option<i64> {
        match self {
            FieldValue::Whole(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether the value is this; null is what is not set.
    pub(crate) fn equals(&self, wanted: &Value) -> bool {
        match self {
            FieldValue::Unset => wanted.is_null(),
            FieldValue::Boolean(value) => wanted.as_bool() == Some(*value),
            FieldValue::Several(values) => wanted
                .as_str()
                .map_or(wanted.is_null() && values.is_empty(), |wanted| {
                    values.iter().any(|value| value == wanted)
                }),
            FieldValue::Words(text) => wanted.as_str().is_some_and(|wanted| {
                let mut words = text.split(|character: char| !character.is_alphanumeric());
                words.any(|word| word.eq_ignore_ascii_case(wanted))
            }),
            FieldValue::Text(_) | FieldValue::Whole(_) | FieldValue::Float(_) => {
                self.compare(wanted) == Some(Ordering::Equal)
            }
        }
    }

    /// How the value compares to this; `None` when they cannot be compared.
    pub(crate) fn compare(&self, other: &Value) -> Option<Ordering> {
        match self {
            FieldValue::Text(text) | FieldValue::Words(text) => {
                Some(text.as_ref().cmp(other.as_str()?))
            }
            FieldValue::Whole(number) => match other.as_i64() {
                Some(other) => Some(number.cmp(&other)),
                None => (*number as f64).partial_cmp(&other.as_f64()?),
            },
            FieldValue::Float(number) => number.partial_cmp(&other.as_f64()?),
            FieldValue::Unset | FieldValue::Boolean(_) | FieldValue::Several(_) => None,
        }
    }

    /// The value to sort by: what is not set comes first.
    pub(crate) fn sort(&self) -> SortValue {
        match self {
            FieldValue::Unset | FieldValue::Several(_) => SortValue::Number(i64::MIN),
            FieldValue::Text(text) | FieldValue::Words(text) => SortValue::Text(text.to_string()),
            FieldValue::Whole(number) => SortValue::Number(*number),
            // Sorting by thousandths is as fine as a float attribute needs.
            FieldValue::Float(number) => SortValue::Number((number * 1_000.0) as i64),
            FieldValue::Boolean(value) => SortValue::Number(i64::from(*value)),
        }
    }
}

/// A field of a contact, as search names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ContactField {
    /// One of the fields every contact has.
    Standard(&'static str),
    /// The custom attribute of this name.
    Custom(String),
}

/// Standard fields and their kinds. Two names are misspelt in the documentation and are accepted as printed there.
const STANDARD: &[(&str, FieldKind)] = &[
    ("id", FieldKind::Text),
    ("role", FieldKind::Text),
    ("name", FieldKind::Text),
    ("avatar", FieldKind::Text),
    ("owner_id", FieldKind::Number),
    ("email", FieldKind::Text),
    ("email_domain", FieldKind::Text),
    ("phone", FieldKind::Text),
    ("external_id", FieldKind::Text),
    ("created_at", FieldKind::Date),
    ("signed_up_at", FieldKind::Date),
    ("updated_at", FieldKind::Date),
    ("last_seen_at", FieldKind::Date),
    ("last_contacted_at", FieldKind::Date),
    ("last_replied_at", FieldKind::Date),
    ("last_email_opened_at", FieldKind::Date),
    ("last_email_clicked_at", FieldKind::Date),
    ("language_override", FieldKind::Text),
    ("browser", FieldKind::Text),
    ("browser_language", FieldKind::Text),
    ("os", FieldKind::Text),
    ("location.country", FieldKind::Text),
    ("location.region", FieldKind::Text),
    ("location.city", FieldKind::Text),
    ("unsubscribed_from_emails", FieldKind::Boolean),
    ("marked_email_as_spam", FieldKind::Boolean),
    ("has_hard_bounced", FieldKind::Boolean),
    ("ios_last_seen_at", FieldKind::Date),
    ("ios_app_version", FieldKind::Text),
    ("ios_device", FieldKind::Text),
    ("ios_app_device", FieldKind::Text),
    ("ios_os_version", FieldKind::Text),
    ("ios_app_name", FieldKind::Text),
    ("ios_sdk_version", FieldKind::Text),
    ("android_last_seen_at", FieldKind::Date),
    ("android_app_version", FieldKind::Text),
    ("android_device", FieldKind::Text),
    ("android_app_name", FieldKind::Text),
    ("andoid_sdk_version", FieldKind::Text),
    ("android_sdk_version", FieldKind::Text),
    ("segment_id", FieldKind::Membership),
    ("tag_id", FieldKind::Membership),
];

impl ContactField {
    /// Finds a field by name; `custom` gives the kind of a custom attribute.
    pub(crate) fn find(
        name: &str,
        custom: impl Fn(&str) -> Option<FieldKind>,
    ) -> Option<(ContactField, FieldKind)> {
        if let Some(attribute) = name.strip_prefix("custom_attributes.") {
            return Some((
                ContactField::Custom(attribute.to_owned()),
                custom(attribute)?,
            ));
        }
        let (name, kind) = STANDARD.iter().find(|(standard, _)| *standard == name)?;
        Some((ContactField::Standard(name), *kind))
    }

    /// Whether this is the time of the last change, by which contacts are kept in order.
    pub(crate) fn is_updated_at(&self) -> bool {
        *self == ContactField::Standard("updated_at")
    }

    /// The value of this field.
    pub(crate) fn of<'a>(&self, contact: &'a Contact, generator: &Generator) -> FieldValue<'a> {
        let text = FieldValue::optional_text;
        let whole = FieldValue::optional_whole;
        let name = match self {
            ContactField::Standard(name) => *name,
            ContactField::Custom(name) => {
                let value = contact.custom_attributes.get(name);
                return value.map_or(FieldValue::Unset, FieldValue::of_json);
            }
        };
        match name {
            "id" => FieldValue::Text(Cow::Owned(contact.id(generator.seed))),
            "role" => FieldValue::text_of(contact.role.name()),
            "name" => text(contact.name.as_deref()),
            "avatar" => text(contact.avatar.as_deref()),
            "owner_id" => whole(contact.owner_id),
            "email" => text(contact.email.as_deref()),
            "email_domain" => text(
                contact
                    .email
                    .as_deref()
                    .and_then(|email| Some(email.split_once('@')?.1)),
            ),
            "phone" => text(contact.phone.as_deref()),
            "external_id" => text(contact.external_id.as_deref()),
            "created_at" => FieldValue::Whole(contact.created_at),
            "updated_at" => FieldValue::Whole(contact.updated_at),
            "signed_up_at" => whole(contact.signed_up_at),
            "last_seen_at" => whole(contact.last_seen_at),
            "last_contacted_at" => whole(contact.last_contacted_at),
            "last_replied_at" => whole(contact.last_replied_at),
            "last_email_opened_at" => whole(contact.last_email_opened_at),
            "last_email_clicked_at" => whole(contact.last_email_clicked_at),
            "language_override" => text(contact.language_override.as_deref()),
            "browser" => text(contact.browser.map(|(name, _, _)| name)),
            "browser_language" => text(contact.browser_language),
            "os" => text(contact.browser.map(|(_, _, system)| system)),
            "location.country" => text(contact.location.country),
            "location.region" => text(contact.location.region),
            "location.city" => text(contact.location.city),
            "unsubscribed_from_emails" => FieldValue::Boolean(contact.unsubscribed_from_emails),
            "marked_email_as_spam" => FieldValue::Boolean(contact.marked_email_as_spam),
            "has_hard_bounced" => FieldValue::Boolean(contact.has_hard_bounced),
            "ios_last_seen_at" => whole(contact.ios_last_seen_at),
            "android_last_seen_at" => whole(contact.android_last_seen_at),
            "tag_id" => FieldValue::Several(contact.tags.iter().map(u64::to_string).collect()),
            "segment_id" => FieldValue::Several(
                (0..generator.segments)
                    .filter(|segment| Generator::in_segment(contact.number, *segment))
                    .map(|segment| identifiers::encode(generator.seed, Kind::Segment, segment))
                    .collect(),
            ),
            // Both misspelt names mean the field that is rendered.
            "andoid_sdk_version" => text(contact.device("android_sdk_version")),
            "ios_app_device" => text(contact.device("ios_device")),
            device => text(contact.device(device)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::options::Options;

    #[test]
    fn fields_are_found_by_their_names() {
        let custom = |name: &str| (name == "plan_tier").then_some(FieldKind::Text);
        let find = |name| ContactField::find(name, custom).map(|(_, kind)| kind);
        assert_eq!(find("updated_at"), Some(FieldKind::Date));
        assert_eq!(find("custom_attributes.plan_tier"), Some(FieldKind::Text));
        assert_eq!(find("custom_attributes.colour"), None);
        assert_eq!(find("workspace_id"), None);
    }

    #[test]
    fn values_compare_as_their_kind() {
        assert!(FieldValue::Whole(5).equals(&serde_json::json!(5.0)));
        assert!(!FieldValue::Whole(5).equals(&Value::Null));
        assert_eq!(
            FieldValue::Float(0.5).compare(&serde_json::json!(1)),
            Some(Ordering::Less)
        );
        assert!(FieldValue::Several(vec!["7".to_owned()]).equals(&serde_json::json!("7")));
    }

    #[test]
    fn the_domain_comes_from_the_email() {
        let generator = Generator::new(&Options::default());
        let mut contact = generator.contact(0);
        contact.email = Some("a@b.example".to_owned());
        let field = ContactField::Standard("email_domain");
        assert_eq!(field.of(&contact, &generator).text(), Some("b.example"));
    }
}
