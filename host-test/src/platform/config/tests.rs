#![allow(clippy::unwrap_used)]

use super::*;
use crate::output::OutputTarget;

fn parse(text: &str) -> Result<PlatformConfig, ConfigError> {
    PlatformConfig::parse(Path::new("/etc/p/platform.yaml"), text, &|name| {
        (name == "TOKEN").then(|| "quiet".to_owned())
    })
}

#[test]
fn little_is_enough() {
    let config = parse("control: { token: \"${TOKEN}\" }\n").unwrap();
    assert_eq!(config.data, Path::new("/etc/p/platform-data"));
    assert_eq!(config.control.to_string(), "127.0.0.1:8790");
    assert_eq!(config.webhooks.unwrap().to_string(), "127.0.0.1:8787");
    assert_eq!(config.defaults, Defaults::default());
    assert!(config.connections.is_empty() && config.keys.is_empty());
    assert!(!format!("{config:?}").contains("quiet"));
}

#[test]
fn everything_that_is_written_is_honoured() {
    let config = parse(
        "data: /var/p
control: { listen: 0.0.0.0:1, token: \"${TOKEN}\", trusted_proxies: [10.0.0.0/8, \"::1\"] }
webhooks: false
key: [\"a\", \"b\"]
concurrency: { global: 3, per_tenant: 1 }
schedule: { every: 5m, jitter: 3s }
slice: 2s
shutdown: 9s
retention: { history: 7d }
connections:
  - acme.yaml
  - { file: sub/other.yml, tenant: t1, output: jsonl, schedule: { every: 1m } }
  - name: inline
    output: sqlite:out.db
    retention: { intents: 2d }
    schedule: { jitter: 0s }
    connector: intercom
    credentials: { access_token: \"${TOKEN}\" }
",
    )
    .unwrap();
    let proxies: Vec<String> = config
        .trusted_proxies
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(proxies, ["10.0.0.0/8", "::1/128"]);
    assert_eq!((config.limits.global, config.limits.per_tenant), (3, 1));
    assert_eq!((config.webhooks, config.keys.len()), (None, 2));
    assert_eq!((config.slice.as_secs(), config.shutdown.as_secs()), (2, 9));
    let [acme, other, inline] = config.connections.as_slice() else {
        unreachable!("three connections: {:?}", config.connections);
    };
    assert_eq!((acme.name.as_str(), acme.tenant.as_str()), ("acme", "acme"));
    assert_eq!(
        (other.name.as_str(), other.tenant.as_str()),
        ("other", "t1")
    );
    assert_eq!(other.output, OutputPlace::JsonLines);
    assert_eq!(other.every, Some(Duration::from_secs(60)));
    assert_eq!(other.jitter, Some(Duration::from_secs(3)));
    assert_eq!(inline.jitter, Some(Duration::ZERO));
    let own = OutputTarget::Sqlite("/etc/p/out.db".into());
    assert_eq!(inline.output, OutputPlace::At(own));
    assert_eq!(inline.retention.intents.as_secs(), 2 * 86_400);
    assert_eq!(inline.retention.history.as_secs(), 7 * 86_400);
    let ConnectionSource::Document(text) = &inline.source else {
        unreachable!("it is written in place");
    };
    let document: serde_json::Value = serde_json::from_str(text.expose()).unwrap();
    assert_eq!(document["credentials"]["access_token"], "quiet");
    assert!(document.get("output").is_none() && document.get("name").is_none());
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let error = parse(
        "token: x
control: { listen: here }
schedule: { every: 1s }
concurrency: { global: 0 }
retention: { histroy: 7d }
connections:
  - { name: ../up, connector: intercom }
  - { connector: intercom }
  - { file: a.yaml }
  - a.yaml
  - { file: b.yaml, connector: intercom }
",
    )
    .unwrap_err()
    .to_string();
    for part in [
        "token (line 1): unknown key here; it belongs at control.token",
        "control.token (line 2)",
        "control.listen (line 2): not an address",
        "schedule.every (line 3)",
        "concurrency.global (line 4)",
        "did you mean history?",
        "connections[0].name (line 7): not a name",
        "connections[1].name (line 8)",
        "another connection is called a as well",
        "connections[4].connector (line 11): unknown key",
    ] {
        assert!(error.contains(part), "{part} is missing in {error}");
    }
}

#[test]
fn a_folder_is_all_connections_in_it() {
    let folder = written::Folder::new();
    for name in ["b.yaml", "a.yml", "notes.txt"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let text = format!(
        "control: {{ token: t }}\nconnections: [ \"{}\" ]\n",
        folder.path().display()
    );
    let config = parse(&text).unwrap();
    let names: Vec<&str> = config
        .connections
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn keys_come_from_a_file_that_only_its_owner_reads() {
    let folder = written::Folder::new();
    let path = folder.path().join("key");
    private_file::replace(&path, b"one\n\ntwo\n").unwrap();
    let text = format!("control: {{ token: t }}\nkey_file: {}\n", path.display());
    assert_eq!(
        parse(&text).unwrap().keys,
        [Secret::from("one"), "two".into()]
    );
    assert!(matches!(
        parse(&text).unwrap().sealing(),
        Err(ConfigError::Key(_))
    ));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(parse(&text).unwrap_err().to_string().contains("key_file"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    std::fs::write(&path, "\n").unwrap();
    let empty = parse(&text).unwrap_err().to_string();
    assert!(empty.contains("there is no key in it"), "{empty}");
}

#[test]
fn ten_thousand_connections_fit_into_one_file_and_aliases_make_no_more_of_it() {
    let mut text = "control: { token: t }\nconnections:\n".to_owned();
    for number in 0..10_000 {
        let credentials = "credentials: { access_token: t }";
        text.push_str(&format!(
            "  - {{ name: c{number}, connector: intercom, {credentials}, mode: batch }}\n"
        ));
    }
    assert_eq!(parse(&text).unwrap().connections.len(), 10_000);
    let mut bomb = "control: { token: t }\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..8 {
        let repeated = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{repeated}]\n"));
    }
    let error = parse(&bomb).unwrap_err().to_string();
    assert!(
        error.contains("more keys and values than any file of its length needs"),
        "{error}"
    );
}

#[test]
fn a_token_that_nobody_can_send_is_refused_and_not_repeated() {
    for token in ["geheimnisvoll-ß", "two words", "a\\u0007b"] {
        let error = parse(&format!("control: {{ token: \"{token}\" }}\n")).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("control.token") && text.contains("no header"),
            "{text}"
        );
        assert!(
            !text.contains("geheim") && !text.contains("two words"),
            "{text}"
        );
    }
}
