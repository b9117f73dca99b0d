//! `simulate`: a workspace on loopback, until the process is interrupted.

use serde_json::json;

use super::{CommandError, print_json, print_line, start_logging};
use crate::command_line::{Exit, Global};
use crate::simulator::{Options, Simulator};

/// Serves a simulated workspace.
pub(super) async fn run(global: &Global, options: Options) -> Result<Exit, CommandError> {
    start_logging(global, None)?;
    let token = options.access_token.clone();
    let id = options.client_id.clone();
    let secret = options.client_secret.clone();
    let simulator = Simulator::start(options).await.map_err(|error| {
        let message = format!("the simulator cannot start: {error}");
        match error.kind() {
            std::io::ErrorKind::InvalidInput => CommandError::Usage(message),
            _ => CommandError::Failed(message),
        }
    })?;
    if global.json {
        // None is a secret: they open a workspace that was made up.
        print_json(&json!({
            "url": simulator.url(),
            "access_token": token,
            "client_id": id,
            "client_secret": secret,
        }))?;
    } else {
        print_line(&format!("simulator on {}", simulator.url()))?;
        print_line(&format!("  access token   {token}"))?;
        print_line(&format!("  client id      {id}"))?;
        print_line(&format!("  client secret  {secret}"))?;
    }
    simulator.finished().await;
    Ok(Exit::Success)
}
