//! `verify-webhook`: is a delivery genuine, and what does it say.

mod notification;
mod people;
mod reading;

use crate::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::config::Config;
use crate::contract::connector::{
    AcceptedDelivery, IgnoredDelivery, Rejection, Verdict, WebhookDelivery,
};
use crate::contract::types::{Connection, Failure};
use crate::digest;
use crate::intercom::request::header_value;
use crate::intercom::topics::{self, Meaning};
use crate::json;
use crate::mapping::Mapping;
use crate::triggers::Triggers;
use notification::Notification;
use reading::Reading;

/// The header with the signature: `sha1=` and the HMAC-SHA1 of the body's bytes in hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "x-hub-signature";

/// The largest body that is looked at.
pub const MOST_BODY_BYTES: u64 = 4 * 1024 * 1024;

/// Why a delivery of a topic that is not in the table is ignored.
const UNKNOWN: &str = "this version does not know the topic";

/// Why a delivery of a topic that nobody chose is ignored.
const NOT_CHOSEN: &str = "`webhooks.topics` does not name the topic";

/// Decides about a delivery.
///
/// # Errors
/// When the connection's mapping or its triggers are not valid.
pub fn verify(connection: &Connection, delivery: &WebhookDelivery) -> Result<Verdict, Failure> {
    if let Some(rejection) = refuse(delivery) {
        return Ok(Verdict::Rejected(rejection));
    }
    let notification = match Notification::read(&delivery.body) {
        Ok(notification) => notification,
        Err(reason) => {
            return Ok(rejected(
                "malformed",
                format!("the body is no notification: {reason}"),
            ));
        }
    };
    if let (Some(account), Some(app_id)) = (&connection.account, &notification.app_id)
        && account.workspace_id != *app_id
    {
        return Ok(rejected(
            "wrong_workspace",
            "the notification is of another workspace",
        ));
    }
    let topic = topics::find(&notification.topic);
    let meaning = match topic {
        None => Meaning::Nothing(UNKNOWN),
        Some(topic) if matches!(topic.told.meaning, Meaning::Ping) => Meaning::Ping,
        Some(_)
            if chooses(connection) && !is_chosen(&Config::of(connection)?, &notification.topic) =>
        {
            Meaning::Nothing(NOT_CHOSEN)
        }
        Some(topic) => topic.told.meaning,
    };
    if matches!(meaning, Meaning::Ping) {
        return Ok(Verdict::Ping(notification.app_id));
    }
    let own = notification.id.clone();
    let id = own.unwrap_or_else(|| digest(&notification));
    if let Meaning::Nothing(reason) = meaning {
        return Ok(Verdict::Ignored(IgnoredDelivery {
            id,
            topic: notification.topic,
            reason: reason.to_owned(),
        }));
    }
    let Some(item) = notification.item else {
        return Ok(rejected("malformed", "the notification has no `data.item`"));
    };
    let mapping = Mapping::of(connection)?;
    let triggers = Triggers::of(connection)?;
    let mut reading = Reading::new(
        &mapping,
        &triggers,
        AcceptedDelivery {
            id,
            topic: notification.topic,
            created_at_ms: notification
                .created_at
                .map(|seconds| seconds.saturating_mul(1_000)),
            entries: Vec::new(),
            intents: Vec::new(),
            read_again: Vec::new(),
            notices: Vec::new(),
        },
    );
    reading.read(meaning, &item)?;
    Ok(match reading.end(delivery.received_at_ms) {
        Ok(accepted) => Verdict::Accepted(accepted),
        Err(reason) => rejected("malformed", reason),
    })
}

/// Whether a connection says anything of webhooks. Most do not, and then nothing of what they say is of use here.
fn chooses(connection: &Connection) -> bool {
    let config = json::text(&connection.config).unwrap_or_default();
    json::member(config, "webhooks").is_some()
}

/// Whether a name under which a delivery came stands for a topic that the connection takes.
fn is_chosen(config: &Config, name: &str) -> bool {
    let chosen = &config.webhook_topics;
    let is_chosen = |topic| chosen.iter().any(|choice| topics::chooses(choice, topic));
    chosen.is_empty() || topics::named(name).any(is_chosen)
}

/// Why a delivery is not looked at; `None` when its signature is good.
fn refuse(delivery: &WebhookDelivery) -> Option<Rejection> {
    let rejection = |code: &str, message: &str| {
        Some(Rejection {
            code: code.to_owned(),
            message: message.to_owned(),
        })
    };
    if delivery.body.len() as u64 > MOST_BODY_BYTES {
        return rejection("too_large", "the body is larger than any notification");
    }
    let Some(signature) = header_value(&delivery.headers, SIGNATURE_HEADER) else {
        return rejection("unsigned", "there is no X-Hub-Signature header");
    };
    let Some(signature) = signature.trim().strip_prefix("sha1=").and_then(unhex) else {
        return rejection(
            "bad_signature",
            "the X-Hub-Signature header is not `sha1=` and 40 hexadecimal digits",
        );
    };
    // Every secret is tried, so that the time does not tell which one was good.
    let good = delivery
        .secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .fold(false, |good, secret| {
            let verified = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).map(|mac| {
                mac.chain_update(&delivery.body)
                    .verify_slice(&signature)
                    .is_ok()
            });
            good | verified.unwrap_or(false)
        });
    if good {
        None
    } else {
        rejection("bad_signature", "the signature does not match the body")
    }
}

/// What a delivery without an id is known by: everything in it that stays the same when it is sent again. The rest of the
/// envelope counts the attempts.
fn digest(notification: &Notification) -> String {
    let created_at = notification.created_at.unwrap_or_default().to_string();
    let item = notification.item.as_ref().map_or("", |item| item.text);
    let digest = digest::of(&[&*notification.topic, &*created_at, item]);
    format!("sha1:{digest}")
}

fn rejected(code: &str, message: impl Into<String>) -> Verdict {
    Verdict::Rejected(Rejection {
        code: code.to_owned(),
        message: message.into(),
    })
}

/// The twenty bytes of forty hexadecimal digits, in either case.
fn unhex(text: &str) -> Option<[u8; 20]> {
    let mut bytes = [0; 20];
    if text.len() != 40 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let [high, low] = digits else { return None };
        *byte = u8::try_from(char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?)
            .ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
