//! Notifications: their envelope, their signature and who gets them.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
use sha1::Sha1;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::options::Options;
use super::webhook_delivery::{Courier, Subscription};

/// How many deliveries are remembered.
const REMEMBERED: usize = 10_000;
/// How many deliveries are under way at a time; like the real service, without an order among them.
const IN_FLIGHT: usize = 16;

/// How the delivery of a notification ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebhookDelivery {
    /// Id of the notification; the same for every attempt. A ping has none.
    pub id: Option<String>,
    /// Its topic.
    pub topic: String,
    /// How many times it was sent.
    pub attempts: u32,
    /// HTTP status of the last answer; `None` when there was none in time.
    pub status: Option<u16>,
    /// Whether the last answer was a success.
    pub delivered: bool,
}

/// The app's subscription and its deliveries.
#[derive(Debug)]
pub(crate) struct Webhooks {
    runtime: Handle,
    workspace_id: String,
    shared: Arc<Shared>,
    subscription: Mutex<Option<Arc<Subscription>>>,
}

#[derive(Debug)]
struct Shared {
    courier: Courier,
    slots: Semaphore,
    deliveries: Mutex<VecDeque<WebhookDelivery>>,
}

impl Webhooks {
    /// Nobody is subscribed yet.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub(crate) fn new(options: &Options, runtime: Handle) -> io::Result<Webhooks> {
        let retry_after = options.scaled(Duration::from_secs(60));
        let courier = Courier::new(options.client_secret.clone(), retry_after)?;
        Ok(Webhooks {
            runtime,
            workspace_id: options.workspace_id.clone(),
            shared: Arc::new(Shared {
                courier,
                slots: Semaphore::new(IN_FLIGHT),
                deliveries: Mutex::default(),
            }),
            subscription: Mutex::default(),
        })
    }

    /// Replaces the subscription; a new URL is validated in the background.
    pub(crate) fn subscribe(&self, url: Option<String>) {
        let subscription = url.map(|url| Arc::new(Subscription::pending(url)));
        *self.lock() = subscription.clone();
        if let Some(subscription) = subscription {
            let shared = self.shared.clone();
            self.runtime
                .spawn(async move { shared.courier.validate(&subscription).await });
        }
    }

    /// Whether there is anybody to notify.
    pub(crate) fn has_subscriber(&self) -> bool {
        self.lock().is_some()
    }

    /// Delivers in the background.
    pub(crate) fn send(&self, notification: Notification) {
        drop(self.start(notification));
    }

    /// Delivers, and waits for the end of it.
    pub(crate) async fn deliver(&self, notification: Notification) -> WebhookDelivery {
        let undelivered = notification.undelivered();
        match self.start(notification) {
            // The task is gone when the server stopped meanwhile.
            Some(task) => task.await.unwrap_or(undelivered),
            None => undelivered,
        }
    }

    fn start(
        &self,
        notification: Notification,
    ) -> Option<tokio::task::JoinHandle<WebhookDelivery>> {
        let subscription = self.lock().clone()?;
        let shared = self.shared.clone();
        Some(self.runtime.spawn(async move {
            let delivery = shared
                .courier
                .deliver(&subscription, notification, &shared.slots)
                .await;
            let mut deliveries = shared
                .deliveries
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if deliveries.len() == REMEMBERED {
                deliveries.pop_front();
            }
            deliveries.push_back(delivery.clone());
            delivery
        }))
    }

    pub(crate) fn deliveries(&self) -> Vec<WebhookDelivery> {
        let deliveries = self
            .shared
            .deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        deliveries.iter().cloned().collect()
    }

    /// A notification with this item, created at `now` (Unix seconds).
    pub(crate) fn notification(
        &self,
        topic: &str,
        item: Value,
        now: i64,
        uuid: String,
    ) -> Notification {
        Notification {
            app_id: self.workspace_id.clone(),
            topic: topic.to_owned(),
            item,
            // A ping is the one notification without an id.
            id: (topic != "ping").then(|| format!("notif_{uuid}")),
            created_at: now,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Subscription>>> {
        self.subscription
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
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
