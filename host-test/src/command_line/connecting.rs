//! Commands about a connection itself: `auth`, `check` and `status`.

use std::path::PathBuf;

use clap::Args;

use super::OutputArguments;
use crate::secret::Secret;

/// Arguments of `auth`.
#[derive(Args, Clone, Debug)]
pub struct AuthArguments {
    /// The connection (YAML), with client_id and client_secret
    #[arg(long, value_name = "FILE")]
    pub connection: PathBuf,

    /// Where the provider sends the browser with the code [default: the app's first redirect address]
    #[arg(long, value_name = "URL", value_parser = url)]
    pub redirect_uri: Option<String>,

    /// What would be pasted: the address that the browser was sent to (needs --state), or a code (needs --without-state)
    #[arg(long, value_name = "PASTED")]
    pub code: Option<Secret>,

    /// The state to send, and to find again in what is pasted [default: a random one]
    #[arg(long, value_name = "STATE", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub state: Option<String>,

    /// Take a code without its state: for a code that you know to be your own
    #[arg(long)]
    pub without_state: bool,
}

/// Arguments of `check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArguments {
    /// The connection (YAML)
    #[arg(long, value_name = "FILE")]
    pub connection: PathBuf,

    /// Into which webhooks are taken: what was verified last is looked up there.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Arguments of `status`.
#[derive(Args, Clone, Debug)]
pub struct StatusArguments {
    /// The platform (YAML), whether its server runs or not
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "state"])]
    pub config: Option<PathBuf>,

    /// One of the platform's connections, with its streams
    #[arg(long, value_name = "NAME", requires = "config")]
    pub connection: Option<String>,

    /// Where entries go.
    #[command(flatten)]
    pub output: OutputArguments,
}

fn url(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("not a URL: {error}")),
    }
}
