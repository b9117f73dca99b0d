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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::components::{
        Activation, FormatSet, FormatSets, Manifest, Scope, Selected, Store, StoredVersion,
    };
    use crate::contract::state::Change;
    use crate::position::{Position, State, StateFile};
    use crate::private_file;
    use crate::state_store::{StateLimits, StateStore as _};

    fn version(version: &str, reads: &[u8]) -> StoredVersion {
        let set = FormatSet {
            reads: reads.iter().copied().collect(),
            writes: reads[0],
        };
        StoredVersion {
            name: "sample".to_owned(),
            version: version.to_owned(),
            sha256: version.repeat(12),
            bytes: 1,
            added_at_ms: 0,
            formats: FormatSets {
                cursor: set.clone(),
                state: set.clone(),
                prepared: set,
            },
            asks: Default::default(),
        }
    }

    /// A store of two versions whose first one is active, followed by a platform with this folder.
    fn store(folder: &Path, data: &Path) -> Store {
        let mut selected = Selected::default();
        selected.all.active = Some("1.0.0".repeat(12));
        let manifest = Manifest {
            versions: vec![version("1.0.0", &[1]), version("2.0.0", &[2])],
            connectors: [("sample".to_owned(), selected)].into(),
            ..Manifest::default()
        };
        let bytes = serde_json::to_vec(&manifest).unwrap();
        private_file::replace(&folder.join("manifest.json"), &bytes).unwrap();
        let store = Store::new(folder);
        store.is_followed_by(data).unwrap();
        store
    }

    #[test]
    fn a_version_that_cannot_read_what_is_stored_is_refused_by_the_names_of_those_who_have_it() {
        let folder = written::Folder::new();
        let data = folder.path().join("data");
        let store_folder = folder.path().join("components");
        std::fs::create_dir_all(&data).unwrap();
        std::fs::create_dir_all(&store_folder).unwrap();
        let store = store(&store_folder, &data);

        // One with an output of lines, one that posts, and one of which only the component keeps something.
        let mut state = State::default();
        let position = Position {
            checkpoint: Some(vec![1]),
            format: 1,
            ..Position::default()
        };
        state.stream_mut("rows").store(position, 0);
        for (name, path) in [("lines", "records/.state.json"), ("posts", "position.json")] {
            let path = Folder::of(&data, name).path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let (file, _) = StateFile::open(&path).unwrap();
            file.save(&state).unwrap();
        }
        let keeps = Folder::of(&data, "keeps");
        keeps.make().unwrap();
        let values = SqliteState::open(&keeps.state()).unwrap();
        let change = Change {
            key: "k".to_owned(),
            expected: None,
            value: Some(vec![1, 7]),
            ttl_ms: None,
        };
        let limits = StateLimits {
            value: 1_000,
            total: 1_000,
            keys: 10,
        };
        values
            .swap_all("keeps", &[change], limits, now_ms())
            .unwrap();

        let refusal = |scope| {
            let mut asked = Activation {
                version: "2.0.0".to_owned(),
                scope,
                ..Activation::default()
            };
            asked.stored = of_folders(&store.those_meant(&asked).unwrap());
            store.activate(&asked).unwrap_err().to_string()
        };
        let all = refusal(Scope::All);
        for said in [
            "lines (rows)",
            "posts (rows)",
            "does not read state of format 1, in which keeps is stored",
        ] {
            assert!(all.contains(said), "{said}: {all}");
        }
        // Whom it is not for does not count; the version before it still does.
        let one = refusal(Scope::Connection("posts".to_owned()));
        assert!(one.contains("in which posts (rows) is stored"), "{one}");
        assert!(!one.contains("lines") && !one.contains("keeps"), "{one}");
        let nobody = refusal(Scope::Connection("nobody".to_owned()));
        assert!(
            nobody.contains("which sample 1.0.0 (1.0.01.0.01.) left behind"),
            "{nobody}"
        );
    }

    #[test]
    fn platforms_that_are_gone_are_forgotten() {
        let folder = written::Folder::new();
        let gone = folder.path().join("gone");
        std::fs::create_dir(&gone).unwrap();
        let store = store(folder.path(), &gone);
        std::fs::remove_dir(&gone).unwrap();
        store.is_followed_by(folder.path()).unwrap();
        let platforms = store.manifest().unwrap().platforms;
        assert_eq!(platforms, [folder.path().to_path_buf()].into());
    }
}
