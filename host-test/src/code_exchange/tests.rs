#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::contract::connector::ExchangeField;
use crate::simulator::testing::authorise;
use crate::simulator::{Fault, Options, Simulator};
use crate::tenant::TenantOptions;
use crate::tenant::sample::{descriptor, http, options};

const LONG: Duration = Duration::from_secs(60);
const SECRET: &str = "planted-client-secret";

async fn simulator() -> Simulator {
    let options = Options {
        client_secret: SECRET.to_owned(),
        ..Options::default()
    };
    Simulator::start(options).await.unwrap()
}

/// A tenant without a credential whose endpoints are the simulator.
fn tenant(simulator: &Simulator) -> Tenant {
    let options = TenantOptions {
        endpoint_override: Some(simulator.url()),
        credential: Secret::default(),
        ..options()
    };
    Tenant::new(&descriptor(), &http(), options).unwrap()
}

fn described() -> CodeExchange {
    let fields = [
        ("code", ExchangeValue::Code),
        ("client_id", ExchangeValue::ClientId),
        ("client_secret", ExchangeValue::ClientSecret),
    ];
    CodeExchange {
        endpoint: "oauth".to_owned(),
        target: "/auth/eagle/token".to_owned(),
        fields: fields.map(|(name, value)| field(name, value)).to_vec(),
        token_pointer: "/token".to_owned(),
    }
}

fn field(name: &str, value: ExchangeValue) -> ExchangeField {
    ExchangeField {
        name: name.to_owned(),
        value,
    }
}

/// A code, as a person gets it from the page.
async fn code(simulator: &Simulator) -> Secret {
    let location = authorise(simulator, "client_id=simulator-client-id").await;
    let location = url::Url::parse(&location).unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code");
    code.unwrap().1.into_owned().into()
}

/// Exchanges with everything right but what the test changes.
async fn exchanged(
    simulator: &Simulator,
    code: &Secret,
    secret: &str,
    described: &CodeExchange,
    time: Duration,
) -> Result<Secret, ExchangeError> {
    let values = ExchangeValues {
        code,
        client_id: "simulator-client-id",
        client_secret: &secret.into(),
        redirect_uri: None,
    };
    let result = exchange_code(&tenant(simulator), described, &values, time).await;
    if let Err(error) = &result {
        let told = format!("{error} {error:?} {values:?}");
        for hidden in [code.expose(), secret, "dG9r"] {
            assert!(!told.contains(hidden), "{told}");
        }
    }
    result
}

#[tokio::test]
async fn the_token_is_at_the_pointer_and_is_good() {
    let simulator = simulator().await;
    let code = code(&simulator).await;
    let first = exchanged(&simulator, &code, SECRET, &described(), LONG).await;
    assert!(simulator.workspace().accepts(first.unwrap().expose()));
    // The code is used up.
    let again = exchanged(&simulator, &code, SECRET, &described(), LONG).await;
    assert_eq!(again, Err(ExchangeError::Refused { status: 401 }));
}

#[tokio::test]
async fn wrong_values_are_refused_with_what_to_check() {
    let simulator = simulator().await;
    let code = code(&simulator).await;
    let bad_code = "planted-code".into();
    for (code, secret) in [(&bad_code, SECRET), (&code, "planted-wrong-secret")] {
        let error = exchanged(&simulator, code, secret, &described(), LONG)
            .await
            .unwrap_err();
        assert_eq!(error, ExchangeError::Refused { status: 401 });
        let told = error.to_string();
        assert!(told.contains("credentials.client_secret"), "{told}");
    }
}

#[tokio::test]
async fn every_answer_without_a_token_is_a_failure_of_its_own() {
    let simulator = simulator().await;
    let code = code(&simulator).await;
    let status = |status| ExchangeError::Unavailable { status };
    for (kind, expected) in [
        ("status-500", Some(status(500))),
        ("status-503", Some(status(503))),
        ("bad-gateway-html", Some(status(502))),
        ("rate-limited", Some(status(429))),
        ("not-found", Some(ExchangeError::Elsewhere { status: 404 })),
        ("foreign-body", None),
        ("empty-body", None),
        ("invalid-json", None),
        ("cut-body", None),
        ("reset", None),
    ] {
        let fault: Fault = format!("POST /auth/eagle/token kind={kind}")
            .parse()
            .unwrap();
        simulator.workspace().set_faults(vec![fault]);
        let error = exchanged(&simulator, &code, SECRET, &described(), LONG)
            .await
            .unwrap_err();
        match (expected, kind) {
            (Some(expected), _) => assert_eq!(error, expected, "{kind}"),
            (None, "cut-body" | "reset") => {
                assert!(matches!(error, ExchangeError::NoAnswer(_)), "{error}");
            }
            (None, _) => {
                assert!(matches!(error, ExchangeError::NoToken { .. }), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let simulator = simulator().await;
    let code = code(&simulator).await;
    let fault = "POST /auth/eagle/token kind=slow-10m".parse().unwrap();
    simulator.workspace().set_faults(vec![fault]);
    let short = Duration::from_millis(20);
    let error = exchanged(&simulator, &code, SECRET, &described(), short)
        .await
        .unwrap_err();
    let told = error.to_string();
    assert!(told.contains("in time"), "{told}");
}

#[tokio::test]
async fn the_descriptor_decides_where_and_what() {
    let simulator = simulator().await;
    let code = code(&simulator).await;
    let moved = CodeExchange {
        token_pointer: "/data/token".to_owned(),
        ..described()
    };
    let error = exchanged(&simulator, &code, SECRET, &moved, LONG)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("/data/token"), "{error}");

    let mut more = described();
    more.fields
        .push(field("redirect_uri", ExchangeValue::RedirectUri));
    assert!(needs_redirect_uri(&more) && !needs_redirect_uri(&described()));
    let before = simulator.workspace().request_count();
    let error = exchanged(&simulator, &code, SECRET, &more, LONG).await;
    assert_eq!(error, Err(ExchangeError::NoRedirectUri));
    let elsewhere = CodeExchange {
        endpoint: "nowhere".to_owned(),
        ..described()
    };
    let error = exchanged(&simulator, &code, SECRET, &elsewhere, LONG).await;
    assert!(
        matches!(error, Err(ExchangeError::NoAnswer(_))),
        "{error:?}"
    );
    assert_eq!(simulator.workspace().request_count(), before);
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_huge_answer_not_read() {
    use axum::http::{StatusCode, header};
    use axum::routing::post;
    let redirect = || async { (StatusCode::FOUND, [(header::LOCATION, "/huge")]) };
    let huge = || async { vec![b' '; MOST_ANSWER_BYTES + 1] };
    let odd = || async { "{\"token\": \"a b\"}" };
    let router = axum::Router::new()
        .route("/moved", post(redirect))
        .route("/odd", post(odd))
        .route("/huge", post(huge).get(huge));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let options = TenantOptions {
        endpoint_override: Some(url),
        ..options()
    };
    let tenant = Tenant::new(&descriptor(), &http(), options).unwrap();
    let values = ExchangeValues {
        code: &"c".into(),
        client_id: "i",
        client_secret: &"s".into(),
        redirect_uri: None,
    };
    let ask = async |target: &str| {
        let exchange = CodeExchange {
            target: target.to_owned(),
            ..described()
        };
        exchange_code(&tenant, &exchange, &values, LONG)
            .await
            .unwrap_err()
    };
    assert_eq!(
        ask("/moved").await,
        ExchangeError::Elsewhere { status: 302 }
    );
    let error = ask("/huge").await.to_string();
    assert!(error.contains("larger than"), "{error}");
    let error = ask("/odd").await.to_string();
    assert!(error.contains("cannot be sent in a header"), "{error}");
}
