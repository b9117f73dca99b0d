//! The component's bytes: from a file, or built from the sources that this host was built from.

mod build;
mod fresh;
mod names;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The variable that names a component's file.
pub(crate) const FILE_VARIABLE: &str = "CONNECTOR_WASM";

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The file that was given cannot be read.
    #[error("the component {path} cannot be read: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// There is nothing to build it from.
    #[error(
        "there are no sources of the connector in {path} (this program was built there); give the \
         component with --component FILE or {FILE_VARIABLE}=FILE"
    )]
    NoSources {
        /// Where they should be.
        path: PathBuf,
    },
    /// The compiler lacks the target and rustup cannot add it.
    #[error(
        "the component needs the target {target} and it cannot be added: {reason}\n\
         Add it with `rustup target add {target}`, or give a component with --component FILE or \
         {FILE_VARIABLE}=FILE"
    )]
    NoTarget {
        /// The target.
        target: &'static str,
        /// Why.
        reason: String,
    },
    /// A program that building needs cannot be started.
    #[error(
        "`{program}` cannot be started: {error}; install Rust with rustup, or give a component with --component FILE"
    )]
    NoProgram {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The component does not build.
    #[error("the component does not build; `{command}` in {directory} says:\n{stderr}")]
    Build {
        /// The command, to try it by hand.
        command: String,
        /// Where it ran.
        directory: PathBuf,
        /// All that it wrote to its standard error.
        stderr: String,
    },
    /// Building could not be kept apart from another process, or its result not be read.
    #[error("{path}: {error}")]
    Files {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// The connector itself.
const CONNECTOR: build::Package<'_> = build::Package {
    name: "intercom-connector",
    sources: "src",
};

/// Gives a component's bytes: of the file that is given, else of the file in `CONNECTOR_WASM`, else built now (which takes
/// a moment when nothing changed since the last time, and some minutes the first time). Blocks while building.
pub fn find_or_build(given: Option<&Path>) -> Result<Vec<u8>, ArtifactError> {
    let named = env::var_os(FILE_VARIABLE)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    match given.map(Path::to_owned).or(named) {
        Some(path) => fs::read(&path).map_err(|error| ArtifactError::Unreadable { path, error }),
        None => build::build(&source_root(), CONNECTOR),
    }
}

/// Builds another component of this workspace, of a package that is in a directory below the root: guests that are made for
/// tests. Blocks while building.
pub fn build_package(name: &str, directory: &str) -> Result<Vec<u8>, ArtifactError> {
    let package = build::Package {
        name,
        sources: directory,
    };
    build::build(&source_root(), package)
}

/// The directory of the connector's sources: the one above this crate's.
fn source_root() -> PathBuf {
    let host = Path::new(env!("CARGO_MANIFEST_DIR"));
    host.parent().unwrap_or(host).to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_given_file_rules() {
        let directory = written::Folder::new();
        let file = directory.path().join("x.wasm");
        fs::write(&file, b"bytes").unwrap();
        assert_eq!(find_or_build(Some(&file)).unwrap(), b"bytes");
        let missing = find_or_build(Some(&directory.path().join("y.wasm"))).unwrap_err();
        assert!(missing.to_string().contains("y.wasm"), "{missing}");
    }

    #[test]
    fn without_sources_the_error_says_what_to_do() {
        let directory = written::Folder::new();
        let error = build::build(directory.path(), CONNECTOR).unwrap_err();
        assert!(matches!(error, ArtifactError::NoSources { .. }));
        assert!(error.to_string().contains("--component"), "{error}");
    }
}
