//! `describe`: what the component is.

use serde_json::{Value, json};

use super::{CommandError, print_json, print_line, start_logging};
use crate::command_line::{Exit, Global};
use crate::contract::connector::{Descriptor, StreamDescriptor, StreamModes};
use crate::limits::{CallLimits, SETTINGS};
use crate::opened_connection::load_component;
use crate::plugin::Plugin;
use crate::report::{bytes, table};

/// Describes the component.
pub(super) async fn run(global: &Global) -> Result<Exit, CommandError> {
    start_logging(global, None)?;
    let plugin = load_component(global.component.as_deref()).await?;
    if global.json {
        print_json(&to_json(&plugin))?;
    } else {
        print_line(&to_text(&plugin))?;
    }
    Ok(Exit::Success)
}

fn document(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}

fn modes(stream: &StreamDescriptor) -> Vec<&'static str> {
    [
        (StreamModes::FULL, "full"),
        (StreamModes::INCREMENTAL, "incremental"),
        (StreamModes::KEYS, "keys"),
    ]
    .into_iter()
    .filter(|(mode, _)| stream.modes.contains(*mode))
    .map(|(_, name)| name)
    .collect()
}

fn to_json(plugin: &Plugin) -> Value {
    let descriptor = plugin.descriptor();
    json!({
        "name": descriptor.name,
        "version": descriptor.version,
        "component": {
            "bytes": plugin.size(),
            "sha256": plugin.sha256(),
            "imports": plugin.imports(),
        },
        "formats": formats(descriptor),
        "limits": limits(),
        "api_versions": descriptor.api_versions,
        "default_api_version": descriptor.default_api_version,
        "config_schema": document(&descriptor.config_schema),
        "endpoints": endpoints(descriptor),
        "auth_methods": auth_methods(descriptor),
        "rate_policy": {
            "scope": descriptor.rate_policy.scope,
            "window_ms": descriptor.rate_policy.window_ms,
            "default_limit": descriptor.rate_policy.default_limit,
            "limit_header": descriptor.rate_policy.limit_header,
            "remaining_header": descriptor.rate_policy.remaining_header,
            "reset_header": descriptor.rate_policy.reset_header,
        },
        "streams": descriptor.streams.iter().map(stream).collect::<Vec<_>>(),
        "mapping_presets": descriptor.mapping_presets.iter().map(|preset| json!({
            "name": preset.name,
            "stream": preset.stream,
            "mapping": document(&preset.mapping),
        })).collect::<Vec<_>>(),
        "actions": descriptor.actions.iter().map(|action| json!({
            "name": action.name,
            "modes": action.modes,
            "batch_limit": action.batch_limit,
            "replay_safe": action.replay_safe,
            "permission": action.permission,
            "input_schema": document(&action.input_schema),
        })).collect::<Vec<_>>(),
        "webhooks": descriptor.webhooks.as_ref().map(|webhooks| json!({
            "workspace_pointer": webhooks.workspace_pointer,
            "signature_header": webhooks.signature_header,
            "max_body_bytes": webhooks.max_body_bytes,
        })),
        "topics": descriptor.topics.iter().map(|topic| json!({
            "name": topic.name,
            "aliases": topic.aliases,
            "streams": topic.streams,
            "permission": topic.permission,
        })).collect::<Vec<_>>(),
    })
}

fn formats(descriptor: &Descriptor) -> Value {
    let one = |formats: &crate::contract::connector::Formats| json!({"reads": formats.reads, "writes": formats.writes});
    json!({
        "cursor": one(&descriptor.cursor_formats),
        "state": one(&descriptor.state_formats),
        "prepared": one(&descriptor.prepared_formats),
    })
}

/// What a call of a connection may use where its file says nothing else, in bytes, milliseconds or things.
fn limits() -> Value {
    let defaults = CallLimits::default();
    let rows = SETTINGS.iter().map(|setting| {
        let row = json!({
            "default": setting.value(&defaults),
            "written": setting.written(setting.value(&defaults)),
            "per": setting.per,
            "meaning": setting.meaning,
        });
        (setting.name.to_owned(), row)
    });
    Value::Object(rows.collect())
}

fn endpoints(descriptor: &Descriptor) -> Value {
    descriptor
        .endpoints
        .iter()
        .map(|endpoint| {
            let regions: Vec<Value> = endpoint
                .regions
                .iter()
                .map(|region| json!({"name": region.name, "base_url": region.base_url}))
                .collect();
            json!({"name": endpoint.name, "regions": regions})
        })
        .collect()
}

fn auth_methods(descriptor: &Descriptor) -> Value {
    descriptor
        .auth_methods
        .iter()
        .map(|method| {
            json!({
                "name": method.name,
                "header": method.header.name,
                "expires": method.expires,
                "exchange": method.exchange.as_ref().map(|exchange| json!({
                    "endpoint": exchange.endpoint,
                    "target": exchange.target,
                    "token_pointer": exchange.token_pointer,
                })),
            })
        })
        .collect()
}

fn stream(stream: &StreamDescriptor) -> Value {
    json!({
        "name": stream.name,
        "key": stream.key,
        "cursor_field": stream.cursor_field,
        "modes": modes(stream),
        "parent": stream.parent,
        "exclusive": stream.exclusive,
        "permission": stream.permission,
        "api_versions": stream.api_versions,
        "schema_version": stream.schema_version,
        "schema": document(&stream.schema),
    })
}

fn to_text(plugin: &Plugin) -> String {
    let descriptor = plugin.descriptor();
    let mut text = format!(
        "{} {}  ({}, sha256 {}…)\n",
        descriptor.name,
        descriptor.version,
        bytes(plugin.size() as u64),
        plugin.sha256().get(..12).unwrap_or_default()
    );
    text.push_str(&format!("imports: {}\n", plugin.imports().join(", ")));
    text.push_str(&format!(
        "API versions: {} (default {})\n",
        descriptor.api_versions.join(", "),
        descriptor.default_api_version
    ));
    for endpoint in &descriptor.endpoints {
        let regions: Vec<String> = endpoint
            .regions
            .iter()
            .map(|region| format!("{} {}", region.name, region.base_url))
            .collect();
        text.push_str(&format!(
            "endpoint {}: {}\n",
            endpoint.name,
            regions.join(", ")
        ));
    }
    text.push('\n');
    text.push_str(&table(
        [
            "stream",
            "key",
            "modes",
            "cursor field",
            "parent",
            "permission",
        ],
        descriptor.streams.iter().map(|stream| {
            [
                stream.name.clone(),
                stream.key.join("/"),
                modes(stream).join(", "),
                stream.cursor_field.clone().unwrap_or_default(),
                stream.parent.clone().unwrap_or_default(),
                stream.permission.clone().unwrap_or_default(),
            ]
        }),
        usize::MAX,
    ));
    text.push_str("\n\n");
    text.push_str(&table(
        [
            "action",
            "modes",
            "rows in a batch",
            "replay-safe",
            "permission",
        ],
        descriptor.actions.iter().map(|action| {
            [
                action.name.clone(),
                action.modes.join(", "),
                action.batch_limit.to_string(),
                if action.replay_safe {
                    "yes"
                } else {
                    "by the journal"
                }
                .to_owned(),
                action.permission.clone().unwrap_or_default(),
            ]
        }),
        usize::MAX,
    ));
    text.push_str("\n\n");
    text.push_str(&table(
        ["webhook topic", "streams"],
        descriptor
            .topics
            .iter()
            .map(|topic| [topic.name.clone(), topic.streams.join(", ")]),
        usize::MAX,
    ));
    text.push_str("\n\n");
    let defaults = CallLimits::default();
    text.push_str(&table(
        ["limit", "default", "per", "what it is about"],
        SETTINGS.iter().map(|setting| {
            [
                setting.name.to_owned(),
                setting.written(setting.value(&defaults)),
                setting.per.to_owned(),
                setting.meaning.to_owned(),
            ]
        }),
        usize::MAX,
    ));
    text
}
