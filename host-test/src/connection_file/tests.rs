#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;

use super::*;

const DIRECT: &str = r#"
connector: intercom
credentials: { access_token: "${INTERCOM_ACCESS_TOKEN}", client_id: "abc", client_secret: "${INTERCOM_CLIENT_SECRET}" }
config: { region: us, api_version: "2.11", start_date: 2024-01-01 }
streams: [contacts, companies, conversations, conversation_parts]
mode: hybrid
direction: both
field_mapping: { email: email, name: FULLNAME, company.name: COMPANY_NAME, custom_attributes.plan_tier: PLAN_TIER }
"#;

const NESTED: &str = r#"
connectors:
  intercom:
    enabled: true
    access_token: "${INTERCOM_ACCESS_TOKEN}"
    api_version: "2.11"
    sync: { contacts: true, conversations: true, companies: false, events: true, tags: true }
    direction: intercom_to_brevo
    lists: { all_users: 35, active_conversations: 36, leads: 37 }
    debug: true
    log_level: verbose
    log_webhooks: true
"#;

fn variables(name: &str) -> Option<String> {
    match name {
        "INTERCOM_ACCESS_TOKEN" => Some("secret-token".to_owned()),
        "INTERCOM_CLIENT_SECRET" => Some("secret-client".to_owned()),
        _ => None,
    }
}

pub(super) fn read(text: &str) -> Result<ConnectionFile, ConnectionFileError> {
    ConnectionFile::parse(Path::new("connection.yaml"), text, &variables)
}

pub(super) fn problems(text: &str) -> Vec<Problem> {
    match read(text) {
        Err(ConnectionFileError::Invalid { problems, .. }) => problems,
        other => panic!("expected problems, got {other:?}"),
    }
}

#[test]
fn the_stored_token_is_beside_the_file_or_where_it_says() {
    let at = |path: &str, text: &str| {
        let file = ConnectionFile::parse(Path::new(path), text, &variables).unwrap();
        file.token_file
    };
    let direct = "connector: intercom\n";
    assert_eq!(at("a/my.yaml", direct), Path::new("a/my.credentials.json"));
    assert_eq!(
        at("my.eu.yaml", direct),
        Path::new("my.eu.credentials.json")
    );
    assert_eq!(
        at(
            "a/my.yaml",
            "connector: intercom\ncredentials: { token_file: b/t }"
        ),
        Path::new("a/b/t")
    );
    let nested = "connectors: { intercom: { token_file: /keys/t } }";
    assert_eq!(at("a/my.yaml", nested), Path::new("/keys/t"));
    for (text, code) in [
        (
            "connector: intercom\ncredentials: { token_file: 7 }",
            "type",
        ),
        ("connector: intercom\ntoken_file: t", "unknown_key"),
    ] {
        let found = problems(text);
        assert_eq!((found.len(), found[0].code), (1, code), "{found:?}");
        assert!(found[0].to_string().contains("token_file"), "{found:?}");
    }
}

#[test]
fn the_first_form_is_read_whole() {
    let file = read(DIRECT).unwrap();
    assert_eq!(file.connector, "intercom");
    assert_eq!(file.access_token.as_ref().unwrap().expose(), "secret-token");
    assert_eq!(file.client_secrets[0].expose(), "secret-client");
    assert_eq!(file.client_id.as_deref(), Some("abc"));
    assert_eq!(
        Value::Object(file.config),
        json!({"region": "us", "api_version": "2.11"})
    );
    assert_eq!(file.start_date.as_deref(), Some("2024-01-01"));
    assert_eq!(
        file.streams,
        [
            "contacts",
            "companies",
            "conversations",
            "conversation_parts"
        ]
    );
    assert_eq!((file.mode, file.direction), (Mode::Hybrid, Direction::Both));
    let mapping = file.field_mapping.unwrap();
    assert_eq!(mapping.fields["custom_attributes.plan_tier"], "PLAN_TIER");
    assert!(!file.lenient_streams && file.warnings.is_empty());
}

#[test]
fn the_second_form_is_read_whole_and_says_what_it_does_not_do() {
    let file = read(NESTED).unwrap();
    assert_eq!(
        file.streams,
        ["contacts", "conversations", "events", "tags"]
    );
    assert!(file.lenient_streams);
    assert_eq!(file.direction, Direction::Read);
    assert_eq!(file.config["api_version"], "2.11");
    assert_eq!(file.logging.level, Some("debug"));
    assert!(file.logging.webhooks);
    assert!(file.warnings.is_empty());
}

#[test]
fn lists_of_the_pair_choose_its_mapping() {
    let lists = json!({"all_users": 35, "active_conversations": 36, "leads": 37});
    let file = read(NESTED).unwrap();
    assert_eq!(
        Value::Object(file.field_mapping.unwrap().fields),
        json!({"preset": "brevo-contact", "lists": lists})
    );
    // With a mapping of its own, or towards nobody, they are named.
    let own = NESTED.replace("debug: true", "field_mapping: { email: E }");
    for text in [own, NESTED.replace("intercom_to_brevo", "read")] {
        let file = read(&text).unwrap();
        let named: Vec<&str> = file.warnings.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(
            named,
            [
                "connectors.intercom.lists.all_users",
                "connectors.intercom.lists.active_conversations",
                "connectors.intercom.lists.leads"
            ]
        );
    }
}

#[test]
fn a_mapping_is_taken_under_either_name_and_its_values_are_not_shown() {
    let file =
        read("connector: intercom\nmapping: { preset: ticket, teams: { a: s3cret } }\n").unwrap();
    let mapping = file.field_mapping.unwrap();
    assert_eq!(mapping.preset_name(), Some("ticket"));
    assert!(!format!("{mapping:?}").contains("s3cret"));
    let named = read("connector: intercom\nfield_mapping: ticket\n").unwrap();
    assert_eq!(named.field_mapping, Some(FieldMapping::preset("ticket")));
    let both = problems("connector: intercom\nmapping: ticket\nfield_mapping: ticket\n");
    assert_eq!(both[0].path, "mapping");
}

/// A country, a keyword and a field's name are texts, whatever YAML once took them for; a truth value may still be a word.
#[test]
fn words_are_truth_values_only_where_one_is_wanted() {
    let file = read(
        "connector: intercom\nenabled: yes\n\
         mapping: { preset: brevo-contact, country: NO, split_names: yes }\n\
         triggers: { t: { action: x, confirm: on, enabled: off, when: { keywords: [no, on, y] } } }\n",
    )
    .unwrap();
    let mapping = file.field_mapping.unwrap();
    assert_eq!(mapping.fields["country"], "NO");
    assert_eq!(mapping.fields["split_names"], true);
    let trigger = file.triggers.get("t").unwrap();
    assert_eq!(trigger.document["confirm"], true);
    assert!(!trigger.enabled);
    let words = serde_json::json!({ "keywords": ["no", "on", "y"] });
    assert_eq!(trigger.document["when"], words);
    let file = read(
        "connector: intercom\n\
         triggers: { t: { action: x, when: { keywords: [007, 1.50, 1_000, 5, true], at_most: 1.50 } } }\n",
    )
    .unwrap();
    assert_eq!(
        file.triggers.get("t").unwrap().document["when"],
        serde_json::json!({ "keywords": ["007", "1.50", "1_000", 5, "true"], "at_most": 1.5 })
    );
    let named = read("connector: intercom\nmapping: { email: N, name: Yes }\n").unwrap();
    let fields = named.field_mapping.unwrap().fields;
    assert_eq!(
        (&fields["email"], &fields["name"]),
        (&"N".into(), &"Yes".into())
    );
}

#[test]
fn all_problems_come_at_once_with_path_line_and_nearest_key() {
    let found = problems(
        "connector: intercom\ncredentials: { acces_token: x }\nstrems: [contacts]\nmode: live\ndirection: 5\nregion: us\n",
    );
    let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "credentials.acces_token",
            "mode",
            "direction",
            "strems",
            "region"
        ]
    );
    assert!(found[0].message.contains("did you mean access_token?"));
    assert_eq!(found[1].line, 4);
    assert_eq!(
        found[1].expected.as_deref(),
        Some("batch, realtime, hybrid")
    );
    assert!(found[3].message.contains("did you mean streams?"));
    assert!(found[4].message.contains("config.region"));
}

#[test]
fn a_version_without_quotes_is_refused_with_the_reason() {
    let found = problems("connector: intercom\nconfig: { api_version: 2.10 }\n");
    assert_eq!(found[0].path, "config.api_version");
    assert_eq!(found[0].found.as_deref(), Some("the number 2.10"));
    assert!(found[0].message.contains("2.10 for 2.1"));
    let nested = problems("connectors: { intercom: { api_version: 2.11 } }\n");
    assert_eq!(nested[0].path, "connectors.intercom.api_version");
}

#[test]
fn an_unset_variable_is_named_once_with_its_path() {
    let found = problems("connector: intercom\ncredentials: { access_token: \"${NOT_SET}\" }\n");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].path, "credentials.access_token");
    assert!(found[0].message.contains("NOT_SET"));
}

#[test]
fn secrets_are_in_no_message_and_no_debug_output() {
    let text = format!("{DIRECT}mode: ${{INTERCOM_ACCESS_TOKEN}}\n");
    let message = read(&text).unwrap_err().to_string();
    assert!(!message.contains("secret-token"), "{message}");
    let wrong = "connector: intercom\ncredentials: { access_token: [hush-hush] }\nmode: \"${INTERCOM_ACCESS_TOKEN}\"\n";
    let error = read(wrong).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
    assert!(
        !format!("{error} {error:?}").contains("secret-token"),
        "{error}"
    );
    let debug = format!("{:?}", read(DIRECT).unwrap());
    assert!(!debug.contains("secret-token") && !debug.contains("secret-client"));
    let broken =
        read("connector: intercom\ncredentials: { access_token: \"hush-hush\n").unwrap_err();
    assert!(!format!("{broken} {broken:?}").contains("hush"), "{broken}");
}

#[test]
fn a_duplicate_key_is_refused_with_both_lines() {
    let found = problems("connector: intercom\nmode: batch\nmode: hybrid\n");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code, found[0].line), ("duplicate_key", 3));
    assert!(found[0].message.contains("line 2"));
}

#[test]
fn a_connection_that_is_switched_off_says_so() {
    let found = problems("connectors: { intercom: { enabled: false } }\n");
    assert_eq!(found[0].path, "connectors.intercom.enabled");
    assert!(found[0].message.contains("switched off"));
}

#[test]
fn other_connectors_are_left_alone_with_a_warning() {
    let file = read("connectors: { intercom: {}, brevo: { api_key: x } }\n").unwrap();
    assert_eq!(file.warnings[0].path, "connectors.brevo");
    assert!(
        problems("connectors: { brevo: {} }\n")[0]
            .message
            .contains("no connector")
    );
}

#[test]
fn a_mapping_below_a_stream_is_about_that_stream() {
    let file = read(
        "connector: intercom\nfield_mapping: { email: EMAIL, companies: { name: COMPANY, plan.name: PLAN } }\n",
    )
    .unwrap();
    assert_eq!(
        Value::Object(file.field_mapping.unwrap().fields),
        json!({"email": "EMAIL", "companies": {"name": "COMPANY", "plan.name": "PLAN"}})
    );
    assert_eq!(
        problems("connector: intercom\nfield_mapping: { email: 1 }\n")[0].path,
        "field_mapping.email"
    );
}

#[test]
fn other_keys_of_config_reach_the_component() {
    let file = read("connector: intercom\nconfig: { lookback: 5, nested: { a: [true, null] } }\n")
        .unwrap();
    assert_eq!(
        Value::Object(file.config),
        json!({"lookback": 5, "nested": {"a": [true, null]}})
    );
}

#[test]
fn deep_nesting_and_size_are_errors_and_not_a_crash() {
    let deep = format!("connector: {}x{}", "[".repeat(100_000), "]".repeat(100_000));
    let error = read(&deep).unwrap_err();
    assert!(
        matches!(error, ConnectionFileError::Syntax { .. }),
        "{error}"
    );
    let long = format!("connector: {}", "x".repeat(MAX_FILE_BYTES as usize));
    assert!(matches!(
        read(&long),
        Err(ConnectionFileError::TooLarge { .. })
    ));
}

#[test]
fn aliases_cannot_blow_up() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert!(matches!(
        read(&text),
        Err(ConnectionFileError::Syntax { .. })
    ));
}

#[test]
fn a_file_of_too_many_values_is_told_so() {
    let words = vec!["a"; 60_000].join(",");
    let error = read(&format!("connector: intercom\nstreams: [{words}]\n")).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("more keys and values"), "{message}");
}

#[test]
fn what_is_no_mapping_is_named() {
    assert!(matches!(read(""), Err(ConnectionFileError::Empty { .. })));
    assert!(matches!(
        read("# nothing\n"),
        Err(ConnectionFileError::Empty { .. })
    ));
    assert!(problems("- a\n")[0].message.contains("mapping"));
    assert!(problems("mode: batch\n")[0].path == "connector");
}

#[test]
fn several_signing_secrets_are_taken_while_one_is_replaced() {
    let file = read("connector: intercom\ncredentials: { client_secret: [one, two] }\n").unwrap();
    assert_eq!(file.client_secrets.len(), 2);
}

#[test]
fn no_damage_to_a_file_makes_the_reader_panic() {
    for text in [DIRECT, NESTED] {
        for (index, _) in text.char_indices() {
            let _ = read(&text[..index]);
            for damage in ["{", "]", "&a", "*a", ":", "\u{0}", "\t", "!!x", "- ", "${"] {
                let _ = read(&format!("{}{damage}{}", &text[..index], &text[index..]));
            }
        }
    }
}
