//! Whether the component that was built last is that of the sources as they are. Cargo would find out as well, but takes
//! longer for it than most commands take for all they do.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What a component is made of beside its own sources.
const INPUTS: [&str; 6] = [
    "build.rs",
    "wit",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    ".cargo/config.toml",
];

/// Whether a file is newer than everything that it is made of. What cannot be looked at counts as changed.
pub(super) fn is_fresh(built: &Path, root: &Path, sources: &str) -> bool {
    let Some(built) = changed_at(built) else {
        return false;
    };
    let mut open: Vec<PathBuf> = INPUTS.iter().map(|input| root.join(input)).collect();
    open.push(root.join(sources));
    while let Some(path) = open.pop() {
        // A directory changes when a file comes or goes.
        match changed_at(&path) {
            Some(changed) if changed < built => {}
            _ => return false,
        }
        if path.is_dir() {
            let Ok(entries) = fs::read_dir(&path) else {
                return false;
            };
            open.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
    true
}

/// Says that a file holds the sources as they were at a time, for cargo leaves alone what it need not make anew. The time
/// is the one before cargo looked: a source that changes while it builds is newer.
pub(super) fn refresh(built: &Path, looked: SystemTime) {
    let opened = fs::File::options().append(true).open(built);
    if let Err(error) = opened.and_then(|file| file.set_modified(looked)) {
        tracing::debug!("{}: {error}", built.display());
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn sources() -> written::Folder {
        let root = written::Folder::new();
        for input in INPUTS.into_iter().chain(["src"]) {
            let path = root.path().join(input);
            match input {
                "src" | "wit" => fs::create_dir_all(path.join("deep")).unwrap(),
                _ => {
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, "").unwrap();
                }
            }
        }
        fs::write(root.path().join("src/deep/file.rs"), "").unwrap();
        root
    }

    fn age(path: &Path, seconds: u64) {
        let file = fs::File::open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds))
            .unwrap();
    }

    #[test]
    fn what_is_older_than_any_input_is_built_again() {
        let root = sources();
        let built = root.path().join("built.wasm");
        assert!(!is_fresh(&built, root.path(), "src"));
        fs::write(&built, "").unwrap();
        age(&built, 100);
        assert!(!is_fresh(&built, root.path(), "src"));
        refresh(&built, SystemTime::now());
        assert!(is_fresh(&built, root.path(), "src"));
        // What changes while it is built is not in it.
        let looked = SystemTime::now() - Duration::from_secs(1);
        fs::write(root.path().join("wit/new.wit"), "").unwrap();
        refresh(&built, looked);
        assert!(!is_fresh(&built, root.path(), "src"));
        age(&built, 10);
        let deep = root.path().join("src/deep/file.rs");
        for input in [deep.as_path(), &root.path().join("Cargo.lock")] {
            refresh(&built, SystemTime::now());
            assert!(is_fresh(&built, root.path(), "src"));
            fs::write(input, "changed").unwrap();
            let later = SystemTime::now() + Duration::from_secs(5);
            fs::File::options()
                .append(true)
                .open(input)
                .unwrap()
                .set_modified(later)
                .unwrap();
            assert!(!is_fresh(&built, root.path(), "src"), "{}", input.display());
            age(input, 50);
        }
        fs::remove_file(root.path().join("Cargo.toml")).unwrap();
        assert!(!is_fresh(&built, root.path(), "src"));
    }
}
