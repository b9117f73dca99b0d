//! Versions of components: where they are kept, which of them is active for which connection, and how another one is put in
//! its place while calls run.
//!
//! [`Store`] is a folder that outlives the process: the bytes of each version, and a manifest that says what is active.
//! [`Components`] is a process that runs them: it follows the manifest, whoever changes it. Each connection has a [`Plugin`]
//! of its own from it, whose calls take the version that is active for that connection when they begin.
//!
//! [`Plugin`]: crate::plugin::Plugin

mod acceptance;
mod asked;
mod judgement;
mod manifest;
mod running;
mod selection;
mod store;

pub use acceptance::{Refusal, StoredFormats};
pub use asked::asked_by;
pub use judgement::{Judgement, judge};
pub use manifest::{
    Canary, Change, FormatSet, FormatSets, Manifest, Selected, StoredVersion, TakenBack,
};
pub use running::{Components, ComponentsError, Swapped, VersionStatus};
pub use selection::{Activation, Meant, Scope};
pub use store::{Store, StoreError};
