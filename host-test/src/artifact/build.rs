//! Building the component with a nested cargo.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};
use std::{env, io};

use super::names::without_names;
use super::{ArtifactError, fresh};

/// The component's target: its imports are those that it uses and no others.
const TARGET: &str = "wasm32-unknown-unknown";
/// What cargo is asked for. `--crate-type cdylib`, because a library of two types gets no link-time optimisation.
const ARGUMENTS: [&str; 10] = [
    "rustc",
    "--locked",
    "--lib",
    "--crate-type",
    "cdylib",
    "--profile",
    "component",
    "--target",
    TARGET,
    "--target-dir",
];
/// What the compiler is asked for beside the profile, all for a small component that is no slower (ARCHITECTURE.md has the
/// measurements).
const FLAGS: [&str; 7] = [
    "--",
    // What functions have in common becomes one of its own, and of functions that are the same one is left.
    "-C",
    "passes=iroutliner,mergefunc,simplifycfg",
    // Counters of loops stay as they are written, and the rare rest of a function is left to itself when it is inlined. Nothing
    // is computed or jumped to twice so that a path which needs it once is shorter.
    "-C",
    "llvm-args=-disable-lsr -enable-partial-inlining -enable-pre=false -jump-threading-threshold=4",
    // Without it, every call and every address takes five bytes, of which two or three are padding.
    "-C",
    "link-arg=--compress-relocations",
];

/// A package of the workspace that is a component.
#[derive(Clone, Copy, Debug)]
pub(super) struct Package<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Where its sources are, from the root.
    pub(super) sources: &'a str,
}

/// Builds a component from the sources in a directory, or finds it built, and gives its bytes.
pub(super) fn build(root: &Path, package: Package<'_>) -> Result<Vec<u8>, ArtifactError> {
    if !root.join("Cargo.toml").is_file() || !root.join("wit").is_dir() {
        return Err(ArtifactError::NoSources {
            path: root.to_owned(),
        });
    }
    let target_directory = root.join("target").join("component");
    fs::create_dir_all(&target_directory).map_err(|error| files(&target_directory, error))?;
    // Held until the bytes are read: another process must not replace them in between.
    let _lock = lock(&target_directory.join("build.lock"))?;

    let file = target_directory
        .join(TARGET)
        .join("component")
        .join(format!("{}.wasm", package.name.replace('-', "_")));
    if fresh::is_fresh(&file, root, package.sources) {
        return fs::read(&file).map_err(|error| files(&file, error));
    }
    if file.is_file() {
        tracing::debug!("building {} where its sources changed", package.name);
    } else {
        tracing::info!(
            "building {}; this first time takes a minute or two",
            package.name
        );
    }
    add_target_if_missing(root)?;
    let cargo = env::var_os("CARGO").filter(|cargo| !cargo.is_empty());
    let mut command = nested(cargo.unwrap_or_else(|| "cargo".into()), root);
    command.args(ARGUMENTS).arg(&target_directory);
    command.args(["--package", package.name]).args(FLAGS);
    // File systems tell the time less exactly than the clock does.
    let looked = SystemTime::now() - Duration::from_secs(1);
    let output = run(&mut command)?;
    if !output.status.success() {
        return Err(ArtifactError::Build {
            command: format!(
                "cargo {} {} --package {} {}",
                ARGUMENTS.join(" "),
                target_directory.display(),
                package.name,
                FLAGS.join(" ")
            ),
            directory: root.to_owned(),
            stderr: text(&output.stderr),
        });
    }
    let built = fs::read(&file).map_err(|error| files(&file, error))?;
    // What is no component is not for this function to say.
    let component = without_names(&built).unwrap_or(built);
    fs::write(&file, &component).map_err(|error| files(&file, error))?;
    fresh::refresh(&file, looked);
    Ok(component)
}

/// Adds the target through rustup where the compiler lacks it: with `RUSTUP_AUTO_INSTALL=0` the file rust-toolchain.toml
/// alone does not.
fn add_target_if_missing(root: &Path) -> Result<(), ArtifactError> {
    let rustc = env::var_os("RUSTC").filter(|rustc| !rustc.is_empty());
    let mut command = nested(rustc.unwrap_or_else(|| "rustc".into()), root);
    let output = run(command.args(["--print", "target-libdir", "--target", TARGET]))?;
    let libraries = PathBuf::from(text(&output.stdout).trim());
    // Where rustc does not answer, cargo will say why better than this can.
    if !output.status.success() || libraries.is_dir() {
        return Ok(());
    }
    tracing::info!("adding the target {TARGET} with rustup");
    let no_target = |reason| ArtifactError::NoTarget {
        target: TARGET,
        reason,
    };
    let mut command = nested("rustup".into(), root);
    match command.args(["target", "add", TARGET]).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(no_target(text(&output.stderr))),
        Err(error) => Err(no_target(format!("rustup cannot be started ({error})"))),
    }
}

/// A command in the source directory, free of what an outer cargo, a coverage run or a linter put into the environment for
/// themselves. `RUSTUP_*` and proxies stay.
fn nested(program: OsString, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory);
    for (name, _) in env::vars_os() {
        if is_foreign(&name) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether a variable is meant for another build.
fn is_foreign(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let whole = [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_MAKEFLAGS",
        "MAKEFLAGS",
        "MFLAGS",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_INCREMENTAL",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_CRATE_NAME",
        "CARGO_BIN_NAME",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "LLVM_PROFILE_FILE",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "DYLD_FALLBACK_LIBRARY_PATH",
        "OUT_DIR",
        "TARGET",
        "HOST",
    ];
    let beginnings = [
        "CARGO_BUILD_",
        "CARGO_PKG_",
        "CARGO_PROFILE_",
        "CARGO_CFG_",
        "CARGO_FEATURE_",
        "CARGO_TARGET_",
    ];
    whole.contains(&name)
        || beginnings
            .iter()
            .any(|beginning| name.starts_with(beginning))
}

fn run(command: &mut Command) -> Result<Output, ArtifactError> {
    command.output().map_err(|error| ArtifactError::NoProgram {
        program: command.get_program().into(),
        error,
    })
}

/// Waits until no other process builds. The lock ends with the file.
fn lock(path: &Path) -> Result<File, ArtifactError> {
    let file = File::create(path).map_err(|error| files(path, error))?;
    file.lock().map_err(|error| files(path, error))?;
    Ok(file)
}

fn files(path: &Path, error: io::Error) -> ArtifactError {
    ArtifactError::Files {
        path: path.to_owned(),
        error,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_outer_build_set_is_removed() {
        for name in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "CARGO_BUILD_RUSTFLAGS",
            "CARGO_TARGET_DIR",
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "CARGO_MAKEFLAGS",
            "LLVM_PROFILE_FILE",
            "LD_LIBRARY_PATH",
            "CARGO_PROFILE_RELEASE_LTO",
        ] {
            assert!(is_foreign(OsStr::new(name)), "{name}");
        }
        for name in [
            "RUSTUP_TOOLCHAIN",
            "RUSTUP_HOME",
            "CARGO",
            "CARGO_HOME",
            "CARGO_NET_OFFLINE",
            "CARGO_HTTP_PROXY",
            "CARGO_REGISTRIES_MIRROR_INDEX",
            "https_proxy",
            "PATH",
            "HOME",
        ] {
            assert!(!is_foreign(OsStr::new(name)), "{name}");
        }
    }
}
