//! `serve`: a platform, until the process is told to end.

use std::net::SocketAddr;

use super::interruption::Interruptions;
use super::{CommandError, start_logging};
use crate::command_line::{Exit, Global, PlatformArguments};
use crate::platform::{Addresses, Platform, PlatformConfig, ServeError};
use crate::progress::write_line;

/// Serves until the process is interrupted.
pub(super) async fn run(
    global: &Global,
    arguments: &PlatformArguments,
) -> Result<Exit, CommandError> {
    start_logging(global, None)?;
    let config = PlatformConfig::load(&arguments.config).map_err(CommandError::usage)?;
    raise_file_limit();
    let components = super::component::serving(global, &config.data).await?;
    let time_scale = global.time_scale;
    let opened =
        tokio::task::spawn_blocking(move || Platform::open(config, components, time_scale));
    let platform = opened.await.map_err(CommandError::failed)?.map_err(error)?;
    let interruptions = Interruptions::hear().map_err(CommandError::failed)?;
    platform
        .serve(tell, || async { interruptions.next().await })
        .await
        .map_err(error)?;
    Ok(Exit::Success)
}

fn tell(addresses: Addresses) {
    let Addresses { control, webhooks } = addresses;
    if let Some(warning) = exposed(control) {
        write_line(&warning);
    }
    write_line(&format!("control API and status page on http://{control}/"));
    if let Some(webhooks) = webhooks {
        write_line(&format!("webhooks on http://{webhooks}/"));
    }
}

/// What whoever lets others than this machine reach the control API has to see to.
fn exposed(control: SocketAddr) -> Option<String> {
    (!control.ip().is_loopback()).then(|| {
        format!(
            "! others than this machine reach the control API at {control}, and it encrypts nothing: put a proxy with TLS \
             in front of it"
        )
    })
}

fn error(error: ServeError) -> CommandError {
    match error {
        ServeError::Config(_) => CommandError::usage(error),
        _ => CommandError::failed(error),
    }
}

/// Connections that are open have several files each: as many as the system lets this user have.
fn raise_file_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::warn!("the number of open files stays as it is: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_listens_to_the_network_is_told_what_that_means() {
        for (address, told) in [
            ("127.0.0.1:8790", false),
            ("[::1]:8790", false),
            ("0.0.0.0:8790", true),
            ("192.0.2.1:8790", true),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(exposed(address).is_some(), told, "{address}");
        }
    }
}
