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
pub use bindings::integration::connector::{http, log, state};

/// Types that several interfaces share.
pub mod types {
    use super::bindings::integration::connector::types;
    pub use types::Failure as WholeFailure;
    pub use types::*;

    /// A failure on its way through the component: one word. As it is, it has eighteen, and every `?` would move them: 6 kB
    /// of the component.
    pub type Failure = alloc::boxed::Box<types::Failure>;
}

#[cfg(target_arch = "wasm32")]
pub use bindings::{export, exports};
