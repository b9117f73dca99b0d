//! The host as a user runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;

/// The release binary, as a user runs it.
pub fn build() -> anyhow::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .current_dir(root)
        .args([
            "build",
            "--release",
            "-p",
            "host-test",
            "--bin",
            "host-test",
        ])
        .status()?;
    ensure!(built.success(), "host-test could not be built");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/host-test"))
}
