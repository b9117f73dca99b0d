//! The command line of the host.

use std::process::ExitCode;

fn main() -> ExitCode {
    host_test::commands::main()
}
