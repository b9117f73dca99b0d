//! The formats in which connections have things stored, so that a version is not activated that could not go on with them.

use std::path::Path;

use super::folder::Folder;
use super::registry::Registry;
use super::status::state_of;
use crate::clock::now_ms;
use crate::components::{Meant, StoredFormats};
use crate::output::OutputTarget;
use crate::state_store::SqliteState;

/// What the connections of a running platform have stored that an activation is meant for.
pub(super) fn of_platform(registry: &Registry, data: &Path, meant: &Meant) -> StoredFormats {
    let mut stored = StoredFormats::default();
    for known in registry.all() {
        if meant.is(&known.name) {
            let folder = Folder::of(data, &known.name);
            let target = folder.output(&known.output);
            add(&mut stored, &known.name, &folder, [target]);
        }
    }
    stored
}

/// The same of the platforms whose folders a store knows, whether their servers run or not. Outputs that a platform's file placed
/// elsewhere are seen by its server alone.
pub(crate) fn of_folders(meant: &Meant) -> StoredFormats {
    let mut stored = StoredFormats::default();
    for data in &meant.platforms {
        let connections = std::fs::read_dir(Folder::all(data));
        // Nobody can have stored anything in a folder that is not there.
        for entry in connections.into_iter().flatten().flatten() {
            let name = entry.file_name();
            if let Some(name) = name.to_str().filter(|name| meant.is(name)) {
                let folder = Folder::of(data, name);
                let targets = folder.own_outputs();
                add(&mut stored, name, &folder, targets);
            }
        }
    }
    stored
}

fn add(
    stored: &mut StoredFormats,
    name: &str,
    folder: &Folder,
    targets: impl IntoIterator<Item = OutputTarget>,
) {
    for target in targets {
        if let Some(state) = state_of(folder, &target) {
            stored.add(name, &state);
        }
    }
    match SqliteState::formats(&folder.state(), now_ms()) {
        Ok(formats) => stored.add_values(name, formats),
        Err(error) => tracing::warn!(connection = name, "what it keeps is not looked at: {error}"),
    }
}
