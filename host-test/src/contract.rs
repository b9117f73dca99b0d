//! The contract of the package `integration:connector`, as Rust types made from `../wit`.
//!
//! The types carry the documentation of the WIT files. All of them are [`Clone`], [`Debug`] and [`PartialEq`]. Imports
//! and exports are asynchronous on this side: a guest that waits for an answer holds no thread.
//!
//! `Debug` of [`connector::WebhookDelivery`] and [`types::Connection`] shows what is in them, webhook secrets and
//! personal data included: never log them.

#[allow(missing_docs, unused_doc_comments, unused_variables)]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "plugin",
        imports: { default: async },
        exports: { default: async },
        additional_derives: [PartialEq],
    });
}

/// The namespace and the name of the contract's package.
pub const PACKAGE: &str = "integration:connector";

/// The version of the package that this host speaks, without its patch number: versions that agree in it link.
pub const VERSION: &str = "0.1";

/// The interface `connector`: what a component exports.
pub use bindings::exports::integration::connector::connector;

/// What a component may import.
pub use bindings::integration::connector::{http, log, state, types};

pub use bindings::Plugin as GuestBindings;

/// The name of the interface that a component exports, with the version of the package.
pub(crate) fn connector_interface() -> String {
    format!("{PACKAGE}/connector@{VERSION}.0")
}
