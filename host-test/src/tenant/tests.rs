#![allow(clippy::unwrap_used, clippy::panic)]

use super::sample::{TOKEN, descriptor, http, options};
use super::*;

fn tenant(options: TenantOptions) -> Result<Tenant, TenantError> {
    Tenant::new(&descriptor(), &http(), options)
}

fn base(tenant: &Tenant, endpoint: &str) -> String {
    tenant.base_url(endpoint).unwrap().url().to_string()
}

#[test]
fn the_region_decides_where_endpoints_are() {
    let first = tenant(options()).unwrap();
    assert_eq!(base(&first, "api"), "https://api.example.com/");
    let eu = tenant(TenantOptions {
        region: Some("eu".into()),
        ..options()
    })
    .unwrap();
    assert_eq!(base(&eu, "api"), "https://api.eu.example.com/");
    assert_eq!(base(&eu, "oauth"), "https://app.eu.example.com/");
    let nowhere = tenant(TenantOptions {
        region: Some("moon".into()),
        ..options()
    })
    .unwrap();
    assert!(nowhere.base_url("api").is_none());
    let error = nowhere.shared.endpoints["api"].as_ref().err().unwrap();
    assert!(error.to_string().contains("us, eu"), "{error}");
}

#[test]
fn an_override_replaces_every_endpoint() {
    let local = Some("http://127.0.0.1:4000".to_owned());
    let local = tenant(TenantOptions {
        endpoint_override: local,
        ..options()
    })
    .unwrap();
    assert_eq!(base(&local, "api"), "http://127.0.0.1:4000/");
    assert_eq!(base(&local, "oauth"), "http://127.0.0.1:4000/");
    let open = Some("http://proxy.example".to_owned());
    let error = tenant(TenantOptions {
        endpoint_override: open,
        ..options()
    })
    .err()
    .unwrap();
    assert!(error.to_string().contains("https"), "{error}");
}

#[test]
fn a_credential_is_sensitive_and_never_shown() {
    let shared = tenant(options()).unwrap().shared;
    let (name, value) = shared.credential.current().header.unwrap();
    assert_eq!(name, http::header::AUTHORIZATION);
    assert_eq!(value.to_str().unwrap(), format!("Bearer {TOKEN}"));
    assert!(!format!("{value:?}").contains("dG9r"));

    for broken in ["hidden\nvalue", "“hidden”"] {
        let error = tenant(TenantOptions {
            credential: broken.into(),
            ..options()
        })
        .err()
        .unwrap();
        assert!(
            !format!("{error} {error:?}").contains("hidden"),
            "{error:?}"
        );
    }

    let none = TenantOptions {
        credential: Secret::default(),
        ..options()
    };
    let none = tenant(none).unwrap().shared.credential.current();
    assert!(none.header.is_none());
}

#[test]
fn a_check_is_kept_and_the_counters_are_shared() {
    let first = tenant(options()).unwrap();
    let account = account("w1");
    let second = first.with_checked(account.clone(), vec![1, 2]);
    assert_eq!(second.connection().account, Some(account));
    assert_eq!(second.connection().prepared, Some(vec![1, 2]));
    assert_eq!(first.connection().prepared, None);
    second.shared.usage.request(10);
    assert_eq!((first.usage().requests, first.usage().bytes_sent), (1, 10));
}

fn account(workspace: &str) -> Account {
    Account {
        workspace_id: workspace.into(),
        name: None,
        region: None,
        time_zone: None,
        api_version: None,
    }
}

#[test]
fn connections_to_one_workspace_share_its_budget() {
    let connection = |key: &str, place: &str, workspace: &str| {
        let options = TenantOptions {
            rate_key: key.into(),
            endpoint_override: Some(place.into()),
            ..options()
        };
        tenant(options)
            .unwrap()
            .with_checked(account(workspace), Vec::new())
    };
    let shared = |first: &Tenant, second: &Tenant| {
        Arc::ptr_eq(&first.shared.pace.bucket(), &second.shared.pace.bucket())
    };
    const PLACE: &str = "https://budgets.example";
    let first = connection("a", PLACE, "w1");
    assert!(shared(&first, &connection("b", PLACE, "w1")));
    assert!(!shared(&first, &connection("a", PLACE, "w2")));
    assert!(!shared(
        &first,
        &connection("a", "https://elsewhere.example", "w1")
    ));
    // Before the workspace is known, the key decides.
    let unchecked = |key: &str| {
        let options = TenantOptions {
            rate_key: key.into(),
            ..options()
        };
        tenant(options).unwrap()
    };
    let alone = unchecked("alone");
    assert!(shared(&alone, &unchecked("alone")));
    assert!(!shared(&alone, &unchecked("another")));
}
