//! A credential that the provider refuses: read again once, tried again once, and no more.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use super::*;
use crate::secret::Secret;
use crate::tenant::CredentialSource;

/// A place that a test fills, and that counts how often it is looked at.
#[derive(Default)]
struct Place {
    kept: Mutex<Option<String>>,
    readings: AtomicUsize,
}

impl Place {
    /// A place that holds this; without anything it cannot be read.
    fn with(kept: Option<&str>) -> Arc<Self> {
        Arc::new(Self {
            kept: Mutex::new(kept.map(str::to_owned)),
            readings: AtomicUsize::new(0),
        })
    }

    fn readings(&self) -> usize {
        self.readings.load(Ordering::SeqCst)
    }
}

impl CredentialSource for Place {
    fn read(&self) -> Result<Option<Secret>, Box<dyn StdError + Send + Sync>> {
        self.readings.fetch_add(1, Ordering::SeqCst);
        match &*self.kept.lock().unwrap() {
            Some(kept) => Ok(Some(kept.as_str().into())),
            None => Err("it is not there".into()),
        }
    }
}

fn tenant(provider: &Provider, place: &Arc<Place>) -> Tenant {
    let options = TenantOptions {
        endpoint_override: Some(provider.url()),
        credential_source: Some(Arc::clone(place) as _),
        ..options()
    };
    Tenant::new(&descriptor(), &http(), options).unwrap()
}

fn is_new(request: &provider::Received) -> bool {
    request.header("authorization") == Some("Bearer new")
}

/// Takes the new token only.
fn provider() -> Provider {
    Provider::start(|request| match is_new(request) {
        true => answer(200, &[], b"{}"),
        false => answer(401, &[], b"refused"),
    })
}

#[tokio::test]
async fn a_new_credential_is_found_and_kept() {
    let (provider, place) = (provider(), Place::with(Some("new")));
    let tenant = tenant(&provider, &place);
    let mut context = context(&tenant, LONG);
    // A write as well: what was refused was not applied.
    let written = context.send(post("/contacts", b"{\"a\":1}")).await.unwrap();
    assert_eq!((written.status, written.body.as_slice()), (200, &b"{}"[..]));
    let sent = provider.requests();
    assert_eq!((sent.len(), place.readings()), (2, 1));
    assert!(!is_new(&sent[0]) && is_new(&sent[1]));
    assert_eq!(sent[0].line, sent[1].line);
    assert_eq!(sent[0].body, sent[1].body);

    assert_eq!(context.send(get("/me")).await.unwrap().status, 200);
    assert_eq!((provider.requests().len(), place.readings()), (3, 1));
    let by_status = tenant.usage().requests_by_status;
    assert_eq!((by_status[&401], by_status[&200]), (1, 2));
}

#[tokio::test]
async fn many_refusals_at_a_time_read_once() {
    const MANY: usize = 8;
    let all_there = Barrier::new(MANY);
    let provider = Provider::start(move |request| match is_new(request) {
        true => answer(200, &[], b"{}"),
        false => {
            // None is refused before all were sent with the old one.
            all_there.wait();
            answer(401, &[], b"refused")
        }
    });
    let place = Place::with(Some("new"));
    let tenant = tenant(&provider, &place);
    assert!(tenant.shared.limits.requests_in_flight >= MANY);
    let mut context = context(&tenant, LONG);
    let requests = (0..MANY).map(|number| get(&format!("/{number}"))).collect();
    for answer in context.send_all(requests, MANY as u32).await {
        assert_eq!(answer.unwrap().status, 200);
    }
    assert_eq!((provider.requests().len(), place.readings()), (2 * MANY, 1));
}

#[tokio::test]
async fn a_refusal_that_stays_is_given_to_the_component_after_one_more_try() {
    let provider = Provider::start(|_| answer(401, &[("X-Request-Id", "r")], b"refused"));
    let place = Place::with(Some(TOKEN));
    let tenant = tenant(&provider, &place);
    let mut context = context(&tenant, LONG);
    for tries in 1..=2 {
        let refused = context.send(get("/me")).await.unwrap();
        assert_eq!(
            (refused.status, refused.body.as_slice()),
            (401, &b"refused"[..])
        );
        assert_eq!(
            (provider.requests().len(), place.readings()),
            (2 * tries, tries)
        );
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_read_or_is_empty_changes_nothing_else() {
    let (provider, place) = (provider(), Place::with(None));
    let tenant = tenant(&provider, &place);
    let mut context = context(&tenant, LONG);
    assert_eq!(context.send(get("/me")).await.unwrap().status, 401);
    assert_eq!((provider.requests().len(), place.readings()), (2, 1));
    // What no header can hold is not taken either.
    *place.kept.lock().unwrap() = Some("ne\nw".to_owned());
    assert_eq!(context.send(get("/me")).await.unwrap().status, 401);
    assert_eq!((provider.requests().len(), place.readings()), (4, 2));
    // Nothing to try with.
    *place.kept.lock().unwrap() = Some(String::new());
    assert_eq!(context.send(get("/me")).await.unwrap().status, 401);
    assert_eq!((provider.requests().len(), place.readings()), (5, 3));
    *place.kept.lock().unwrap() = Some("new".to_owned());
    assert_eq!(context.send(get("/me")).await.unwrap().status, 200);
}

#[tokio::test]
async fn other_refusals_are_not_the_credentials() {
    let provider = Provider::start(|_| answer(403, &[], b""));
    let place = Place::with(Some("new"));
    let tenant = tenant(&provider, &place);
    let mut context = context(&tenant, LONG);
    assert_eq!(context.send(get("/me")).await.unwrap().status, 403);
    assert_eq!((provider.requests().len(), place.readings()), (1, 0));
}
