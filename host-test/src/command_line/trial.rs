//! Commands that need no connection: `demo` and `bench`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArguments {
    /// Contacts in the simulated workspace
    #[arg(long, default_value_t = 2_500)]
    pub contacts: u64,

    /// Companies in the simulated workspace
    #[arg(long, default_value_t = 300)]
    pub companies: u64,

    /// Append every exchange with the simulator to this file, as a line of JSON
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

/// Arguments of `bench`.
#[derive(Args, Clone, Debug)]
pub struct BenchArguments {
    /// Contacts in the simulated workspace
    #[arg(long, default_value_t = 100_000)]
    pub contacts: u64,

    /// How often they are read
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub runs: u32,
}
