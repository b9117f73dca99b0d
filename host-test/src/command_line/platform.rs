//! `serve`, and what is asked about a platform.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `serve`.
#[derive(Args, Clone, Debug)]
pub struct PlatformArguments {
    /// The platform (YAML): folder, addresses, token, key, limits, connections
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}
