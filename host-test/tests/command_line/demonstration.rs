use std::path::Path;

use conformance::Recording;
use serde_json::Value;

use crate::process::{component, finish, program};

fn number(document: &Value, path: &str) -> u64 {
    let found = document.pointer(path).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("no number at {path}: {document}"))
}

#[test]
fn the_demonstration_is_one_document_in_which_everything_held() {
    let exchanges = Recording::new();
    let record = exchanges.path().to_str().expect("a plain path");
    let arguments = [
        "demo",
        "--json",
        "--contacts",
        "400",
        "--companies",
        "150",
        "--record",
        record,
    ];
    let finished = finish(program(Path::new("."), arguments), b"");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    for secret in ["simulator-token", "simulator-client-secret"] {
        assert!(!finished.out.contains(secret) && !finished.err.contains(secret));
    }
    let summary = finished.document();
    assert_eq!(summary["ok"], true, "{summary}");
    for (stream, least) in [
        ("contacts", 400),
        ("companies", 150),
        ("admins", 1),
        ("teams", 1),
        ("tags", 1),
        ("segments", 1),
    ] {
        assert!(number(&summary, &format!("/streams/{stream}/records")) >= least);
        assert!(number(&summary, &format!("/streams/{stream}/requests")) >= 1);
        assert!(number(&summary, &format!("/streams/{stream}/pages")) >= 1);
    }
    for name in ["accepted", "rejected", "duplicates"] {
        assert_eq!(number(&summary, &format!("/webhooks/{name}")), 1);
    }
    assert!(number(&summary, "/writes/created") >= 1);
    assert!(number(&summary, "/writes/updated") >= 1);
    assert_eq!(number(&summary, "/writes/unchanged"), 0);
    assert_eq!(number(&summary, "/writes/failed"), 0);
    let requests: u64 = exchanges.exchanges().len() as u64;
    assert!(requests >= number(&summary, "/streams/contacts/requests"));
    let size = std::fs::metadata(component()).expect("the component").len();
    assert_eq!(number(&summary, "/component/bytes"), size);
    let sha256 = summary["component"]["sha256"].as_str().expect("a hash");
    assert!(sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let imports = summary["component"]["imports"].as_array().expect("imports");
    assert!(
        imports
            .iter()
            .any(|name| name == "integration:connector/http@0.1.0")
    );
    assert!(
        !imports
            .iter()
            .any(|name| name.as_str().unwrap().contains("filesystem"))
    );
}

#[test]
fn the_demonstration_for_people_ends_with_its_verdict() {
    let exchanges = Recording::new();
    let record = exchanges.path().to_str().expect("a plain path");
    let arguments = [
        "demo",
        "--contacts",
        "150",
        "--companies",
        "10",
        "--record",
        record,
    ];
    let finished = finish(program(Path::new("."), arguments), b"");
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.err.contains("✓ everything held"), "{finished:?}");
    assert!(finished.err.contains("contacts"), "{finished:?}");
}
