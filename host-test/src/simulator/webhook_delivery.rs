//! Sending notifications: validation of the URL, attempts, and giving up.

use std::io;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use reqwest::{Client, ClientBuilder, redirect};
use rustls::RootCertStore;
use tokio::sync::Semaphore;

use super::notification::{Notification, WebhookDelivery, signature};
use super::subscription::{Subscription, Waits};

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How often a delivery may fail: the first time, and once more.
const FAILURES: u32 = 2;
/// How long after a URL at which nobody listened it is asked again.
const ASKED_AGAIN: Duration = Duration::from_millis(500);
const USER_AGENT: &str = "intercom-parrot-service-client/1.0";

/// Carries notifications to a subscription.
#[derive(Debug)]
pub(crate) struct Courier {
    client: Client,
    secret: String,
    waits: Waits,
}

impl Courier {
    /// A courier that signs with `secret`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub(crate) fn new(secret: String, waits: Waits) -> io::Result<Courier> {
        let client = plain_client()?
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .user_agent(USER_AGENT)
            .build()
            .map_err(io::Error::other)?;
        Ok(Courier {
            client,
            secret,
            waits,
        })
    }

    /// Asks the URL whether it is there, as when it is saved in an app's settings. Where nobody listens yet, it is asked
    /// again until somebody does: whoever listens may need this workspace to start.
    pub(crate) async fn validate(&self, subscription: Weak<Subscription>) {
        let mut is_told = false;
        while let Some(subscription) = subscription.upgrade() {
            let answer = self.client.head(&subscription.url).send().await;
            match answer {
                Err(error) if error.is_connect() => {
                    if !is_told {
                        tracing::warn!("nobody listens at the webhook URL yet; it is asked again");
                        is_told = true;
                    }
                }
                answer => {
                    let valid = answer.is_ok_and(|answer| answer.status().is_success());
                    if !valid {
                        tracing::warn!(
                            "the webhook URL did not answer a HEAD request with success"
                        );
                    }
                    return subscription.settle(valid);
                }
            }
            drop(subscription);
            tokio::time::sleep(ASKED_AGAIN).await;
        }
    }

    /// Delivers a notification: once, and once more after a pause when that failed; as often as it takes when the
    /// receiver says that it is too much. A slot is held while sending.
    pub(crate) async fn deliver(
        &self,
        subscription: &Subscription,
        notification: &Notification,
        slots: &Semaphore,
    ) -> WebhookDelivery {
        let created = Instant::now();
        let mut delivery = notification.undelivered();
        let mut failures = 0;
        while failures < FAILURES {
            if !subscription.permits(self.waits, created).await {
                return delivery;
            }
            {
                let _slot = slots.acquire().await;
                // Others were answered meanwhile.
                if !subscription.permits_now(self.waits, created) {
                    continue;
                }
                delivery.attempts += 1;
                let body = notification.body(delivery.attempts);
                delivery.status = self.post(&subscription.url, body).await;
                subscription.answered(self.waits, delivery.status);
            }
            delivery.delivered = delivery
                .status
                .is_some_and(|status| (200..300).contains(&status));
            match delivery.status {
                _ if delivery.delivered => return delivery,
                Some(410) => return delivery,
                Some(429) => {}
                _ => {
                    failures += 1;
                    if failures < FAILURES {
                        tokio::time::sleep(self.waits.retry).await;
                    }
                }
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
