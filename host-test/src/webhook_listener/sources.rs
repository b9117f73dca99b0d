//! From which addresses deliveries are taken.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;
use serde::Deserialize;

use crate::connection_file::{AllowedSource, ConnectionFile};
use crate::contract::connector::Descriptor;

/// The header in which proxies say for whom they ask.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Whose deliveries are taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sources {
    /// Absent: everybody's.
    pub(super) allowed: Option<Vec<IpNet>>,
    /// Whose word is taken for whom they ask.
    pub(super) proxies: Vec<IpNet>,
}

impl Sources {
    /// Whether a delivery is taken that comes over a connection with this address.
    pub(super) fn admit(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
        let Some(allowed) = &self.allowed else {
            return true;
        };
        let sender = peer.and_then(|peer| sender(peer, headers, &self.proxies));
        sender.is_some_and(|sender| holds(allowed, sender))
    }
}

/// Who sent a request: the address that is nearest to this host and that no trusted proxy has. `None` where a trusted proxy
/// says what is no address.
pub(crate) fn sender(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> Option<IpAddr> {
    let mut sender = peer.to_canonical();
    let values = headers.get_all(FORWARDED_FOR).iter().rev();
    let mut told = values.flat_map(|value| {
        let text = value.to_str().unwrap_or("?");
        text.split(',').rev().map(str::trim)
    });
    while holds(proxies, sender) {
        match told.next() {
            Some(text) => sender = text.parse::<IpAddr>().ok()?.to_canonical(),
            None => break,
        }
    }
    Some(sender)
}

fn holds(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// Why there are no published addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishedError {
    /// The word is not the provider's name.
    #[error(
        "`{found}` is no address; expected an IP address, a network such as 10.0.0.0/8, or {expected}"
    )]
    UnknownWord {
        /// The word.
        found: String,
        /// The provider's name.
        expected: String,
    },
    /// The component knows none for the region.
    #[error(
        "the component knows no addresses from which webhooks of the region {region} come; name them"
    )]
    Unpublished {
        /// The region.
        region: String,
    },
}

#[derive(Deserialize)]
struct Annotated {
    #[serde(default, rename = "x-webhook-sources")]
    regions: BTreeMap<String, Vec<IpNet>>,
}

/// The addresses that the provider publishes for a region, under the provider's name. The component says them, in an
/// annotation of its configuration's schema (`x-webhook-sources`), as it says which requests are searches.
pub fn published_networks(
    descriptor: &Descriptor,
    name: &str,
    region: Option<&str>,
) -> Result<Vec<IpNet>, PublishedError> {
    if name != descriptor.name {
        return Err(PublishedError::UnknownWord {
            found: name.to_owned(),
            expected: descriptor.name.clone(),
        });
    }
    let endpoint = descriptor.endpoints.first();
    let first = endpoint.and_then(|endpoint| endpoint.regions.first());
    let region = region
        .or(first.map(|region| region.name.as_str()))
        .unwrap_or_default();
    let annotated = serde_json::from_slice::<Annotated>(&descriptor.config_schema).ok();
    let networks = annotated.and_then(|mut annotated| annotated.regions.remove(region));
    networks.ok_or_else(|| PublishedError::Unpublished {
        region: region.to_owned(),
    })
}

/// The networks from which a connection takes webhooks; `None`: from everywhere. An error names its file.
pub fn allowed_networks(
    file: &ConnectionFile,
    descriptor: &Descriptor,
) -> Result<Option<Vec<IpNet>>, String> {
    if file.webhooks.allow_from.is_empty() {
        return Ok(None);
    }
    let region = file.config.get("region");
    let region = region.and_then(serde_json::Value::as_str);
    let mut networks = Vec::new();
    for source in &file.webhooks.allow_from {
        match source {
            AllowedSource::Network(network) => networks.push(*network),
            AllowedSource::Published(name) => {
                let published = published_networks(descriptor, name, region);
                networks.extend(published.map_err(|error| {
                    format!("{}: webhooks.allow_from: {error}", file.path.display())
                })?);
            }
        }
    }
    Ok(Some(networks))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tenant::sample::descriptor;

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn forwarded(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_what_trusted_proxies_say_counts() {
        let sources = Sources {
            allowed: Some(networks(&["203.0.113.7/32", "2001:db8::/32"])),
            proxies: networks(&["10.0.0.0/8", "192.0.2.1/32"]),
        };
        for (peer, told, admitted) in [
            ("203.0.113.7", &[][..], true),
            ("::ffff:203.0.113.7", &[], true),
            ("2001:db8::5", &[], true),
            ("203.0.113.8", &[], false),
            // Anybody can write the header.
            ("203.0.113.8", &["203.0.113.7"], false),
            ("10.1.1.1", &["203.0.113.7"], true),
            ("10.1.1.1", &["198.51.100.1, 203.0.113.7, 192.0.2.1"], true),
            ("10.1.1.1", &["203.0.113.7, 198.51.100.1"], false),
            ("10.1.1.1", &["198.51.100.1", "203.0.113.7"], true),
            ("10.1.1.1", &[], false),
            ("10.1.1.1", &["unknown"], false),
            ("10.1.1.1", &["203.0.113.7, unknown"], false),
        ] {
            let peer = Some(peer.parse().unwrap());
            let found = sources.admit(peer, &forwarded(told));
            assert_eq!(found, admitted, "{peer:?} {told:?}");
        }
        assert!(!sources.admit(None, &HeaderMap::new()));
        assert!(Sources::default().admit(None, &HeaderMap::new()));
    }

    #[test]
    fn the_component_says_what_the_provider_publishes() {
        let mut descriptor = descriptor();
        descriptor.name = "somebody".to_owned();
        descriptor.config_schema =
            br#"{"x-webhook-sources":{"us":["192.0.2.1/32","192.0.2.2/32"]}}"#.to_vec();
        let found = published_networks(&descriptor, "somebody", Some("us")).unwrap();
        assert_eq!(found, networks(&["192.0.2.1/32", "192.0.2.2/32"]));
        for (name, region, text) in [
            ("else", Some("us"), "somebody"),
            ("somebody", Some("eu"), "region eu"),
        ] {
            let error = published_networks(&descriptor, name, region).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
