//! The bindings of the contract, generated from `wit/`: plain values, and the imports and exports of the component.

#[allow(
    missing_docs,
    clippy::all,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic
)]
mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "plugin",
        generate_all,
        pub_export_macro: true,
        additional_derives: [PartialEq],
    });
}

pub use bindings::exports::integration::connector::connector;
pub use bindings::integration::connector::{http, log, state, types};

#[cfg(target_arch = "wasm32")]
pub use bindings::{export, exports};
