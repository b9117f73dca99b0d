//! The folder in which versions are kept.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::acceptance::Refusal;
use super::asked::asked_by;
use super::manifest::{FORMAT, FormatSets, Manifest, StoredVersion};
use crate::clock::now_ms;
use crate::compiled_cache::sha256_of;
use crate::plugin::Plugin;
use crate::private_file;

const MANIFEST: &str = "manifest.json";
const LOCK: &str = "manifest.lock";
/// Bytes of a manifest. Hundreds of versions take less.
const MANIFEST_BYTES: u64 = 16 * 1024 * 1024;

/// Why a store does not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    Files {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The manifest is no manifest.
    #[error("{path} is no manifest of components: {reason}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A version's bytes are not those that were added.
    #[error("{path} is damaged: its SHA-256 is {found}; add the component again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The hash of what is there.
        found: String,
    },
    /// No version has this name.
    #[error("there is no version `{asked}`{}; `host-test component add FILE` adds one", among(.known))]
    UnknownVersion {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Several versions have this name.
    #[error("`{asked}` means several versions: {}; give more of the SHA-256", .found.join(", "))]
    Ambiguous {
        /// What was asked for.
        asked: String,
        /// What it can mean.
        found: Vec<String>,
    },
    /// The version may not take the place of the active one.
    #[error("{version} is not activated: {}", sentences(.reasons))]
    Refused {
        /// The version.
        version: String,
        /// Why.
        reasons: Vec<Refusal>,
    },
    /// There is nothing to go back to.
    #[error("there is no version before the active one{scope}")]
    NothingBefore {
        /// For whom, with a space in front.
        scope: String,
    },
    /// Nothing is active that a canary could be compared with.
    #[error(
        "no version is active yet, so there is nothing to compare a canary with; activate it without --canary"
    )]
    NothingToCompare,
    /// A canary would be compared with itself.
    #[error("{0} is active for all connections already; a canary tries another version")]
    SameAsActive(String),
}

fn among(versions: &[String]) -> String {
    match versions.is_empty() {
        true => " (the store is empty)".to_owned(),
        false => format!("; there are {}", versions.join(", ")),
    }
}

fn sentences(reasons: &[Refusal]) -> String {
    let reasons: Vec<String> = reasons.iter().map(Refusal::to_string).collect();
    reasons.join("\n")
}

/// A folder with versions and what is active of them. Several processes may use it at the same time.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
}

/// What tells one state of a manifest's file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    changed: Option<SystemTime>,
    length: u64,
    file: u64,
}

impl Store {
    /// The store in a folder, which is made with the first version.
    pub fn new(directory: impl Into<PathBuf>) -> Store {
        Store {
            directory: directory.into(),
        }
    }

    /// The folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the store knows; nothing where nothing was added yet.
    pub fn manifest(&self) -> Result<Manifest, StoreError> {
        let path = self.directory.join(MANIFEST);
        let bytes = match private_file::read(&path, MANIFEST_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Manifest::default()),
            Err(error) => return Err(StoreError::Files { path, error }),
        };
        let invalid = |reason| StoreError::Manifest {
            path: path.clone(),
            reason,
        };
        let manifest: Manifest =
            serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
        match manifest.format {
            FORMAT => Ok(manifest),
            format => Err(invalid(format!(
                "its format is {format}, this host knows {FORMAT}"
            ))),
        }
    }

    /// Changes what the store knows, one process at a time. Where the change fails, all stays as it was.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut Manifest) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        private_file::create_directory(&self.directory)
            .map_err(|error| self.failed(&self.directory, error))?;
        let path = self.directory.join(LOCK);
        let lock = File::create(&path).map_err(|error| self.failed(&path, error))?;
        // Given back when the file is closed.
        lock.lock().map_err(|error| self.failed(&path, error))?;
        let mut manifest = self.manifest()?;
        let before = manifest.clone();
        let done = change(&mut manifest)?;
        if manifest != before {
            manifest.revision += 1;
            let path = self.directory.join(MANIFEST);
            let invalid = |error: serde_json::Error| self.failed(&path, io::Error::other(error));
            let bytes = serde_json::to_vec_pretty(&manifest).map_err(invalid)?;
            private_file::replace(&path, &bytes).map_err(|error| self.failed(&path, error))?;
        }
        Ok(done)
    }

    /// Keeps a version that was loaded from these bytes, and so links and describes itself. One that is there already stays as
    /// it is.
    pub fn add(&self, bytes: &[u8], plugin: &Plugin) -> Result<StoredVersion, StoreError> {
        let descriptor = plugin.descriptor();
        let added = StoredVersion {
            name: descriptor.name.clone(),
            version: descriptor.version.clone(),
            sha256: plugin.sha256().to_owned(),
            bytes: bytes.len() as u64,
            added_at_ms: now_ms(),
            formats: FormatSets::of(descriptor),
            asks: asked_by(plugin),
        };
        self.change(|manifest| {
            let path = self.file(&added.sha256);
            // Before it is in the manifest: what that names is there.
            private_file::replace(&path, bytes).map_err(|error| self.failed(&path, error))?;
            if let Some(there) = manifest.version(&added.sha256) {
                return Ok(there.clone());
            }
            manifest.versions.push(added.clone());
            Ok(added)
        })
    }

    /// Notes that the platform with this folder follows the store, and forgets those whose folders are gone.
    pub fn is_followed_by(&self, platform: &Path) -> Result<(), StoreError> {
        self.change(|manifest| {
            manifest.platforms.retain(|known| known.is_dir());
            manifest.platforms.insert(platform.to_path_buf());
            Ok(())
        })
    }

    /// The bytes of a version, as they were added.
    pub fn bytes(&self, sha256: &str) -> Result<Vec<u8>, StoreError> {
        let path = self.file(sha256);
        let bytes = fs::read(&path).map_err(|error| self.failed(&path, error))?;
        match sha256_of(&bytes) {
            found if found == sha256 => Ok(bytes),
            found => Err(StoreError::Damaged { path, found }),
        }
    }

    /// The file of a version.
    pub fn file(&self, sha256: &str) -> PathBuf {
        self.directory.join(format!("{sha256}.wasm"))
    }

    /// Changes whenever the manifest does, and costs one look at its file.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let found = fs::metadata(self.directory.join(MANIFEST)).ok()?;
        #[cfg(unix)]
        let file = std::os::unix::fs::MetadataExt::ino(&found);
        #[cfg(not(unix))]
        let file = 0;
        Some(Stamp {
            changed: found.modified().ok(),
            length: found.len(),
            file,
        })
    }

    fn failed(&self, path: &Path, error: io::Error) -> StoreError {
        StoreError::Files {
            path: path.to_path_buf(),
            error,
        }
    }
}
