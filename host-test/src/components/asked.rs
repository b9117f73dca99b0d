//! What a component asks for, in words that can be compared and shown.

use std::collections::BTreeSet;

use crate::contract::connector::Descriptor;
use crate::plugin::Plugin;

/// Everything that a component asks for: what it imports, where it sends requests, which headers carry the credential, what it
/// exchanges codes with, and the permissions that the provider has to give. A version that asks for no word more than another
/// one needs nobody's consent.
pub fn asked_by(plugin: &Plugin) -> BTreeSet<String> {
    let imports = plugin.imports().iter().map(|name| import(name));
    imports.chain(described(plugin.descriptor())).collect()
}

/// An import without its version: the contract's is checked elsewhere, and the patch of a clock changes no right.
fn import(name: &str) -> String {
    let (interface, _) = name.split_once('@').unwrap_or((name, ""));
    format!("import {interface}")
}

fn described(descriptor: &Descriptor) -> Vec<String> {
    let mut asks = Vec::new();
    for endpoint in &descriptor.endpoints {
        for region in &endpoint.regions {
            asks.push(format!("endpoint {} {}", endpoint.name, region.base_url));
        }
    }
    for method in &descriptor.auth_methods {
        asks.push(format!("credential header {}", method.header.name));
        if let Some(exchange) = &method.exchange {
            asks.push(format!(
                "code exchange {} {}",
                exchange.endpoint, exchange.target
            ));
        }
    }
    let streams = descriptor.streams.iter().map(|stream| &stream.permission);
    let actions = descriptor.actions.iter().map(|action| &action.permission);
    let topics = descriptor.topics.iter().map(|topic| &topic.permission);
    let permissions = streams.chain(actions).chain(topics).flatten();
    asks.extend(permissions.map(|permission| format!("permission {permission}")));
    asks
}
