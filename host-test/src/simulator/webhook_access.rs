//! How a test in the same process gets notifications, disturbs them and looks at them.

use serde_json::Value;

use super::delivery_fate::DeliveryDisturbance;
use super::notification::WebhookDelivery;
use super::topics;
use super::workspace::Workspace;

impl Workspace {
    /// Subscribes a URL to every topic, after a HEAD request to it was answered with success; `None` unsubscribes.
    /// Notifications of changes made meanwhile wait for that answer, and are dropped when it is a refusal.
    pub fn set_webhook_url(&self, url: Option<String>) {
        self.webhooks.subscribe(url);
    }

    /// Replaces what becomes of notifications on their way; which ones are hit is counted anew.
    pub fn disturb_webhooks(&self, disturbance: DeliveryDisturbance) {
        self.webhooks.disturb(disturbance);
    }

    /// How many notifications did not come to an end yet: those that are sent, tried again, put off or held back.
    pub fn pending_webhooks(&self) -> u64 {
        self.webhooks.pending()
    }

    /// Delivers a notification with this item, and waits until it was taken or given up.
    pub async fn deliver_webhook(&self, topic: &str, item: &Value) -> WebhookDelivery {
        let has_id = topics::find(topic).is_none_or(|topic| topic.has_id);
        let notification = self.webhooks.notification(
            topic,
            item.clone(),
            self.now(),
            has_id.then(|| self.next_uuid()),
        );
        self.webhooks.deliver(notification).await
    }

    /// The last deliveries that came to an end, at most 10,000, oldest first.
    pub fn webhook_deliveries(&self) -> Vec<WebhookDelivery> {
        self.webhooks.deliveries()
    }
}
