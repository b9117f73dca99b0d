//! What a workspace is set up with: brands, addresses for email, reasons for being away, types of subscriptions.

use serde_json::{Value, json};

use super::catalogue::CatalogueKind as Kind;
use super::catalogue_table::View;
use super::help_center::{FIRST_HELP_CENTER_ID, HELP_CENTERS, title};
use super::shelf::Item;
use super::subscriptions::{Consent, FIRST_TYPE_ID};
use super::workspace::Workspace;

pub(crate) const FIRST_BRAND_ID: u64 = 3;
pub(crate) const BRANDS: u64 = 2;
pub(crate) const FIRST_EMAIL_ID: u64 = 10;

pub(crate) fn brand(workspace: &Workspace, item: &Item, _: View) -> Value {
    json!({
        "type": "brand",
        "id": Kind::Brands.id(workspace.options.seed, item.number),
        "name": title(item, &["Default Brand", "Premium Brand"]),
        "is_default": item.number == 0,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
        "help_center_id": (FIRST_HELP_CENTER_ID + item.number % HELP_CENTERS).to_string(),
        "default_address_settings_id": (FIRST_EMAIL_ID + item.number).to_string(),
    })
}

pub(crate) fn email(workspace: &Workspace, item: &Item, _: View) -> Value {
    let forwarding = item.number.is_multiple_of(2);
    json!({
        "type": "email_setting",
        "id": Kind::Emails.id(workspace.options.seed, item.number),
        "email": match item.revision {
            0 => format!("support{}@simulator.example", item.number),
            revision => format!("support{}.{revision}@simulator.example", item.number),
        },
        "verified": item.number != 2,
        "domain": "simulator.example",
        "brand_id": (FIRST_BRAND_ID + item.number % BRANDS).to_string(),
        "forwarding_enabled": forwarding,
        "forwarded_email_last_received_at": forwarding.then_some(item.updated_at),
        "created_at": item.created_at,
        "updated_at": item.updated_at,
    })
}

pub(crate) fn away_status_reason(workspace: &Workspace, item: &Item, _: View) -> Value {
    let (label, emoji) = item.dice.pick(
        15,
        &[
            ("On a break", "☕"),
            ("In a meeting", "📅"),
            ("Done for today", "🌙"),
        ],
    );
    json!({
        "type": "away_status_reason",
        "id": Kind::AwayStatusReasons.id(workspace.options.seed, item.number),
        "label": title(item, &[label]),
        "emoji": emoji,
        "order": item.number + 1,
        "deleted": item.number == 3,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
    })
}

/// A type of subscription: no times.
pub(crate) fn subscription_type(workspace: &Workspace, item: &Item, _: View) -> Value {
    let translation = json!({
        "name": title(item, &["Newsletters", "Product updates"]),
        "description": "What we write about",
        "locale": "en",
    });
    json!({
        "type": "subscription",
        "id": Kind::SubscriptionTypes.id(workspace.options.seed, item.number),
        "state": item.dice.pick(12, &["live", "live", "draft", "archived"]),
        "consent_type": Consent::of(FIRST_TYPE_ID + item.number).name(),
        "default_translation": translation,
        "translations": [translation],
        "content_types": if item.number.is_multiple_of(2) { ["email"] } else { ["sms_message"] },
    })
}
