//! How notifications are sent.

use clap::Args;

use super::delivery_fate::DeliveryDisturbance;
use super::version::ApiVersion;

/// The version of the notifications' items, their names, and what becomes of them on their way.
#[derive(Args, Clone, Debug)]
pub struct WebhookOptions {
    /// API version of the app: notifications are written in it, whatever version a request names
    #[arg(
        id = "webhook-version",
        long = "webhook-version",
        value_name = "VERSION",
        default_value_t = ApiVersion::DEFAULT,
        value_parser = parse_version
    )]
    pub version: ApiVersion,

    /// Send topics under the names that they had in versions 1.x, such as user.created, where they had another
    #[arg(id = "webhook-old-names", long = "webhook-old-names")]
    pub old_names: bool,

    /// What becomes of notifications on their way
    #[command(flatten)]
    pub disturbance: DeliveryDisturbance,
}

impl Default for WebhookOptions {
    fn default() -> WebhookOptions {
        WebhookOptions {
            version: ApiVersion::DEFAULT,
            old_names: false,
            disturbance: DeliveryDisturbance::default(),
        }
    }
}

fn parse_version(text: &str) -> Result<ApiVersion, String> {
    ApiVersion::parse(text).ok_or_else(|| format!("`{text}` is not an API version such as 2.11"))
}
