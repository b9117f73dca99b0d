//! A connection for which webhooks are taken.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use ipnet::IpNet;

use super::answer::Answer;
use super::sources::Sources;
use super::told::Told;
use super::watch::Watch;
use super::{WebhookCounts, now_ms};
use crate::contract::connector::{
    AcceptedDelivery, StreamModes, Verdict, WebhookDelivery, WebhookRouting,
};
use crate::dates;
use crate::plugin::Plugin;
use crate::progress::write_line;
use crate::secret::Secret;
use crate::tenant::Tenant;
use crate::webhook_queue::{Queue, QueueError, Received, Taken};

/// What a recipient is made of.
pub struct RecipientOptions {
    /// Its name: the path on which deliveries are for it alone.
    pub name: String,
    /// The component.
    pub plugin: Plugin,
    /// The connection.
    pub tenant: Tenant,
    /// Its workspace as an earlier check found it, for as long as no check is good now.
    pub workspace: Option<String>,
    /// What signs its deliveries: one good secret is enough.
    pub secrets: Vec<Secret>,
    /// The connection's file, to see whether it is still there; `None`: it always is.
    pub file: Option<PathBuf>,
    /// Where its deliveries go.
    pub queue: Queue,
    /// Deliveries that the provider made longer ago are not taken.
    pub replay_window: Duration,
    /// Addresses from which deliveries are taken; `None`: all.
    pub allow_from: Option<Vec<IpNet>>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether every delivery gets a line on standard error (never its body).
    pub log_each: bool,
}

/// A connection for which webhooks are taken.
pub struct Recipient {
    name: String,
    plugin: Plugin,
    tenant: Tenant,
    workspace: Option<String>,
    watch: Watch,
    queue: Queue,
    replay_window_ms: i64,
    sources: Sources,
    log_each: bool,
}

impl Recipient {
    /// Brings together what a recipient needs.
    pub fn new(options: RecipientOptions) -> Recipient {
        let window = options.replay_window.as_millis();
        options.queue.show_as(&options.name);
        let alerts = &options.tenant.observers().alerts;
        alerts.expect_webhooks(options.queue.last_webhook_ms());
        Recipient {
            name: options.name,
            plugin: options.plugin,
            tenant: options.tenant,
            workspace: options.workspace,
            watch: Watch::new(options.file, options.secrets),
            queue: options.queue,
            replay_window_ms: i64::try_from(window).unwrap_or(i64::MAX),
            sources: Sources {
                allowed: options.allow_from,
                proxies: options.trusted_proxies,
            },
            log_each: options.log_each,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its workspace, once it is known.
    pub(super) fn workspace(&self) -> Option<&str> {
        let account = self.tenant.connection().account.as_ref();
        let checked = account.map(|account| account.workspace_id.as_str());
        checked.or(self.workspace.as_deref())
    }

    /// Its workspace where no check is good now, so that the component does not know it.
    pub(super) fn unchecked_workspace(&self) -> Option<&str> {
        match &self.tenant.connection().account {
            Some(_) => None,
            None => self.workspace.as_deref(),
        }
    }

    /// Whether it and another one have a secret in common.
    pub(super) fn shares_secret(&self, other: &Recipient) -> bool {
        let others = other.watch.secrets();
        let mut own = self.watch.secrets().into_iter();
        own.any(|secret| others.contains(&secret))
    }

    pub(super) fn routing(&self) -> Option<&WebhookRouting> {
        self.plugin.descriptor().webhooks.as_ref()
    }

    pub(super) fn admits(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
        self.sources.admit(peer, headers)
    }

    pub(super) fn is_gone(&self) -> bool {
        self.watch.is_gone()
    }

    pub(super) fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    pub(super) fn counts(&self) -> WebhookCounts {
        self.queue.counts()
    }

    pub(super) fn count(&self, change: impl Fn(&mut WebhookCounts)) {
        self.queue.count(change);
    }

    /// Verifies a delivery and stores what it says.
    pub(super) async fn take(&self, delivery: &WebhookDelivery) -> Answer {
        let told = Told::begin(self.tenant.observers());
        let delivery = WebhookDelivery {
            secrets: self.watch.secrets(),
            ..delivery.clone()
        };
        let verdict = self.plugin.verify_webhook(&self.tenant, &delivery).await;
        let told = told.verdict(verdict.as_ref().ok());
        let answer = match verdict {
            Ok(Verdict::Accepted(accepted)) => self.store(accepted, delivery.received_at_ms).await,
            Ok(Verdict::Ping(workspace)) => {
                let heard = self.queue.ping(now_ms()).await;
                let text = format!("pong {}", workspace.unwrap_or_default());
                self.heard(heard, text)
            }
            Ok(Verdict::Ignored(ignored)) => {
                let text = format!("ignored {}: {}", ignored.topic, ignored.reason);
                let heard = self.queue.ignore(ignored.topic, now_ms()).await;
                self.heard(heard, text)
            }
            Ok(Verdict::Rejected(rejection)) => {
                self.count(|counts| counts.rejected += 1);
                let status = match rejection.code.as_str() {
                    "malformed" => StatusCode::BAD_REQUEST,
                    _ => StatusCode::UNAUTHORIZED,
                };
                let text = format!("{}: {}", rejection.code, rejection.message);
                Answer::new(status, text)
            }
            Err(error) => {
                tracing::error!("a webhook could not be verified: {error}");
                self.count(|counts| counts.failed += 1);
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                Answer::new(status, "it could not be verified; send it again")
            }
        };
        told.end(answer.status, &delivery.body);
        if self.log_each {
            let status = answer.status.as_u16();
            write_line(&format!("webhook {status}: {}", answer.text));
        }
        answer
    }

    async fn store(&self, accepted: AcceptedDelivery, received_at_ms: i64) -> Answer {
        let AcceptedDelivery {
            id,
            topic,
            created_at_ms,
            entries,
            intents,
            read_again,
            notices,
        } = accepted;
        if let Some(created_at_ms) = created_at_ms
            && created_at_ms < received_at_ms.saturating_sub(self.replay_window_ms)
        {
            self.count(|counts| counts.replayed += 1);
            let made = dates::display(created_at_ms, &jiff::tz::TimeZone::UTC);
            let text = format!(
                "too old: {topic} {id} was made at {made}, longer ago than webhooks.replay_window allows"
            );
            return Answer::new(StatusCode::BAD_REQUEST, text);
        }
        let observers = self.tenant.observers();
        observers.metrics.notices(&notices);
        observers.alerts.drift(&topic, &notices);
        for notice in &notices {
            tracing::warn!(topic, kind = notice.kind, "{}", notice.message);
        }
        let told = format!("{topic} {id}");
        // What cannot be asked for by its key comes with the next reading of its stream.
        let read_again = read_again.into_iter().filter(|row| self.reads(&row.stream));
        let received = Received {
            id,
            topic,
            received_at_ms,
            created_at_ms,
            entries,
            intents,
            read_again: read_again.collect(),
        };
        match self.queue.take(received).await {
            Ok(Taken::New) => Answer::ok(format!("accepted {told}")),
            Ok(Taken::Known) => Answer::ok(format!("known {told}")),
            Err(error) => self.not_stored(&error),
        }
    }

    /// Whether rows of a stream can be read by their keys.
    fn reads(&self, stream: &str) -> bool {
        let mut streams = self.plugin.descriptor().streams.iter();
        streams.any(|known| known.name == stream && known.modes.contains(StreamModes::KEYS))
    }

    /// That a webhook came is worth knowing and no reason to have it sent again.
    fn heard(&self, heard: Result<(), QueueError>, text: String) -> Answer {
        if let Err(error) = heard {
            tracing::warn!("that a webhook came could not be remembered: {error}");
        }
        Answer::ok(text)
    }

    fn not_stored(&self, error: &QueueError) -> Answer {
        if matches!(error, QueueError::Busy) {
            self.count(|counts| counts.throttled += 1);
            return Answer::busy();
        }
        tracing::error!("a webhook could not be stored: {error}");
        self.count(|counts| counts.failed += 1);
        let text = "it could not be stored; send it again";
        Answer::new(StatusCode::SERVICE_UNAVAILABLE, text)
    }
}
