//! Compiled components on disk, so that a component is compiled once for a machine and not once for a process.
//!
//! A compiled component is machine code: whoever can write the file can run anything. So the files are in a directory that
//! only this user can enter, and a file is loaded only when owner and mode are right and its SHA-256 is the one that was
//! written beside it. Anything else is compiled anew.

mod private_directory;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use std::{fs, io};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::private_file;
use crate::user_directory::user_directory;
use private_directory::PrivateDirectory;

/// Where compiled components are kept.
pub(crate) struct CompiledCache {
    directory: Option<PathBuf>,
    /// The files that this process has compared with their sums, as they were then. Comparing takes half of a swap.
    compared: Mutex<HashMap<PathBuf, Stamp>>,
}

/// What tells one file in a place from another: when it was written, its length, and its number.
type Stamp = (SystemTime, u64, u64);

impl CompiledCache {
    /// Uses a directory, or else the one of the environment, or else the user's cache directory.
    pub(crate) fn new(directory: Option<PathBuf>) -> Self {
        Self {
            directory: directory.or_else(|| Some(user_directory())),
            compared: Mutex::default(),
        }
    }

    /// Gives the component of these bytes, compiled before or now. A cache that cannot be used costs time, nothing else.
    pub(crate) fn load_or_compile(
        &self,
        engine: &Engine,
        bytes: &[u8],
        sha256: &str,
    ) -> wasmtime::Result<Component> {
        let opened = self.directory.as_deref().map(PrivateDirectory::open);
        let directory = match opened {
            Some(Ok(directory)) => directory,
            Some(Err(error)) => {
                tracing::warn!(%error, "compiled components are not kept");
                return Component::from_binary(engine, bytes);
            }
            None => return Component::from_binary(engine, bytes),
        };

        let file = directory
            .path()
            .join(format!("{sha256}-{}.cwasm", compatibility(engine)));
        match self.load(engine, &directory, &file) {
            Ok(component) => return Ok(component),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "compiling the component again");
            }
        }
        let component = Component::from_binary(engine, bytes)?;
        if let Err(error) = save(&component, &file) {
            tracing::warn!(file = %file.display(), %error, "the compiled component is not kept");
        }
        Ok(component)
    }

    /// Loads a compiled component that this code wrote.
    fn load(
        &self,
        engine: &Engine,
        directory: &PrivateDirectory,
        file: &Path,
    ) -> io::Result<Component> {
        let expected = fs::read_to_string(sum_of(file))?;
        directory.check(file)?;
        let stamp = stamp_of(file)?;
        if self.compared().get(file) != Some(&stamp) {
            if sha256_of(&fs::read(file)?) != expected {
                return Err(io::Error::other(
                    "the file is damaged: its SHA-256 is not the one written",
                ));
            }
            self.compared().insert(file.to_path_buf(), stamp);
        }
        // SAFETY: the bytes must be what this version of the engine wrote and must not change while they are mapped. They lie
        // in a directory that only this user can enter, in a file of this user that nobody else can write; their SHA-256 is, or
        // was when this very file was first loaded, the one written beside them; and this code only ever puts whole files in
        // place of others, which leaves mapped ones as they are.
        let component = unsafe { Component::deserialize_file(engine, file) };
        component.map_err(|error| io::Error::other(format!("{error:#}")))
    }

    fn compared(&self) -> MutexGuard<'_, HashMap<PathBuf, Stamp>> {
        self.compared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamp_of(file: &Path) -> io::Result<Stamp> {
    let found = fs::metadata(file)?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&found);
    #[cfg(not(unix))]
    let number = 0;
    Ok((found.modified()?, found.len(), number))
}

/// Writes a compiled component and then its sum: a sum without a file, or of another file, is never taken for whole.
fn save(component: &Component, file: &Path) -> io::Result<()> {
    let compiled = component
        .serialize()
        .map_err(|error| io::Error::other(format!("{error:#}")))?;
    private_file::replace(file, &compiled)?;
    private_file::replace(&sum_of(file), sha256_of(&compiled).as_bytes())
}

fn sum_of(file: &Path) -> PathBuf {
    file.with_extension("cwasm.sha256")
}

/// The SHA-256 of bytes, in hexadecimal digits.
pub(crate) fn sha256_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What a compiled component must agree with: engine version, processor and settings.
fn compatibility(engine: &Engine) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests;
