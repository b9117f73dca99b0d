//! The HTTP client: connections and TLS for all tenants.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Proxy, redirect, retry};
use url::Url;

use crate::secret::Secret;

/// How to make an [`HttpClient`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// The `User-Agent` of requests that bring none.
    pub user_agent: String,
    /// How long to wait for a connection.
    pub connect_time: Duration,
    /// How long a connection without a request is kept. Shorter than what servers do, so that they seldom close first.
    pub idle_time: Duration,
    /// Idle connections kept for each host.
    pub idle_connections: usize,
    /// Through which everything goes, this machine's own addresses included; absent: as the environment says.
    pub proxy: Option<Secret>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("intercom-connector-host/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(30),
            idle_connections: 32,
            proxy: None,
        }
    }
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made: {0}")]
pub struct HttpClientError(#[source] reqwest::Error);

impl HttpClientError {
    /// Another client than [`HttpClient`] could not be made.
    pub(crate) fn of(error: reqwest::Error) -> HttpClientError {
        HttpClientError(error)
    }
}

/// One pooled client for all tenants. Cheap to clone.
///
/// It follows no redirect, keeps no cookie and repeats no request that was begun. (A connection that turns out to be closed
/// before the first byte of a request went out is replaced: nothing was sent.)
#[derive(Clone)]
pub struct HttpClient {
    shared: Arc<Shared>,
}

struct Shared {
    options: HttpOptions,
    /// The proxy that was asked for.
    proxy: Option<Proxy>,
    /// Its host and port, as people may see it.
    proxy_name: Option<Arc<str>>,
    /// Made when it is needed: reading the system's certificates is a quarter of what a short command costs.
    provider: OnceLock<Client>,
    /// Loopback is never reached through a proxy, whatever the environment says.
    loopback: Client,
}

impl HttpClient {
    /// Makes the client. Proxies are taken from the environment where the options have none, certificates from the system.
    /// Through a proxy, https is a tunnel (`CONNECT`), and plain http is forwarded.
    pub fn new(options: HttpOptions) -> Result<Self, HttpClientError> {
        // Whoever installed a provider before decides; either is good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let proxy = options
            .proxy
            .as_ref()
            .map(|proxy| Proxy::all(proxy.expose()));
        // The error would repeat the URL, and with it a password.
        let proxy = proxy
            .transpose()
            .map_err(|error| HttpClientError(error.without_url()))?;
        let loopback = builder(&options).no_proxy().tls_certs_only([]).build();
        let proxy_name = options.proxy.as_ref().and_then(place);
        let shared = Shared {
            options,
            proxy,
            proxy_name,
            provider: OnceLock::new(),
            loopback: loopback.map_err(HttpClientError)?,
        };
        if shared.proxy.is_some() {
            // It is for everything then, and nothing may go past it.
            let provider = shared.provider().map_err(HttpClientError)?;
            let _ = shared.provider.set(provider);
        }
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Host and port of the proxy that was asked for, without its credentials.
    pub fn proxy_name(&self) -> Option<Arc<str>> {
        self.shared.proxy_name.clone()
    }

    /// The client for a URL.
    pub fn client_for(&self, url: &Url) -> &Client {
        let shared = &self.shared;
        match is_loopback(url) && url.scheme() == "http" && shared.proxy.is_none() {
            true => &shared.loopback,
            // Without certificates a client is made of what the one for loopback was made of.
            false => shared.provider.get_or_init(|| {
                shared
                    .provider()
                    .unwrap_or_else(|_| shared.loopback.clone())
            }),
        }
    }
}

impl Shared {
    fn provider(&self) -> reqwest::Result<Client> {
        let builder = || match &self.proxy {
            Some(proxy) => builder(&self.options).proxy(proxy.clone()),
            None => builder(&self.options),
        };
        builder().build().or_else(|error| {
            // A machine without certificates can still talk to the simulator.
            tracing::warn!(%error, "no certificates of the system: no https request will succeed");
            builder().tls_certs_only([]).build()
        })
    }
}

/// What all clients have in common.
fn builder(options: &HttpOptions) -> ClientBuilder {
    Client::builder()
        .user_agent(&options.user_agent)
        .connect_timeout(options.connect_time)
        .pool_idle_timeout(options.idle_time)
        .pool_max_idle_per_host(options.idle_connections)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .tcp_nodelay(true)
}

/// Host and port of a URL that may hold a password.
fn place(url: &Secret) -> Option<Arc<str>> {
    let url = Url::parse(url.expose()).ok()?;
    let port = url.port_or_known_default()?;
    Some(format!("{}:{port}", url.host()?).into())
}

/// Whether a URL names this machine: `localhost`, 127.0.0.0/8 or `[::1]`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_without_its_credentials() {
        for (url, expected) in [
            (
                "http://me:pass@proxy.example:3128",
                Some("proxy.example:3128"),
            ),
            ("http://me:pass@proxy.example/", Some("proxy.example:80")),
            ("https://[2001:db8::1]", Some("[2001:db8::1]:443")),
        ] {
            let http = HttpClient::new(HttpOptions {
                proxy: Some(url.into()),
                ..HttpOptions::default()
            });
            let name = http.unwrap().proxy_name();
            assert_eq!(name.as_deref(), expected, "{url}");
        }
        let http = HttpClient::new(HttpOptions::default()).unwrap();
        assert_eq!(http.proxy_name(), None);
    }

    #[test]
    fn loopback_is_this_machine_only() {
        for (url, expected) in [
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:80", true),
            ("http://localhost", true),
            ("http://LOCALHOST:1", true),
            ("http://0x7f000001", true),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://10.0.0.1", false),
            ("http://0.0.0.0", false),
            ("http://[::2]", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
