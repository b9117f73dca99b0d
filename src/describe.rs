//! `describe`: what the component is, read from its tables.

use crate::config::{self, REGIONS};
use crate::contract::connector::{
    ActionDescriptor, AuthMethod, CodeExchange, CredentialHeader, Descriptor, Endpoint,
    ExchangeField, ExchangeValue, Formats, MappingPreset, RatePolicy, Region, StreamDescriptor,
    StreamModes, TopicDescriptor, WebhookRouting,
};
use crate::intercom::actions::{self, input_schema};
use crate::intercom::request::API;
use crate::intercom::streams::{STREAMS, Stream};
use crate::intercom::topics::TOPICS;
use crate::intercom::versions::{DEFAULT_VERSION, VERSIONS};
use crate::mapping::preset::PRESETS;
use crate::packed_text::Texts;
use crate::prelude::*;
use crate::{cursor, mapping, schema, verify_webhook, write_batch};

/// The endpoint of the code exchange.
const OAUTH: &str = "oauth";

/// What the component is.
pub fn descriptor() -> Descriptor {
    let texts = Texts::unpacked();
    Descriptor {
        name: "intercom".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        cursor_formats: formats(cursor::FORMAT),
        state_formats: Formats {
            reads: write_batch::JOURNAL_READS.to_vec(),
            writes: write_batch::JOURNAL_FORMAT,
        },
        prepared_formats: formats(mapping::FORMAT),
        api_versions: owned(VERSIONS),
        default_api_version: DEFAULT_VERSION.to_owned(),
        auth_methods: auth_methods(),
        config_schema: texts.get(config::SCHEMA).to_vec(),
        endpoints: [API, OAUTH]
            .into_iter()
            .map(|name| Endpoint {
                name: name.to_owned(),
                regions: REGIONS
                    .iter()
                    .map(|(region, url)| Region {
                        name: (*region).to_owned(),
                        base_url: (*url).to_owned(),
                    })
                    .collect(),
            })
            .collect(),
        rate_policy: RatePolicy {
            scope: "app".to_owned(),
            limit_header: Some("x-ratelimit-limit".to_owned()),
            remaining_header: Some("x-ratelimit-remaining".to_owned()),
            reset_header: Some("x-ratelimit-reset".to_owned()),
            window_ms: 10_000,
            default_limit: 166,
        },
        streams: streams(),
        mapping_presets: PRESETS
            .iter()
            .map(|preset| MappingPreset {
                name: preset.name.to_owned(),
                stream: None,
                mapping: texts.get(preset.mapping).to_vec(),
            })
            .collect(),
        actions: actions::all()
            .map(|action| ActionDescriptor {
                name: action.name.to_owned(),
                modes: action
                    .modes
                    .iter()
                    .map(|mode| mode.name.to_owned())
                    .collect(),
                input_schema: input_schema(action).into_bytes(),
                batch_limit: action.batch_limit,
                replay_safe: action.is_replay_safe(),
                permission: Some(action.permission.to_owned()),
            })
            .collect(),
        webhooks: Some(WebhookRouting {
            workspace_pointer: "/app_id".to_owned(),
            signature_header: verify_webhook::SIGNATURE_HEADER.to_owned(),
            max_body_bytes: verify_webhook::MOST_BODY_BYTES,
        }),
        topics: TOPICS
            .iter()
            .map(|topic| TopicDescriptor {
                name: topic.name.to_owned(),
                aliases: owned(topic.aliases),
                streams: owned(topic.told.streams),
                permission: Some(topic.told.permission.to_owned()).filter(|name| !name.is_empty()),
            })
            .collect(),
    }
}

fn auth_methods() -> Vec<AuthMethod> {
    let header = || CredentialHeader {
        name: "authorization".to_owned(),
        value_template: "Bearer {token}".to_owned(),
    };
    let field = |name: &str, value| ExchangeField {
        name: name.to_owned(),
        value,
    };
    vec![
        AuthMethod {
            name: "access-token".to_owned(),
            header: header(),
            exchange: None,
            expires: false,
        },
        AuthMethod {
            name: "oauth".to_owned(),
            header: header(),
            exchange: Some(CodeExchange {
                endpoint: OAUTH.to_owned(),
                target: "/auth/eagle/token".to_owned(),
                fields: vec![
                    field("code", ExchangeValue::Code),
                    field("client_id", ExchangeValue::ClientId),
                    field("client_secret", ExchangeValue::ClientSecret),
                ],
                token_pointer: "/token".to_owned(),
            }),
            expires: false,
        },
    ]
}

fn streams() -> Vec<StreamDescriptor> {
    STREAMS
        .iter()
        .map(|stream| StreamDescriptor {
            name: stream.name.to_owned(),
            key: owned(stream.key),
            cursor_field: stream.cursor_field.map(str::to_owned),
            modes: modes(stream),
            parent: stream.parent.map(str::to_owned),
            exclusive: stream.exclusive(),
            schema_version: stream.schema_version,
            schema: schema::of_stream(stream, &[]).into_bytes(),
            permission: Some(stream.permission.to_owned()),
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

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
