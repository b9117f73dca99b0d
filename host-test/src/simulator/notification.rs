//! A notification: its envelope, its signature, and how its delivery ended.

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha1::Sha1;

use super::delivery_fate::DeliveryFate;

/// How the delivery of a notification ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookDelivery {
    /// Id of the notification; the same for every attempt. A few topics have none.
    pub id: Option<String>,
    /// Its topic.
    pub topic: String,
    /// How many times it was sent.
    pub attempts: u32,
    /// HTTP status of the last answer; `None` when there was none in time.
    pub status: Option<u16>,
    /// Whether the last answer was a success.
    pub delivered: bool,
    /// What became of the notification on its way.
    pub fate: DeliveryFate,
}

/// One notification, before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Notification {
    pub(crate) app_id: String,
    pub(crate) topic: String,
    pub(crate) item: Value,
    pub(crate) id: Option<String>,
    pub(crate) created_at: i64,
}

impl Notification {
    /// The body of this attempt (from 1).
    pub(crate) fn body(&self, attempt: u32) -> Vec<u8> {
        json!({
            "type": "notification_event",
            "app_id": self.app_id,
            "data": {"type": "notification_event_data", "item": self.item},
            "links": {},
            "id": self.id,
            "topic": self.topic,
            "delivery_status": if attempt == 1 { "pending" } else { "retry" },
            "delivery_attempts": attempt,
            "delivered_at": 0,
            "first_sent_at": self.created_at,
            "created_at": self.created_at,
            "self": null,
        })
        .to_string()
        .into_bytes()
    }

    pub(crate) fn undelivered(&self) -> WebhookDelivery {
        WebhookDelivery {
            id: self.id.clone(),
            topic: self.topic.clone(),
            attempts: 0,
            status: None,
            delivered: false,
            fate: DeliveryFate::Sent,
        }
    }
}

/// The `X-Hub-Signature` of a body.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    // A key of any length is taken; an error cannot come of it.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    digest.iter().fold("sha1=".to_owned(), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_hmac_sha1() {
        // RFC 2202, test case 2.
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?"),
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
    }

    #[test]
    fn a_retry_keeps_its_id() {
        let notification = Notification {
            app_id: "w".into(),
            topic: "contact.deleted".into(),
            item: json!({"id": "1"}),
            id: Some("notif_1".into()),
            created_at: 5,
        };
        let body = |attempt| serde_json::from_slice::<Value>(&notification.body(attempt)).unwrap();
        let (first, second) = (body(1), body(2));
        assert_eq!(first["delivery_status"], "pending");
        assert_eq!(second["delivery_status"], "retry");
        assert_eq!(second["delivery_attempts"], 2);
        assert_eq!(first["id"], second["id"]);
        assert_eq!(first["data"]["item"]["id"], "1");
    }
}
