use host_test::call::CallError;
use host_test::contract::connector::{
    AuthenticationRequest, AuthorizationRequest, Batch, Rehearsal, Row, WebhookDelivery,
};
use host_test::engine::Allocation;
use host_test::plugin::{LoadError, Plugin};
use host_test::tenant::Tenant;

use super::Neighbour;
use crate::hostile::{self, artifact, engine, first_page};

/// Calls every export but `describe`; gives what each came to.
async fn call_all(plugin: &Plugin, tenant: &Tenant) -> Vec<(&'static str, Option<CallError>)> {
    let delivery = WebhookDelivery {
        headers: Vec::new(),
        body: b"an-id".to_vec(),
        secrets: vec!["secret".to_owned()],
        received_at_ms: 0,
    };
    let batch = Batch {
        action: "none".to_owned(),
        mode: None,
        id: "b".to_owned(),
        rows: vec![Row {
            key: "1".to_owned(),
            document: b"{}".to_vec(),
            attempt: 0,
            base_updated_at_ms: None,
        }],
        time_budget_ms: 60_000,
        rehearsal: Rehearsal::Off,
    };
    let url = AuthenticationRequest::AuthorizationUrl(AuthorizationRequest {
        client_id: "c".to_owned(),
        state: "s".to_owned(),
        redirect_uri: None,
    });
    vec![
        (
            "authenticate",
            plugin
                .authenticate(tenant, &AuthenticationRequest::Check)
                .await
                .err(),
        ),
        (
            "authenticate",
            plugin.authenticate(tenant, &url).await.err(),
        ),
        (
            "read-page",
            plugin.read_page(tenant, &first_page()).await.err(),
        ),
        (
            "map-record",
            plugin
                .map_record(tenant, "rows", &[b"{}".to_vec()])
                .await
                .err(),
        ),
        (
            "verify-webhook",
            plugin.verify_webhook(tenant, &delivery).await.err(),
        ),
        (
            "write-batch",
            plugin.write_batch(tenant, &batch).await.err(),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_any_export_is_a_failure_of_that_call() {
    let plugin = hostile::plugin().await;
    let neighbour = Neighbour::move_in(&plugin);
    let tenant = hostile::tenant(&plugin, r#"{"do":"panic"}"#);
    for (export, error) in call_all(&plugin, &tenant).await {
        let error = error.expect(export);
        assert!(
            matches!(error, CallError::Trapped { export: named, .. } if named == export),
            "{export}: {error}"
        );
        assert!(error.to_string().contains("a panic on purpose"), "{error}");
    }
    let good = hostile::tenant(&plugin, "{}");
    for (export, error) in call_all(&plugin, &good).await {
        assert!(error.is_none(), "{export}: {error:?}");
    }
    neighbour.move_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_makes_no_sense_is_none() {
    let plugin = hostile::plugin().await;
    let neighbour = Neighbour::move_in(&plugin);
    let tenant = hostile::tenant(&plugin, r#"{"nonsense":"stream"}"#);
    for (export, error) in call_all(&plugin, &tenant).await {
        let error = error.expect(export);
        assert!(
            matches!(error, CallError::Host { export: named, .. } if named == export),
            "{export}: {error}"
        );
    }
    for (nonsense, said) in [
        ("stream", "entry 0 is of a stream that it does not have"),
        ("key", "entry 0 has a key of 0 bytes"),
        ("payload", "the payload of entry 0 is no JSON object"),
        ("braces", "the payload of entry 0 is no JSON object"),
        ("bytes", "the payload of entry 0 is no JSON object"),
        ("unnamed_intent", "intent 0 has an id of 0 bytes"),
        ("intent", "the record of intent 0 is no JSON object"),
        ("cursor", "`next` is empty"),
        ("format", "`next` is of format 99"),
    ] {
        let tenant = hostile::tenant(&plugin, &format!("{{\"nonsense\":\"{nonsense}\"}}"));
        let error = plugin.read_page(&tenant, &first_page()).await.err();
        let error = error.expect(nonsense).to_string();
        assert!(error.contains(said), "{nonsense}: {error}");
    }
    neighbour.move_out().await;
}

/// Under a host that denies everything, and in a short time.
#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_cannot_say_what_it_is_is_not_taken() {
    let engine = engine(4, Allocation::Automatic);
    for (deed, said) in [
        ("panic", "a panic on purpose"),
        ("endless_loop", "did not end `describe` within 2s"),
        ("grow", "bytes of memory"),
    ] {
        let bytes = artifact(&format!("describe={deed}"));
        let error = Plugin::load(&engine, &bytes).await.err().expect(deed);
        assert!(matches!(error, LoadError::Describe(_)), "{deed}: {error}");
        assert!(error.to_string().contains(said), "{deed}: {error}");
    }
    // What people choose it by, and agree to, is told in words and lines that forge nothing.
    for (settings, said) in [
        ("name=../../up", "`../../up` is no name"),
        ("version=1.0\n  permission none", "is no name"),
        ("version=1.0\u{1b}[2J", "is no name"),
        ("name=", "`` is no name"),
        (
            "permission=Read contacts\u{1b}[1A\u{1b}[2K",
            "is no text of one line",
        ),
        ("permission=a\nactivate it", "is no text of one line"),
        (
            "endpoint=https://api.example.com/\u{202e}moc",
            "is no text of one line",
        ),
    ] {
        let error = Plugin::load(&engine, &artifact(settings)).await;
        let error = error.err().expect(settings);
        assert!(
            matches!(error, LoadError::Misdescribed(_)),
            "{settings}: {error}"
        );
        let error = error.to_string();
        assert!(error.contains(said), "{settings}: {error}");
        assert!(!error.chars().any(char::is_control), "{error:?}");
    }
    // What is refused to it does not keep it from answering.
    for deed in ["send", "state_key", "log_flood"] {
        let bytes = artifact(&format!("describe={deed}"));
        let plugin = Plugin::load(&engine, &bytes).await.expect(deed);
        assert_eq!(plugin.descriptor().name, "hostile");
    }
}
