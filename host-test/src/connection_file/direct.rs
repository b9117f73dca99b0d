//! The first form: `connector`, `credentials`, `config` and what to do with them.

use std::path::Path;

use serde_json::{Map, Value};

use super::document::{Content, Node};
use super::problems::Problems;
use super::section::Section;
use super::{
    ConnectionFile, attachments, callbacks, endpoint, filters, http_output, intents, limits,
    mapping, rate, settings, triggers, webhooks,
};
use crate::secret::Secret;

/// Keys that people write at the top and that belong further down.
const ELSEWHERE: &[(&str, &str)] = &[
    ("access_token", "credentials.access_token"),
    ("client_id", "credentials.client_id"),
    ("client_secret", "credentials.client_secret"),
    ("token_file", "credentials.token_file"),
    ("region", "config.region"),
    ("api_version", "config.api_version"),
    ("start_date", "config.start_date"),
    ("sync", "streams (a list of names)"),
];

/// Reads the first form. Of what is wrong only the problems are of use.
pub(super) fn read(path: &Path, root: &Node, problems: &mut Problems) -> ConnectionFile {
    let mut connection = ConnectionFile::blank(path);
    let Some(mut top) = Section::open("", root, problems) else {
        return connection;
    };
    match top.text("connector", problems) {
        Some(name) => connection.connector = name,
        None if root.get("connector").is_none() => problems.say(
            "connector",
            0,
            "missing",
            "the connector's name is missing; write `connector: intercom`".to_owned(),
        ),
        None => {}
    }
    settings::enabled(&mut top, problems);
    if let Some(node) = top.take("credentials")
        && let Some(mut credentials) = Section::open("credentials", node, problems)
    {
        connection.access_token = credentials.secret("access_token", problems);
        settings::token_file(&mut credentials, &mut connection, problems);
        connection.client_id = credentials.text("client_id", problems);
        connection.client_secrets = credentials.secrets("client_secret", problems);
        credentials.finish(&[], problems);
    }
    if let Some(node) = top.take("config")
        && let Some(mut config) = Section::open("config", node, problems)
    {
        connection.start_date = config.text("start_date", problems);
        if let Some(version) = settings::api_version(&mut config, problems) {
            connection
                .config
                .insert("api_version".to_owned(), Value::String(version));
        }
        for (key, value) in config.others() {
            connection.config.insert(key.to_owned(), value.to_json());
        }
    }
    if let Some(node) = top.take("streams") {
        connection.streams = streams(node, problems);
    }
    settings::mode(&mut top, &mut connection, problems);
    connection.direction = settings::direction(&mut top, problems);
    connection.field_mapping = mapping::take(&mut top, problems);
    connection.endpoint = endpoint::read(&mut top, problems);
    if let Some(node) = top.take("filters") {
        connection.filters = filters::read(&top.path("filters"), node, problems);
    }
    connection.sweep_every = filters::sweep_every(&mut top, problems);
    webhooks::take(&mut top, &mut connection, problems);
    attachments::take(&mut top, &mut connection, problems);
    if let Some(node) = top.take("http_output") {
        connection.http_output = http_output::read(&top.path("http_output"), node, problems);
    }
    if let Some(node) = top.take("rate") {
        connection.rate = rate::read(&top.path("rate"), node, problems);
    }
    if let Some(node) = top.take("limits") {
        connection.limits = limits::read(&top.path("limits"), node, problems);
    }
    connection.triggers = triggers::take(&mut top, problems);
    connection.intents = intents::take(&mut top, problems);
    connection.callbacks = callbacks::take(&mut top, problems);
    connection.logging = settings::logging(&mut top, problems);
    top.finish(ELSEWHERE, problems);
    connection
}

fn streams(node: &Node, problems: &mut Problems) -> Vec<String> {
    let Content::List(items) = &node.content else {
        problems.push(node.problem(
            "streams",
            "type",
            "not a list of streams",
            "a list such as [contacts, companies]",
        ));
        return Vec::new();
    };
    if items.is_empty() {
        problems.say(
            "streams",
            node.line,
            "missing",
            "the list is empty; name a stream".to_owned(),
        );
    }
    let mut names: Vec<String> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = format!("streams[{index}]");
        match &item.content {
            Content::Text(name) if names.contains(name) => problems.say(
                &path,
                item.line,
                "duplicate_key",
                format!("{name} is named twice; keep one"),
            ),
            Content::Text(name) if !name.is_empty() => names.push(name.clone()),
            Content::Unresolved => {}
            _ => problems.push(item.problem(&path, "type", "not the name of a stream", "a text")),
        }
    }
    names
}

impl ConnectionFile {
    /// A connection of which nothing is known yet.
    pub(super) fn blank(path: &Path) -> ConnectionFile {
        ConnectionFile {
            path: path.to_path_buf(),
            connector: String::new(),
            access_token: None::<Secret>,
            token_file: path.with_extension("credentials.json"),
            client_id: None,
            client_secrets: Vec::new(),
            config: Map::new(),
            start_date: None,
            streams: Vec::new(),
            lenient_streams: false,
            mode: settings::Mode::Hybrid,
            direction: settings::Direction::Both,
            field_mapping: None,
            endpoint: None,
            rate: rate::RateSettings::default(),
            limits: crate::limits::CallLimits::default(),
            filters: std::collections::BTreeMap::new(),
            sweep_every: None,
            sync_every: None,
            written_sync_every: None,
            webhooks: webhooks::WebhookSettings::default(),
            attachments: attachments::AttachmentSettings::default(),
            http_output: http_output::HttpOutputSettings::default(),
            triggers: triggers::Triggers::default(),
            intents: None,
            callbacks: std::collections::BTreeMap::new(),
            logging: settings::Logging::default(),
            warnings: Vec::new(),
        }
    }
}
