//! Who gets notifications, and what became of them.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::notification::{Notification, WebhookDelivery};
use super::options::Options;
use super::webhook_delivery::{Courier, Subscription};

/// How many deliveries are remembered.
const REMEMBERED: usize = 10_000;
/// How many deliveries are under way at a time; like the real service, without an order among them.
const IN_FLIGHT: usize = 16;

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
