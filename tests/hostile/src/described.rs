//! What the component says that it is.

use crate::bindings::exports::integration::connector::connector::*;
use crate::deeds;
use crate::settings::{numbers, setting};

pub fn descriptor() -> Descriptor {
    if let Some(deed) = setting("describe") {
        let _ = deeds::perform(format!("{{\"do\":\"{deed}\"}}").as_bytes());
    }
    let reads = numbers("reads").unwrap_or_else(|| vec![1]);
    let writes = numbers("writes").map_or(1, |writes| writes[0]);
    let formats = |reads: &[u8], writes| Formats {
        reads: reads.to_vec(),
        writes,
    };
    let mut regions = vec![region("us", "https://api.example.com")];
    regions.extend(setting("endpoint").map(|url| region("extra", &url)));
    Descriptor {
        name: setting("name").unwrap_or_else(|| "hostile".to_owned()),
        version: setting("version").unwrap_or_else(|| "1.0.0".to_owned()),
        cursor_formats: formats(&reads, writes),
        state_formats: formats(&[1], 1),
        prepared_formats: formats(&[1], 1),
        api_versions: vec!["1".to_owned()],
        default_api_version: "1".to_owned(),
        auth_methods: vec![AuthMethod {
            name: "access-token".to_owned(),
            header: CredentialHeader {
                name: "Authorization".to_owned(),
                value_template: "Bearer {token}".to_owned(),
            },
            exchange: None,
            expires: false,
        }],
        config_schema: b"{}".to_vec(),
        endpoints: vec![Endpoint {
            name: "api".to_owned(),
            regions,
        }],
        rate_policy: RatePolicy {
            scope: "workspace".to_owned(),
            limit_header: None,
            remaining_header: None,
            reset_header: None,
            window_ms: 1_000,
            default_limit: 1_000_000,
        },
        streams: vec![StreamDescriptor {
            name: "rows".to_owned(),
            key: vec!["id".to_owned()],
            cursor_field: None,
            modes: StreamModes::FULL | StreamModes::INCREMENTAL,
            parent: None,
            exclusive: false,
            schema_version: 1,
            schema: b"{}".to_vec(),
            permission: setting("permission"),
            api_versions: Vec::new(),
        }],
        mapping_presets: Vec::new(),
        actions: Vec::new(),
        webhooks: Some(WebhookRouting {
            workspace_pointer: "/app_id".to_owned(),
            signature_header: "x-signature".to_owned(),
            max_body_bytes: 1 << 20,
        }),
        topics: Vec::new(),
    }
}

fn region(name: &str, base_url: &str) -> Region {
    Region {
        name: name.to_owned(),
        base_url: base_url.to_owned(),
    }
}
