//! The second form: `connectors.intercom` with everything flat below it.

use std::path::Path;

use serde_json::Value;

use super::document::{Content, Node};
use super::mapping::FieldMapping;
use super::problems::{Problem, Problems};
use super::section::Section;
use super::{
    ConnectionFile, alerts, attachments, callbacks, endpoint, filters, http_output, intents,
    limits, mapping, proxy, rate, settings, triggers, webhooks,
};

/// The connector that this file is read for; others in it are named in a warning.
const CONNECTOR: &str = "intercom";

/// The pair whose lists choose a mapping, and that mapping.
const TO_BREVO: &str = "intercom_to_brevo";
const BREVO_CONTACT: &str = "brevo-contact";

/// Keys of the first form that people put into the second.
const ELSEWHERE: &[(&str, &str)] = &[(
    "credentials",
    "connectors.intercom itself (access_token, token_file, client_id, client_secret)",
)];

/// Reads the second form. Of what is wrong only the problems are of use.
pub(super) fn read(path: &Path, root: &Node, problems: &mut Problems) -> ConnectionFile {
    let mut connection = ConnectionFile::blank(path);
    connection.connector = CONNECTOR.to_owned();
    connection.lenient_streams = true;
    let Some(mut top) = Section::open("", root, problems) else {
        return connection;
    };
    let connectors = top.take("connectors");
    top.finish(&[("connector", "connectors")], problems);
    let Some(mut connectors) =
        connectors.and_then(|node| Section::open("connectors", node, problems))
    else {
        return connection;
    };
    let Some(node) = connectors.take(CONNECTOR) else {
        problems.say(
            "connectors.intercom",
            0,
            "missing",
            "there is no connector of this name in the file".to_owned(),
        );
        connectors.finish(&[], problems);
        return connection;
    };
    for (name, other) in connectors.others() {
        connection.warnings.push(warning(
            &connectors.path(name),
            other,
            "another connector: not run by this host, left alone".to_owned(),
        ));
    }
    if let Some(section) = Section::open("connectors.intercom", node, problems) {
        intercom(node, section, &mut connection, problems);
    }
    connection
}

fn intercom(
    node: &Node,
    mut section: Section<'_>,
    connection: &mut ConnectionFile,
    problems: &mut Problems,
) {
    settings::enabled(&mut section, problems);
    connection.access_token = section.secret("access_token", problems);
    settings::token_file(&mut section, connection, problems);
    connection.client_id = section.text("client_id", problems);
    connection.client_secrets = section.secrets("client_secret", problems);
    if let Some(version) = settings::api_version(&mut section, problems) {
        connection
            .config
            .insert("api_version".to_owned(), Value::String(version));
    }
    if let Some(region) = section.text("region", problems) {
        connection
            .config
            .insert("region".to_owned(), Value::String(region));
    }
    connection.start_date = section.text("start_date", problems);
    if let Some(node) = section.take("sync") {
        connection.streams = streams(&section.path("sync"), node, problems);
    }
    settings::mode(&mut section, connection, problems);
    connection.direction = settings::direction(&mut section, problems);
    connection.field_mapping = mapping::take(&mut section, problems);
    if let Some(lists) = section.take("lists") {
        let towards = node.get("direction").map(|node| &node.content);
        let brevo = matches!(towards, Some(Content::Text(pair)) if pair == TO_BREVO);
        read_lists(&section.path("lists"), lists, brevo, connection, problems);
    }
    connection.endpoint = endpoint::read(&mut section, problems);
    connection.proxy = proxy::read(&mut section, problems);
    if let Some(node) = section.take("filters") {
        connection.filters = filters::read(&section.path("filters"), node, problems);
    }
    connection.sweep_every = filters::sweep_every(&mut section, problems);
    webhooks::take(&mut section, connection, problems);
    attachments::take(&mut section, connection, problems);
    if let Some(node) = section.take("http_output") {
        connection.http_output = http_output::read(&section.path("http_output"), node, problems);
    }
    if let Some(node) = section.take("limits") {
        connection.limits = limits::read(&section.path("limits"), node, problems);
    }
    if let Some(node) = section.take("rate") {
        connection.rate = rate::read(&section.path("rate"), node, problems);
    }
    if let Some(node) = section.take("alerts") {
        connection.alerts = alerts::read(&section.path("alerts"), node, problems);
    }
    connection.triggers = triggers::take(&mut section, problems);
    connection.intents = intents::take(&mut section, problems);
    connection.callbacks = callbacks::take(&mut section, problems);
    connection.logging = settings::logging(&mut section, problems);
    section.finish(ELSEWHERE, problems);
}

fn streams(path: &str, node: &Node, problems: &mut Problems) -> Vec<String> {
    let Content::Map(entries) = &node.content else {
        problems.push(node.problem(
            path,
            "type",
            "not a mapping of streams",
            "STREAM: true or false",
        ));
        return Vec::new();
    };
    let mut names = Vec::new();
    for (name, value) in entries {
        match value.truth() {
            Some(true) => names.push(name.clone()),
            Some(false) => {}
            None if matches!(value.content, Content::Unresolved) => {}
            None => problems.push(value.problem(
                &format!("{path}.{name}"),
                "type",
                "not a truth value",
                "true or false",
            )),
        }
    }
    names
}

/// Lists of the service at the far end of the pair. They are parameters of the mapping to it, which they choose where the
/// file has none; otherwise it is said that nothing is done with them.
fn read_lists(
    path: &str,
    node: &Node,
    brevo: bool,
    connection: &mut ConnectionFile,
    problems: &mut Problems,
) {
    let Content::Map(entries) = &node.content else {
        problems.push(node.problem(path, "type", "not a mapping of lists", "NAME: number"));
        return;
    };
    for (name, value) in entries {
        if !matches!(
            value.content,
            Content::Number(_) | Content::Text(_) | Content::Unresolved
        ) {
            let path = format!("{path}.{name}");
            problems.push(value.problem(&path, "type", "not the id of a list", "a number"));
        }
    }
    let mapping = match connection.field_mapping.take() {
        None if brevo => Some(FieldMapping::preset(BREVO_CONTACT)),
        given => given,
    };
    connection.field_mapping = mapping;
    match &mut connection.field_mapping {
        Some(mapping) if mapping.preset_name() == Some(BREVO_CONTACT) => {
            mapping.fields.entry("lists").or_insert_with(|| node.to_json());
        }
        _ => connection.warnings.extend(entries.iter().map(|(name, value)| {
            warning(
                &format!("{path}.{name}"),
                value,
                format!("lists are parameters of the mapping `{BREVO_CONTACT}`, which this connection does not use"),
            )
        })),
    }
}

fn warning(path: &str, node: &Node, message: String) -> Problem {
    Problem {
        path: path.to_owned(),
        line: node.line,
        code: "not_supported",
        message,
        found: None,
        expected: None,
    }
}
