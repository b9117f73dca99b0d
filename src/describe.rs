//! `describe`: what the component is, read from its tables.

use crate::config::{self, REGIONS};
use crate::contract::connector::{
    ActionDescriptor, AuthMethod, CodeExchange, CredentialHeader, Descriptor, Endpoint,
    ExchangeField, ExchangeValue, Formats, MappingPreset, RatePolicy, Region, StreamDescriptor,
    StreamModes, TopicDescriptor, WebhookRouting,
};
use crate::intercom::actions;
use crate::intercom::request::API;
use crate::intercom::streams::{STREAMS, Stream};
use crate::intercom::topics::TOPICS;
use crate::intercom::versions::{DEFAULT_VERSION, VERSIONS};
use crate::lasting::{self, text};
use crate::mapping::preset::PRESETS;
use crate::packed_text::{PackedText, Texts};
use crate::prelude::*;
use crate::{cursor, mapping, verify_webhook, write_batch};

/// The endpoint of the code exchange.
const OAUTH: &str = "oauth";

/// What the component is.
pub fn descriptor() -> Descriptor {
    let texts = Texts::unpacked();
    Descriptor {
        name: text("intercom"),
        version: text(env!("CARGO_PKG_VERSION")),
        cursor_formats: formats(cursor::FORMAT),
        state_formats: Formats {
            reads: write_batch::JOURNAL_READS.to_vec(),
            writes: write_batch::JOURNAL_FORMAT,
        },
        prepared_formats: formats(mapping::FORMAT),
        api_versions: owned(VERSIONS),
        default_api_version: text(DEFAULT_VERSION),
        auth_methods: auth_methods(),
        config_schema: lasting::bytes(texts.get(config::SCHEMA)),
        endpoints: [API, OAUTH]
            .into_iter()
            .map(|name| Endpoint {
                name: text(name),
                regions: REGIONS
                    .iter()
                    .map(|(region, url)| Region {
                        name: text(region),
                        base_url: text(url),
                    })
                    .collect(),
            })
            .collect(),
        rate_policy: RatePolicy {
            scope: text("app"),
            limit_header: Some(text("x-ratelimit-limit")),
            remaining_header: Some(text("x-ratelimit-remaining")),
            reset_header: Some(text("x-ratelimit-reset")),
            window_ms: 10_000,
            default_limit: 166,
        },
        streams: streams(texts),
        mapping_presets: PRESETS
            .iter()
            .map(|preset| MappingPreset {
                name: text(preset.name),
                stream: None,
                mapping: lasting::bytes(texts.get(preset.mapping)),
            })
            .collect(),
        actions: actions::all()
            .enumerate()
            .map(|(index, action)| ActionDescriptor {
                name: text(action.name),
                modes: action.modes.iter().map(|mode| text(mode.name)).collect(),
                input_schema: lasting::bytes(texts.get(PackedText::of_action(index))),
                batch_limit: action.batch_limit,
                replay_safe: action.is_replay_safe(),
                permission: Some(text(action.permission)),
            })
            .collect(),
        webhooks: Some(WebhookRouting {
            workspace_pointer: text("/app_id"),
            signature_header: text(verify_webhook::SIGNATURE_HEADER),
            max_body_bytes: verify_webhook::MOST_BODY_BYTES,
        }),
        topics: TOPICS
            .iter()
            .map(|topic| TopicDescriptor {
                name: text(topic.name),
                aliases: owned(topic.aliases),
                streams: owned(topic.told.streams),
                permission: Some(text(topic.told.permission)).filter(|name| !name.is_empty()),
            })
            .collect(),
    }
}

fn auth_methods() -> Vec<AuthMethod> {
    let header = || CredentialHeader {
        name: text("authorization"),
        value_template: text("Bearer {token}"),
    };
    let field = |name: &'static str, value| ExchangeField {
        name: text(name),
        value,
    };
    vec![
        AuthMethod {
            name: text("access-token"),
            header: header(),
            exchange: None,
            expires: false,
        },
        AuthMethod {
            name: text("oauth"),
            header: header(),
            exchange: Some(CodeExchange {
                endpoint: text(OAUTH),
                target: text("/auth/eagle/token"),
                fields: vec![
                    field("code", ExchangeValue::Code),
                    field("client_id", ExchangeValue::ClientId),
                    field("client_secret", ExchangeValue::ClientSecret),
                ],
                token_pointer: text("/token"),
            }),
            expires: false,
        },
    ]
}

fn streams(texts: Texts) -> Vec<StreamDescriptor> {
    STREAMS
        .iter()
        .enumerate()
        .map(|(index, stream)| StreamDescriptor {
            name: text(stream.name),
            key: owned(stream.key),
            cursor_field: stream.cursor_field.map(text),
            modes: modes(stream),
            parent: stream.parent.map(text),
            exclusive: stream.exclusive(),
            schema_version: stream.schema_version,
            schema: lasting::bytes(texts.get(PackedText::of_stream(index))),
            permission: Some(text(stream.permission)),
            api_versions: owned(stream.versions),
        })
        .collect()
}

fn modes(stream: &Stream) -> StreamModes {
    let mut modes = StreamModes::empty();
    modes.set(StreamModes::FULL, stream.listed());
    modes.set(StreamModes::INCREMENTAL, stream.incremental());
    modes.set(StreamModes::KEYS, stream.by_keys());
    modes
}

fn formats(only: u8) -> Formats {
    Formats {
        reads: vec![only],
        writes: only,
    }
}

fn owned(texts: &[&'static str]) -> Vec<String> {
    texts.iter().copied().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_what_the_tables_say() {
        let descriptor = descriptor();
        assert_eq!(descriptor.streams.len(), STREAMS.len());
        for (described, stream) in descriptor.streams.iter().zip(STREAMS) {
            assert_eq!(described.name, stream.name);
            let schema = crate::schema::record::of_stream(stream);
            assert_eq!(described.schema, schema.into_bytes(), "{}", stream.name);
        }
        assert_eq!(descriptor.actions.len(), actions::all().count());
        for (described, action) in descriptor.actions.iter().zip(actions::all()) {
            assert_eq!(described.name, action.name);
            let schema = actions::input_schema(action);
            assert_eq!(
                described.input_schema,
                schema.into_bytes(),
                "{}",
                action.name
            );
        }
        for (described, preset) in descriptor.mapping_presets.iter().zip(PRESETS) {
            assert_eq!(described.name, preset.name);
            assert_eq!(described.mapping, preset.mapping.text().into_bytes());
        }
        assert_eq!(descriptor.config_schema, config::SCHEMA.text().into_bytes());
    }
}
