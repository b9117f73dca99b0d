//! Which webhook topics the app is to subscribe to, and which of them the credential does not allow.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::finding::Finding;
use crate::connection_file::ConnectionFile;
use crate::contract::connector::{CheckReport, Descriptor, Readability, TopicDescriptor};

const WHAT: &str = "webhook topics";

/// The topics that a connection is for, under the names that they have today: those that it chooses, or those that tell of
/// its streams. Empty where it does not say.
pub(super) fn wanted<'a>(
    file: &ConnectionFile,
    descriptor: &'a Descriptor,
) -> Vec<&'a TopicDescriptor> {
    let choices = chosen(file);
    let topics = descriptor.topics.iter();
    let wanted = topics.filter(|topic| match choices.is_empty() {
        true => topic.streams.iter().any(|name| file.streams.contains(name)),
        false => choices
            .iter()
            .any(|choice| chooses(choice, topic, descriptor)),
    });
    wanted.collect()
}

/// The permissions that the credential lacks, as the check of the streams found.
pub(super) fn denied(descriptor: &Descriptor, report: &CheckReport) -> Vec<String> {
    let streams = descriptor.streams.iter().filter(|stream| {
        let mut found = report.streams.iter();
        found.any(|status| {
            status.name == stream.name && matches!(status.readability, Readability::Denied(_))
        })
    });
    streams
        .filter_map(|stream| stream.permission.clone())
        .collect()
}

/// What is to be subscribed to, and what will not come all the same.
pub(super) fn topics(
    file: &ConnectionFile,
    wanted: &[&TopicDescriptor],
    denied: &[String],
) -> Vec<Finding> {
    let takes_webhooks = file.wants_webhooks() && !file.client_secrets.is_empty();
    if wanted.is_empty() || !takes_webhooks {
        return Vec::new();
    }
    let names: Vec<&str> = wanted.iter().map(|topic| topic.name.as_str()).collect();
    let whose = match chosen(file).is_empty() {
        true => "tell of the connection's streams",
        false => "are taken, and no others",
    };
    let mut findings = vec![Finding::good(
        WHAT,
        format!(
            "these {} {whose}; subscribe to them in the settings of your app: {}",
            names.len(),
            names.join(", ")
        ),
    )];
    let mut lacking: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for topic in wanted.iter().filter(|topic| !is_allowed(topic, denied)) {
        let permission = topic.permission.as_deref().unwrap_or_default();
        lacking.entry(permission).or_default().push(&topic.name);
    }
    findings.extend(lacking.into_iter().map(|(permission, names)| {
        Finding::aside(
            WHAT,
            format!("cannot be subscribed to without the permission `{permission}`: {}", names.join(", ")),
            format!("give the app the permission `{permission}` and authorise it again, or take them out of webhooks.topics"),
        )
    }));
    findings
}

/// The same, for programs.
pub(super) fn to_json(wanted: &[&TopicDescriptor], denied: &[String]) -> Vec<Value> {
    let topics = wanted.iter().map(|topic| {
        json!({
            "name": topic.name,
            "aliases": topic.aliases,
            "permission": topic.permission,
            "permitted": is_allowed(topic, denied),
        })
    });
    topics.collect()
}

fn is_allowed(topic: &TopicDescriptor, denied: &[String]) -> bool {
    topic
        .permission
        .as_ref()
        .is_none_or(|name| !denied.contains(name))
}

/// The names that the configuration chooses.
fn chosen(file: &ConnectionFile) -> Vec<&str> {
    let topics = file
        .config
        .get("webhooks")
        .map(|webhooks| &webhooks["topics"]);
    let names = topics.and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

/// Whether a choice means a topic, as the component takes it: by its name, else by an alias, or with `*` by how one begins.
fn chooses(choice: &str, topic: &TopicDescriptor, descriptor: &Descriptor) -> bool {
    let mut names = topic.aliases.iter().chain([&topic.name]);
    match choice.strip_suffix('*') {
        Some(start) => names.any(|name| name.starts_with(start)),
        None if topic.name == choice => true,
        None => {
            names.any(|name| name == choice)
                && descriptor.topics.iter().all(|one| one.name != choice)
        }
    }
}
