//! A simulator in a process of its own, so that what it takes is not taken for the host's.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

use crate::commands::CommandError;

/// A simulator. Its process ends with this value.
pub(super) struct Served {
    process: Child,
    pub(super) url: String,
    pub(super) access_token: String,
}

/// The line with which `simulate --json` begins.
#[derive(Deserialize)]
struct Greeting {
    url: String,
    access_token: String,
}

impl Served {
    /// Starts one with so many contacts and a rate limit that is never met.
    pub(super) fn start(contacts: u64) -> Result<Served, CommandError> {
        let failed = |error: &dyn std::fmt::Display| {
            CommandError::failed(format!("the simulator cannot be started: {error}"))
        };
        let program = std::env::current_exe().map_err(|error| failed(&error))?;
        let mut process = Command::new(program)
            .args(["--json", "simulate", "--port", "0"])
            .args(["--rate-limit", "1000000", "--companies", "0"])
            .args(["--contacts", &contacts.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(&error))?;
        let mut line = String::new();
        let read = match process.stdout.take() {
            Some(out) => BufReader::new(out).read_line(&mut line),
            None => Ok(0),
        };
        let greeting = read.map_err(|error| error.to_string()).and_then(|_| {
            serde_json::from_str::<Greeting>(&line).map_err(|error| error.to_string())
        });
        match greeting {
            Ok(Greeting { url, access_token }) => Ok(Served {
                process,
                url,
                access_token,
            }),
            Err(error) => {
                end(&mut process);
                Err(failed(&error))
            }
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        end(&mut self.process);
    }
}

fn end(process: &mut Child) {
    // It may have ended by itself.
    let _ = process.kill();
    let _ = process.wait();
}
