//! Sending notifications: validation of the URL, attempts, and giving up.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, redirect};
use rustls::RootCertStore;
use tokio::sync::{Semaphore, watch};

use super::notification::{Notification, WebhookDelivery, signature};

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The first attempt and one more.
const ATTEMPTS: u32 = 2;
const USER_AGENT: &str = "intercom-parrot-service-client/1.0";

/// A URL that gets notifications.
#[derive(Debug)]
pub(crate) struct Subscription {
    url: String,
    standing: watch::Sender<Standing>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Its validation is under way.
    Pending,
    Active,
    /// It failed its validation, or said that it is gone.
    Disabled,
}

impl Subscription {
    pub(crate) fn pending(url: String) -> Subscription {
        Subscription {
            url,
            standing: watch::Sender::new(Standing::Pending),
        }
    }

    /// Waits for the validation; whether the URL takes notifications.
    async fn is_active(&self) -> bool {
        let mut standing = self.standing.subscribe();
        let settled = standing
            .wait_for(|standing| *standing != Standing::Pending)
            .await;
        settled.is_ok_and(|standing| *standing == Standing::Active)
    }
}

/// Carries notifications to a subscription.
#[derive(Debug)]
pub(crate) struct Courier {
    client: Client,
    secret: String,
    retry_after: Duration,
}

impl Courier {
    /// A courier that signs with `secret` and tries again after `retry_after`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub(crate) fn new(secret: String, retry_after: Duration) -> io::Result<Courier> {
        let client = plain_client()?
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .user_agent(USER_AGENT)
            .build()
            .map_err(io::Error::other)?;
        Ok(Courier {
            client,
            secret,
            retry_after,
        })
    }

    /// Asks the URL whether it is there, as when it is saved in an app's settings.
    pub(crate) async fn validate(&self, subscription: &Subscription) {
        let answer = self.client.head(&subscription.url).send().await;
        let valid = answer.is_ok_and(|answer| answer.status().is_success());
        if !valid {
            tracing::warn!("the webhook URL did not answer a HEAD request with success");
        }
        let standing = if valid {
            Standing::Active
        } else {
            Standing::Disabled
        };
        subscription.standing.send_replace(standing);
    }

    /// Delivers a notification: once, and once more after a pause when that failed. A slot is held while sending.
    pub(crate) async fn deliver(
        &self,
        subscription: &Subscription,
        notification: Notification,
        slots: &Semaphore,
    ) -> WebhookDelivery {
        let mut delivery = notification.undelivered();
        for attempt in 1..=ATTEMPTS {
            if !subscription.is_active().await {
                return delivery;
            }
            if attempt > 1 {
                tokio::time::sleep(self.retry_after).await;
            }
            delivery.attempts = attempt;
            {
                let _slot = slots.acquire().await;
                delivery.status = self
                    .post(&subscription.url, notification.body(attempt))
                    .await;
            }
            delivery.delivered = delivery
                .status
                .is_some_and(|status| (200..300).contains(&status));
            if delivery.status == Some(410) {
                subscription.standing.send_replace(Standing::Disabled);
            }
            if delivery.delivered || delivery.status == Some(410) {
                return delivery;
            }
        }
        delivery
    }

    async fn post(&self, url: &str, body: Vec<u8>) -> Option<u16> {
        let request = self
            .client
            .post(url)
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .header("x-hub-signature", signature(&self.secret, &body))
            .body(body);
        Some(request.send().await.ok()?.status().as_u16())
    }
}

/// A client for receivers on this machine: no proxy, and no certificates, so no TLS.
///
/// # Errors
/// When the TLS library refuses its own defaults.
pub(crate) fn plain_client() -> io::Result<ClientBuilder> {
    // Named here, because the process may not have chosen a provider.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(Client::builder().no_proxy().tls_backend_preconfigured(tls))
}
