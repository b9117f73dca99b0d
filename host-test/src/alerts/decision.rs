//! What is an alert, decided without clock, process or network.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::rule::{AlertKind, AlertRule};
use crate::position::LastRun;

/// Calls in a window below which their failures are no rate.
const FEWEST_CALLS: u64 = 10;

/// Troubles that are remembered at a time; what comes beyond that is not told.
const MOST_CONDITIONS: usize = 10_000;

/// Bytes of a message.
const MESSAGE_BYTES: usize = 2_000;

/// The kind of notice that says that the provider's data is not as it is known.
pub(super) const DRIFT: &str = "drift";

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// A stable name for programs.
    pub code: String,
    /// For people. Holds no secret and no personal data.
    pub message: String,
}

/// Something that was tried: it went wrong, or it works.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    kind: AlertKind,
    subject: &'a str,
    trouble: Option<Trouble>,
}

impl<'a> Event<'a> {
    /// It went wrong. `subject` is what keeps its name from try to try: a stream, a trigger, the place of a callback.
    pub fn bad(kind: AlertKind, subject: &'a str, code: &str, message: &str) -> Event<'a> {
        Event {
            kind,
            subject,
            trouble: Some(Trouble {
                code: code.to_owned(),
                message: message.to_owned(),
            }),
        }
    }

    /// It works.
    pub fn good(kind: AlertKind, subject: &'a str) -> Event<'a> {
        Event {
            kind,
            subject,
            trouble: None,
        }
    }
}

/// What people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// What it is about; of a recovery, what is over.
    pub kind: AlertKind,
    /// Whether it is over.
    pub recovered: bool,
    /// The connection's name.
    pub connection: String,
    /// The stream, trigger or place; empty where it is the whole connection.
    pub subject: String,
    /// What is or was wrong.
    pub trouble: Trouble,
    /// How often in a row it went wrong.
    pub count: u32,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// Now, in milliseconds since 1970.
    pub at_ms: i64,
}

impl Alert {
    /// Its name: `recovery` for all that is over.
    pub fn name(&self) -> &'static str {
        match self.recovered {
            true => AlertKind::Recovery.name(),
            false => self.kind.name(),
        }
    }

    /// The document that commands and URLs get.
    pub fn to_json(&self) -> Value {
        let time = |ms| {
            jiff::Timestamp::from_millisecond(ms).map_or(Value::Null, |at| at.to_string().into())
        };
        json!({
            "alert": self.name(),
            "about": self.kind.name(),
            "connection": self.connection,
            "subject": self.subject,
            "code": self.trouble.code,
            "message": self.trouble.message,
            "count": self.count,
            "since": time(self.since_ms),
            "at": time(self.at_ms),
        })
    }
}

/// An alert for the target of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raised {
    /// The rule's place in the list.
    pub(super) rule: usize,
    pub(super) alert: Alert,
}

/// Something that is wrong.
struct Condition {
    trouble: Trouble,
    count: u32,
    since_ms: i64,
    /// Whether it was told, so that its end is told too.
    told: bool,
}

/// The rules of a connection and what they know.
pub(super) struct Decision {
    connection: String,
    rules: Vec<AlertRule>,
    conditions: BTreeMap<(usize, AlertKind, String), Condition>,
    /// When the last webhook came. `None`: none are taken here.
    webhook_ms: Option<i64>,
    /// Time, calls and failures so far, oldest first.
    samples: VecDeque<(i64, u64, u64)>,
    remembered: bool,
}

impl Decision {
    pub(super) fn new(connection: &str, rules: Vec<AlertRule>) -> Decision {
        Decision {
            connection: connection.to_owned(),
            rules,
            conditions: BTreeMap::new(),
            webhook_ms: None,
            samples: VecDeque::new(),
            remembered: false,
        }
    }

    /// Something was tried.
    pub(super) fn event(&mut self, now_ms: i64, event: &Event<'_>) -> Vec<Raised> {
        let rules = 0..self.rules.len();
        let raised = rules.filter_map(|rule| self.judge(now_ms, rule, event));
        raised.collect()
    }

    /// A genuine webhook came.
    pub(super) fn webhook(&mut self, now_ms: i64) -> Vec<Raised> {
        self.webhook_ms = Some(now_ms);
        self.event(now_ms, &Event::good(AlertKind::WebhookSilence, ""))
    }

    /// Webhooks are taken from now on.
    pub(super) fn expect_webhooks(&mut self, last_ms: i64) {
        self.webhook_ms.get_or_insert(last_ms);
    }

    /// The last readings of earlier processes, which told what was wrong with them.
    pub(super) fn remember<'a>(
        &mut self,
        now_ms: i64,
        streams: impl Iterator<Item = (&'a str, &'a LastRun)>,
    ) {
        if std::mem::replace(&mut self.remembered, true) {
            return;
        }
        for (stream, last) in streams {
            let message = last.message.as_deref().unwrap_or_default();
            let events = [
                is_failure(&last.status)
                    .then(|| Event::bad(AlertKind::Failure, stream, &last.status, message)),
                last.notices
                    .contains_key(DRIFT)
                    .then(|| Event::bad(AlertKind::Drift, stream, DRIFT, "")),
            ];
            for event in events.iter().flatten() {
                // What it decides was told then.
                let _ = self.event(now_ms, event);
            }
        }
    }

    /// Time passed; so many calls were made so far, and so many of them failed.
    pub(super) fn tick(&mut self, now_ms: i64, calls: u64, failures: u64) -> Vec<Raised> {
        self.samples.push_back((now_ms, calls, failures));
        let mut raised = Vec::new();
        for rule in 0..self.rules.len() {
            let events = [self.rate(rule, now_ms), self.silence(rule, now_ms)];
            for event in events.into_iter().flatten() {
                // It holds on while it lasts, and is no further failure.
                let key = (rule, event.kind, String::new());
                if event.trouble.is_none() || !self.conditions.contains_key(&key) {
                    raised.extend(self.judge(now_ms, rule, &event));
                }
            }
        }
        self.forget_samples(now_ms);
        raised
    }

    /// The share of failed calls in the window that ends now. `None`: there is nothing to judge.
    fn rate(&self, rule: usize, now_ms: i64) -> Option<Event<'static>> {
        let AlertRule {
            threshold, window, ..
        } = &self.rules[rule];
        let begin = now_ms.saturating_sub(milliseconds(*window));
        let mut before = self.samples.iter().rev();
        // Where the window is not full yet, it begins with the process.
        let first = before
            .find(|(at, ..)| *at <= begin)
            .or(self.samples.front())?;
        let last = self.samples.back()?;
        let (calls, failed) = (
            last.1.saturating_sub(first.1),
            last.2.saturating_sub(first.2),
        );
        if calls < FEWEST_CALLS {
            return None;
        }
        let share = failed as f64 / calls as f64;
        if share < *threshold {
            return Some(Event::good(AlertKind::FailureRate, ""));
        }
        let message = format!(
            "{failed} of {calls} calls failed within {window:?}: {:.0} %, and {:.0} % are too many",
            share * 100.0,
            threshold * 100.0
        );
        Some(Event::bad(
            AlertKind::FailureRate,
            "",
            "failure_rate",
            &message,
        ))
    }

    fn silence(&self, rule: usize, now_ms: i64) -> Option<Event<'static>> {
        let silence = self.rules[rule].silence;
        let quiet = now_ms.saturating_sub(self.webhook_ms?);
        let message = format!("no genuine webhook came for {silence:?}");
        (quiet >= milliseconds(silence))
            .then(|| Event::bad(AlertKind::WebhookSilence, "", "webhook_silence", &message))
    }

    /// What a rule makes of an event.
    fn judge(&mut self, now_ms: i64, rule: usize, event: &Event<'_>) -> Option<Raised> {
        let AlertRule { on, after, .. } = &self.rules[rule];
        if !self.rules[rule].watches(event.kind) {
            return None;
        }
        let key = (rule, event.kind, event.subject.to_owned());
        let Some(trouble) = &event.trouble else {
            let over = self.conditions.remove(&key)?;
            let tell = over.told && on.contains(&AlertKind::Recovery);
            return tell.then(|| self.raised(now_ms, key, &over, true));
        };
        if self.conditions.len() >= MOST_CONDITIONS && !self.conditions.contains_key(&key) {
            return None;
        }
        let needed = match event.kind {
            AlertKind::Failure | AlertKind::CallbackFailed | AlertKind::IntentFailed => *after,
            _ => 1,
        };
        let tells = on.contains(&event.kind);
        let mut condition = self.conditions.remove(&key).unwrap_or(Condition {
            trouble: trouble.clone(),
            count: 0,
            since_ms: now_ms,
            told: false,
        });
        condition.trouble = trouble.clone();
        condition.count = condition.count.saturating_add(1);
        let first = !condition.told && condition.count >= needed;
        condition.told |= first;
        let raised = (first && tells).then(|| self.raised(now_ms, key.clone(), &condition, false));
        self.conditions.insert(key, condition);
        raised
    }

    fn raised(
        &self,
        now_ms: i64,
        (rule, kind, subject): (usize, AlertKind, String),
        condition: &Condition,
        recovered: bool,
    ) -> Raised {
        let mut trouble = condition.trouble.clone();
        trouble
            .message
            .truncate(trouble.message.floor_char_boundary(MESSAGE_BYTES));
        Raised {
            rule,
            alert: Alert {
                kind,
                recovered,
                connection: self.connection.clone(),
                subject,
                trouble,
                count: condition.count,
                since_ms: condition.since_ms,
                at_ms: now_ms,
            },
        }
    }

    /// Drops what lies before every rule's window, save the last sample before it.
    fn forget_samples(&mut self, now_ms: i64) {
        let longest = self.rules.iter().map(|rule| rule.window).max();
        let begin = now_ms.saturating_sub(milliseconds(longest.unwrap_or_default()));
        while self.samples.get(1).is_some_and(|(at, ..)| *at <= begin) {
            self.samples.pop_front();
        }
    }
}

/// Whether a status of a reading is a failure: what the version or the configuration lacks is none.
pub(super) fn is_failure(status: &str) -> bool {
    matches!(status, "failed" | "unauthorized" | "denied" | "unavailable")
}

fn milliseconds(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
