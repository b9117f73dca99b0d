//! Who gets notifications, and what became of them.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::delivery_fate::{DeliveryDisturbance, DeliveryFate};
use super::notification::{Notification, WebhookDelivery};
use super::options::Options;
use super::subscription::{Subscription, Waits};
use super::webhook_delivery::Courier;

/// How many deliveries are remembered.
const REMEMBERED: usize = 10_000;
/// How many deliveries are under way at a time; like the real service, without an order among them.
const IN_FLIGHT: usize = 16;
/// Behind how many later ones a delivery comes that is out of its order.
const LATER: u64 = 8;
/// How long such a delivery waits when nothing comes after it; the time scale divides it.
const LATEST: Duration = Duration::from_secs(30);

/// The app's subscription and its deliveries.
#[derive(Debug)]
pub(crate) struct Webhooks {
    runtime: Handle,
    workspace_id: String,
    seed: u64,
    shared: Arc<Shared>,
    changing: Mutex<Changing>,
}

/// What is changed from outside, and with every notification.
#[derive(Debug)]
struct Changing {
    subscription: Option<Arc<Subscription>>,
    disturbance: DeliveryDisturbance,
    /// How many changes were told of.
    told: u64,
}

#[derive(Debug)]
struct Shared {
    courier: Courier,
    slots: Semaphore,
    latest: Duration,
    deliveries: Mutex<VecDeque<WebhookDelivery>>,
    /// How many notifications there were, and how many of them came to an end.
    started: watch::Sender<u64>,
    ended: watch::Sender<u64>,
}

impl Webhooks {
    /// Nobody is subscribed yet.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub(crate) fn new(options: &Options, runtime: Handle) -> io::Result<Webhooks> {
        let courier = Courier::new(options.client_secret.clone(), Waits::of(options))?;
        Ok(Webhooks {
            runtime,
            workspace_id: options.workspace_id.clone(),
            seed: options.seed,
            shared: Arc::new(Shared {
                courier,
                slots: Semaphore::new(IN_FLIGHT),
                latest: options.scaled(LATEST),
                deliveries: Mutex::default(),
                started: watch::Sender::new(0),
                ended: watch::Sender::new(0),
            }),
            changing: Mutex::new(Changing {
                subscription: None,
                disturbance: options.webhooks.disturbance,
                told: 0,
            }),
        })
    }

    /// Replaces the subscription; a new URL is validated in the background.
    pub(crate) fn subscribe(&self, url: Option<String>) {
        let subscription = url.map(|url| Arc::new(Subscription::pending(url)));
        self.lock().subscription = subscription.clone();
        if let Some(subscription) = subscription {
            let shared = self.shared.clone();
            let subscription = Arc::downgrade(&subscription);
            self.runtime
                .spawn(async move { shared.courier.validate(subscription).await });
        }
    }

    /// Replaces what becomes of notifications on their way; counting starts anew.
    pub(crate) fn disturb(&self, disturbance: DeliveryDisturbance) {
        let mut changing = self.lock();
        (changing.disturbance, changing.told) = (disturbance, 0);
    }

    /// Whether there is anybody to notify.
    pub(crate) fn has_subscriber(&self) -> bool {
        self.lock().subscription.is_some()
    }

    /// Tells of a change: delivers in the background, unless the notification gets lost on its way.
    pub(crate) fn send(&self, notification: Notification) {
        let fate = {
            let mut changing = self.lock();
            let number = changing.told;
            changing.told += 1;
            changing.disturbance.fate(self.seed, number)
        };
        drop(self.start(notification, fate));
    }

    /// Delivers, whatever else becomes of notifications, and waits for the end of it.
    pub(crate) async fn deliver(&self, notification: Notification) -> WebhookDelivery {
        let undelivered = notification.undelivered();
        match self.start(notification, DeliveryFate::Sent) {
            // The task is gone when the server stopped meanwhile.
            Some(task) => task.await.unwrap_or(undelivered),
            None => undelivered,
        }
    }

    fn start(
        &self,
        notification: Notification,
        fate: DeliveryFate,
    ) -> Option<JoinHandle<WebhookDelivery>> {
        let subscription = self.lock().subscription.clone()?;
        let shared = self.shared.clone();
        shared.started.send_modify(|started| *started += 1);
        Some(self.runtime.spawn(async move {
            let delivery = shared.carry(&subscription, &notification, fate).await;
            shared.ended.send_modify(|ended| *ended += 1);
            delivery
        }))
    }

    pub(crate) fn deliveries(&self) -> Vec<WebhookDelivery> {
        self.shared.remembered().iter().cloned().collect()
    }

    /// How many notifications did not come to an end yet: those that are sent, tried again, put off or held back.
    pub(crate) fn pending(&self) -> u64 {
        let ended = *self.shared.ended.borrow();
        self.shared.started.borrow().saturating_sub(ended)
    }

    /// How many notifications there were, and what becomes of them.
    pub(crate) fn summary(&self) -> Value {
        json!({
            "sent": *self.shared.started.borrow(),
            "pending": self.pending(),
            "disturbance": self.lock().disturbance,
            "subscription": self.lock().subscription.as_ref().map(|one| one.standing()),
        })
    }

    /// A notification with this item, created at `now` (Unix seconds); without a UUID it has no id.
    pub(crate) fn notification(
        &self,
        topic: &str,
        item: Value,
        now: i64,
        uuid: Option<String>,
    ) -> Notification {
        Notification {
            app_id: self.workspace_id.clone(),
            topic: topic.to_owned(),
            item,
            id: uuid.map(|uuid| format!("notif_{uuid}")),
            created_at: now,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Delivers a notification as its fate has it; gives how its last delivery ended.
    async fn carry(
        &self,
        subscription: &Subscription,
        notification: &Notification,
        fate: DeliveryFate,
    ) -> WebhookDelivery {
        let deliver = async || {
            let delivery = self
                .courier
                .deliver(subscription, notification, &self.slots)
                .await;
            self.remember(WebhookDelivery { fate, ..delivery })
        };
        match fate {
            DeliveryFate::Sent => deliver().await,
            DeliveryFate::Lost => self.remember(WebhookDelivery {
                fate,
                ..notification.undelivered()
            }),
            DeliveryFate::Doubled => futures::join!(deliver(), deliver()).1,
            DeliveryFate::Reordered => {
                let behind = self.started.borrow().saturating_add(LATER);
                let mut ended = self.ended.subscribe();
                let later = ended.wait_for(|ended| *ended >= behind);
                let _ = tokio::time::timeout(self.latest, later).await;
                deliver().await
            }
        }
    }

    fn remember(&self, delivery: WebhookDelivery) -> WebhookDelivery {
        let mut deliveries = self.remembered();
        if deliveries.len() == REMEMBERED {
            deliveries.pop_front();
        }
        deliveries.push_back(delivery.clone());
        delivery
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, VecDeque<WebhookDelivery>> {
        self.deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
