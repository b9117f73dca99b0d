//! Who may ask: whoever has the token. Attempts without it are counted, and whoever made some waits before the next one
//! is looked at: longer with each, and one at a time.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::Control;
use super::answer::Refused;
use crate::webhook_listener::sender;

/// The wait after one refused attempt; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// After so long, half of the attempts are forgotten.
const HALF_LIFE: Duration = Duration::from_secs(10);

/// Addresses that are remembered; beyond that, all are forgotten but the count.
const MOST_ADDRESSES: usize = 4_096;

/// Requests of one address that wait at the same time.
const MOST_WAITING: usize = 16;

/// What is known of those who were refused.
#[derive(Default)]
pub struct Refusals {
    count: AtomicU64,
    by_address: Mutex<HashMap<IpAddr, Attempts>>,
}

#[derive(Clone)]
struct Attempts {
    number: f64,
    at: Instant,
    /// One at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Attempts {
    fn now(&self) -> f64 {
        let halves = self.at.elapsed().as_secs_f64() / HALF_LIFE.as_secs_f64();
        self.number * 0.5_f64.powf(halves)
    }

    fn wait(&self) -> Duration {
        match self.now() {
            few if few < 0.5 => Duration::ZERO,
            many => FIRST_WAIT
                .mul_f64(2_f64.powf((many - 1.0).clamp(0.0, 10.0)))
                .min(LONGEST_WAIT),
        }
    }
}

impl Refusals {
    /// Attempts that were refused since the server began.
    pub fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }

    fn add(&self, address: IpAddr) {
        self.count.fetch_add(1, Relaxed);
        let mut all = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_ADDRESSES && !all.contains_key(&address) {
            all.clear();
        }
        let attempts = all.entry(address).or_insert_with(|| Attempts {
            number: 0.0,
            at: Instant::now(),
            turn: Arc::default(),
        });
        attempts.number = attempts.now() + 1.0;
        attempts.at = Instant::now();
    }

    fn of(&self, address: IpAddr) -> Option<Attempts> {
        let all = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let attempts = all.get(&address).cloned()?;
        (!attempts.wait().is_zero()).then_some(attempts)
    }
}

/// Lets those pass who bring the token as a bearer.
pub(super) async fn with_token(
    State(control): State<Control>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let refused = || {
        let message =
            "the control API wants `Authorization: Bearer TOKEN` with the platform's control token";
        let mut response = Refused::new(StatusCode::UNAUTHORIZED, message).into_response();
        let scheme = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, scheme);
        response
    };
    pass(&control, request, next, bearer, refused).await
}

/// Lets those pass who bring the token as a bearer or, as browsers can, as a password.
pub(super) async fn of_browser(
    State(control): State<Control>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let refused = || {
        let text = "the status page wants the platform's control token as the password\n";
        let mut response = (StatusCode::UNAUTHORIZED, text).into_response();
        let scheme = HeaderValue::from_static("Basic realm=\"platform\", charset=\"UTF-8\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, scheme);
        response
    };
    let either = |headers: &HeaderMap| bearer(headers).or_else(|| password(headers));
    pass(&control, request, next, either, refused).await
}

async fn pass(
    control: &Control,
    request: Request<Body>,
    next: Next,
    token: impl Fn(&HeaderMap) -> Option<String>,
    refused: impl Fn() -> Response,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let shared = &control.platform.shared;
    let address = caller(peer, request.headers(), &shared.config.trusted_proxies);
    let refusals = &shared.refusals;
    if let Some(attempts) = refusals.of(address) {
        // This handle, the map's, and those who wait.
        if Arc::strong_count(&attempts.turn) > MOST_WAITING {
            let message = "too many attempts; come back later";
            return Refused::new(StatusCode::TOO_MANY_REQUESTS, message).into_response();
        }
        let _turn = attempts.turn.lock().await;
        let wait = refusals.of(address).map(|attempts| attempts.wait());
        tokio::time::sleep(wait.unwrap_or_default()).await;
    }
    let good = token(request.headers()).is_some_and(|token| {
        let given: [u8; 32] = Sha256::digest(token).into();
        bool::from(given.ct_eq(&control.token))
    });
    if good {
        return next.run(request).await;
    }
    refusals.add(address);
    refused()
}

/// Whose attempts count together. What a trusted proxy says that is no address counts as its own.
fn caller(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    household(sender(peer, headers, proxies).unwrap_or(peer))
}

/// The address that stands for all that one machine can ask from: loopback is one, and an IPv6 host has the 2^64 of its
/// network.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            std::net::Ipv6Addr::from(network).into()
        }
        address => address,
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    credentials(headers, "bearer").map(str::to_owned)
}

fn password(headers: &HeaderMap) -> Option<String> {
    let decoded = STANDARD.decode(credentials(headers, "basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':')
        .map(|(_, password)| password.to_owned())
}

fn credentials<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then(|| rest.trim())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn whoever_guesses_waits_longer_each_time_and_nobody_else_does() {
        let refusals = Refusals::default();
        let guesser: IpAddr = "192.0.2.1".parse().unwrap();
        assert!(refusals.of(guesser).is_none());
        let mut before = Duration::ZERO;
        for _ in 0..5 {
            refusals.add(guesser);
            let wait = refusals.of(guesser).unwrap().wait();
            assert!(wait > before, "{wait:?} after {before:?}");
            before = wait;
        }
        for _ in 0..100 {
            refusals.add(guesser);
        }
        assert_eq!(refusals.of(guesser).unwrap().wait(), LONGEST_WAIT);
        assert!(refusals.of("192.0.2.2".parse().unwrap()).is_none());
        assert_eq!(refusals.count(), 105);
    }

    #[test]
    fn whoever_has_many_addresses_is_one() {
        for (address, stands_for) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.200.3.4", "127.0.0.1"),
            ("::1", "127.0.0.1"),
            ("::ffff:127.0.0.9", "127.0.0.1"),
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2:ffff::9", "2001:db8:1:2::"),
            ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ] {
            let found = household(address.parse().unwrap());
            assert_eq!(found, stands_for.parse::<IpAddr>().unwrap(), "{address}");
        }
    }

    #[test]
    fn callers_behind_a_trusted_proxy_are_told_apart_and_nobody_elses_word_counts() {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        for (peer, told, expected) in [
            ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
            ("10.0.0.1", "198.51.100.1, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("192.0.2.8", "192.0.2.7", "192.0.2.8"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", told.parse().unwrap());
            let found = caller(peer.parse().unwrap(), &headers, &proxies);
            let expected: IpAddr = expected.parse().unwrap();
            assert_eq!(found, expected, "{peer}: {told}");
        }
    }

    #[test]
    fn a_token_comes_as_a_bearer_or_as_a_password() {
        let headers = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            headers
        };
        assert_eq!(bearer(&headers("bearer  abc")).as_deref(), Some("abc"));
        assert_eq!(bearer(&headers("Basic abc")), None);
        let basic = format!("Basic {}", STANDARD.encode("me:a:b"));
        assert_eq!(password(&headers(&basic)).as_deref(), Some("a:b"));
        for wrong in ["Basic ???", "Basic", "Bearer abc"] {
            assert_eq!(password(&headers(wrong)), None, "{wrong}");
        }
    }
}
