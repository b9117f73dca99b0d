//! What people want to be told, and how.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::secret::Secret;

/// What there is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlertKind {
    /// A stream, a check or a write failed.
    Failure,
    /// Something that was told is over.
    Recovery,
    /// Too many calls of the component fail.
    FailureRate,
    /// The provider's data is not as it is known: for the first time.
    Drift,
    /// No genuine webhook came for too long.
    WebhookSilence,
    /// What another system told could not be carried out.
    CallbackFailed,
    /// An intent could not be carried out.
    IntentFailed,
}

/// Names as people write them.
const NAMES: &[(&str, AlertKind)] = &[
    ("failure", AlertKind::Failure),
    ("recovery", AlertKind::Recovery),
    ("failure_rate", AlertKind::FailureRate),
    ("drift", AlertKind::Drift),
    ("webhook_silence", AlertKind::WebhookSilence),
    ("callback_failed", AlertKind::CallbackFailed),
    ("intent_failed", AlertKind::IntentFailed),
];

impl AlertKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        let named = NAMES.iter().find(|(_, kind)| *kind == self);
        named.map_or("failure", |(name, _)| name)
    }

    /// The kind of a name.
    pub fn of(name: &str) -> Option<AlertKind> {
        let named = NAMES.iter().find(|(known, _)| *known == name);
        named.map(|(_, kind)| *kind)
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}

/// Where an alert goes. Whatever came out of the environment may be secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertTarget {
    /// A program and its arguments; the alert is on its standard input and in its environment.
    Command(Vec<Secret>),
    /// A URL to which the alert is posted.
    Url {
        /// http or https.
        url: Secret,
        /// Further headers.
        headers: Vec<(String, Secret)>,
    },
}

/// One rule of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRule {
    /// What is told.
    pub on: BTreeSet<AlertKind>,
    /// Where to.
    pub target: AlertTarget,
    /// How often in a row something has to fail before it is told.
    pub after: u32,
    /// The share of failed calls, from 0 to 1, from which on they are too many.
    pub threshold: f64,
    /// The span in which calls are counted.
    pub window: Duration,
    /// How long no webhook may come.
    pub silence: Duration,
    /// How long a command or an answer may take.
    pub timeout: Duration,
}

impl AlertRule {
    /// A rule with everything else as it is where nobody says otherwise.
    pub fn new(on: BTreeSet<AlertKind>, target: AlertTarget) -> AlertRule {
        AlertRule {
            on,
            target,
            after: 1,
            threshold: 0.1,
            window: Duration::from_secs(5 * 60),
            silence: Duration::from_secs(6 * 3_600),
            timeout: Duration::from_secs(30),
        }
    }

    /// Whether a program of this machine is run.
    pub fn runs_a_program(&self) -> bool {
        matches!(self.target, AlertTarget::Command(_))
    }

    /// Whether the rule has to know about this. One that tells recoveries only tells those of failures.
    pub(super) fn watches(&self, kind: AlertKind) -> bool {
        let recoveries_only = self.on.len() == 1 && self.on.contains(&AlertKind::Recovery);
        self.on.contains(&kind) || recoveries_only && kind == AlertKind::Failure
    }
}
