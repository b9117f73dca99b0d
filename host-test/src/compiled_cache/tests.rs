#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::OnceLock;

use super::*;
use crate::engine::EngineOptions;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<crate::engine::Engine> = OnceLock::new();
    let options = EngineOptions {
        concurrent_calls: 1,
        ..EngineOptions::default()
    };
    ENGINE
        .get_or_init(|| crate::engine::Engine::new(options).unwrap())
        .wasmtime()
}

/// A component that is quick to compile.
fn bytes() -> Vec<u8> {
    wat::parse_str("(component (core module (func (export \"f\"))))").unwrap()
}

/// The one compiled file in a cache.
fn compiled(directory: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension == "cwasm")
    });
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn loads(directory: &Path, file: &Path) -> Result<(), String> {
    let directory = PrivateDirectory::open(directory).unwrap();
    CompiledCache::new(None)
        .load(engine(), &directory, file)
        .map(drop)
        .map_err(|error| error.to_string())
}

#[test]
fn a_compiled_component_is_found_again_and_a_damaged_one_is_replaced() {
    let place = written::Folder::new();
    let directory = place.path().join("cache");
    let cache = CompiledCache::new(Some(directory.clone()));
    let sha256 = sha256_of(&bytes());
    cache.load_or_compile(engine(), &bytes(), &sha256).unwrap();
    let file = compiled(&directory);
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with(&sha256), "{name}");
    assert_eq!(loads(&directory, &file), Ok(()));

    let whole = fs::read(&file).unwrap();
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for damage in [&damaged[..], &whole[..whole.len() / 2], b""] {
        fs::write(&file, damage).unwrap();
        assert!(loads(&directory, &file).is_err_and(|error| error.contains("damaged")));
        cache.load_or_compile(engine(), &bytes(), &sha256).unwrap();
        assert_eq!(loads(&directory, &file), Ok(()));
    }

    fs::remove_file(sum_of(&file)).unwrap();
    assert!(loads(&directory, &file).is_err());
    cache.load_or_compile(engine(), &bytes(), &sha256).unwrap();
    assert_eq!(loads(&directory, &file), Ok(()));
}

#[test]
fn a_file_that_no_engine_wrote_is_replaced_even_with_its_sum() {
    let place = written::Folder::new();
    let directory = place.path().join("cache");
    let cache = CompiledCache::new(Some(directory.clone()));
    cache.load_or_compile(engine(), &bytes(), "x").unwrap();
    let file = compiled(&directory);
    fs::write(&file, b"no machine code").unwrap();
    fs::write(sum_of(&file), sha256_of(b"no machine code")).unwrap();
    assert!(loads(&directory, &file).is_err());
    cache.load_or_compile(engine(), &bytes(), "x").unwrap();
    assert_eq!(loads(&directory, &file), Ok(()));
}

#[cfg(unix)]
#[test]
fn what_others_can_use_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let place = written::Folder::new();
    let directory = place.path().join("cache");
    let cache = CompiledCache::new(Some(directory.clone()));
    cache.load_or_compile(engine(), &bytes(), "x").unwrap();
    let mode = fs::metadata(&directory).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);

    let file = compiled(&directory);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    assert!(loads(&directory, &file).is_err());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();

    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    let refused = PrivateDirectory::open(&directory).err().unwrap();
    assert!(refused.to_string().contains("chmod"), "{refused}");
    // Without a cache the component is compiled all the same.
    cache.load_or_compile(engine(), &bytes(), "y").unwrap();
    assert_eq!(compiled(&directory), file);
}
