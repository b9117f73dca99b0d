//! When genuine webhooks came last: whether the provider reaches this host at all.

use serde::{Deserialize, Serialize};

const DAY_MS: i64 = 86_400_000;

/// A genuine webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// The provider tried the door.
    Ping,
    /// It told something.
    Delivery {
        /// About what.
        topic: &'a str,
    },
}

/// The last genuine webhooks. Kept without waiting for the disk: a machine that dies may forget the last of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWebhook {
    /// When the last ping was verified, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping_at_ms: Option<i64>,
    /// When the last delivery was verified, in milliseconds since 1970: one that was stored, was known, or means nothing
    /// here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_at_ms: Option<i64>,
    /// The topic of that delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
}

impl LastWebhook {
    /// Remembers a webhook.
    pub fn hear(&mut self, heard: Heard<'_>, now_ms: i64) {
        match heard {
            Heard::Ping => self.ping_at_ms = Some(now_ms),
            Heard::Delivery { topic } => {
                self.delivery_at_ms = Some(now_ms);
                self.topic = Some(topic.to_owned());
            }
        }
    }

    /// For how many whole days nothing came; none while it is less than one, or nothing ever came.
    pub fn silent_days(&self, now_ms: i64) -> Option<i64> {
        let last = self.ping_at_ms.max(self.delivery_at_ms)?;
        let days = now_ms.saturating_sub(last) / DAY_MS;
        (days > 0).then_some(days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_webhooks_are_told_apart() {
        let mut last = LastWebhook::default();
        last.hear(Heard::Delivery { topic: "a" }, 1);
        last.hear(Heard::Ping, 2);
        last.hear(Heard::Delivery { topic: "b" }, 3);
        let expected = LastWebhook {
            ping_at_ms: Some(2),
            delivery_at_ms: Some(3),
            topic: Some("b".to_owned()),
        };
        assert_eq!(last, expected);
        let days = |now_ms| last.silent_days(now_ms);
        assert_eq!((days(DAY_MS + 2), days(DAY_MS + 3)), (None, Some(1)));
        assert_eq!(LastWebhook::default().silent_days(DAY_MS), None);
    }
}
