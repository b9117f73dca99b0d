//! What a simulated workspace looks like and how it behaves: the flags of `simulate`, and the argument of
//! [`Simulator::start`](super::Simulator::start).

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::catalogue_options::CatalogueOptions;
use super::duration::parse_duration;
use super::faults::Fault;
use super::webhook_options::WebhookOptions;

/// The size, the identity and the behaviour of one simulated workspace.
///
/// The same options give the same data: everything generated is a function of `seed`, the counts and `epoch`.
#[derive(Args, Clone, Debug)]
// A flattened group of flags hands its description on to the command: this is what the command is to say.
#[command(about = "Simulate Intercom's API on loopback", long_about = None)]
pub struct Options {
    /// Port to listen on, on 127.0.0.1 (0: any free one)
    #[arg(long, default_value_t = 0)]
    pub port: u16,

    /// Seed of the generated data
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Generated contacts
    #[arg(long, default_value_t = 1_000)]
    pub contacts: u64,

    /// Generated companies
    #[arg(long, default_value_t = 100)]
    pub companies: u64,

    /// Teammates (at least one: the owner of the token)
    #[arg(long, default_value_t = 5)]
    pub admins: u32,

    /// Teams
    #[arg(long, default_value_t = 2)]
    pub teams: u32,

    /// Tags
    #[arg(long, default_value_t = 20)]
    pub tags: u32,

    /// Segments
    #[arg(long, default_value_t = 5)]
    pub segments: u32,

    /// Generated conversations
    #[arg(long, default_value_t = 50)]
    pub conversations: u64,

    /// Parts that a generated conversation has on average
    #[arg(long, default_value_t = 5)]
    pub conversation_parts: u64,

    /// Parts of the longest conversation, the one that changed first (0: as long as others)
    #[arg(long, default_value_t = 0)]
    pub largest_conversation: u64,

    /// Generated tickets
    #[arg(long, default_value_t = 20)]
    pub tickets: u64,
    /// Subscription types
    #[arg(long, default_value_t = 4)]
    pub subscription_types: u32,

    /// Notes that a contact or a company usually has at most; a few have dozens (0: nobody has any)
    #[arg(long, default_value_t = 1)]
    pub notes_per_contact: u32,

    /// Events that a contact usually has at most; a few have dozens (0: nobody has any)
    #[arg(long, default_value_t = 2)]
    pub events_per_contact: u32,

    /// What there is beside people and conversations
    #[command(flatten)]
    pub catalogue: CatalogueOptions,

    /// IANA time zone of the workspace; contact search compares days in it
    #[arg(long, default_value = "America/Los_Angeles")]
    pub time_zone: String,

    /// Region that `/me` reports
    #[arg(long, default_value = "US")]
    pub region: String,

    /// Workspace id: `app.id_code` of `/me` and `app_id` of a notification
    #[arg(long, default_value = "simulator")]
    pub workspace_id: String,

    /// The bearer token that is accepted
    #[arg(long, default_value = "simulator-token")]
    pub access_token: String,

    /// The app's id
    #[arg(long, default_value = "simulator-client-id")]
    pub client_id: String,

    /// The app's secret: it signs notifications, and a code is exchanged with it
    #[arg(long, default_value = "simulator-client-secret")]
    pub client_secret: String,

    /// The app's redirect address
    #[arg(long, default_value = "https://app.example.com/callback")]
    pub redirect_uri: String,

    /// How long a write stays invisible to search (for example 2s, 15m)
    #[arg(long, default_value = "0s", value_parser = parse_duration)]
    pub index_lag: Duration,

    /// Requests allowed in a window of ten seconds
    #[arg(long, default_value_t = 1_666)]
    pub rate_limit: u32,

    /// Divides every wait: scroll expiry, notification retry, rate window
    #[arg(long, default_value_t = 1.0, value_parser = parse_time_scale)]
    pub time_scale: f64,

    /// Generated data lies in the two years before this moment (Unix seconds)
    #[arg(long, default_value_t = 1_767_225_600)]
    pub epoch: i64,

    /// Added to every answer (for example 50ms)
    #[arg(long, default_value = "0s", value_parser = parse_duration)]
    pub latency: Duration,

    /// Streams the token has no permission for (contacts, companies, admins, teams, tags, segments, data_attributes, events, articles, conversations, tickets, …); with `write_` before one, no permission to change anything of it
    #[arg(long, value_delimiter = ',')]
    pub denied: Vec<String>,

    /// Where notifications are delivered
    #[arg(long)]
    pub webhook_url: Option<String>,

    /// How they are written, and what becomes of them on their way
    #[command(flatten)]
    pub webhooks: WebhookOptions,

    /// A fault to inject, such as 'GET /contacts first=3 times=2 kind=status-500' (repeatable)
    #[arg(long = "fault")]
    pub faults: Vec<Fault>,

    /// Append every exchange to this file, as a line of JSON
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            port: 0,
            seed: 1,
            contacts: 1_000,
            companies: 100,
            admins: 5,
            teams: 2,
            tags: 20,
            segments: 5,
            conversations: 50,
            conversation_parts: 5,
            largest_conversation: 0,
            tickets: 20,
            subscription_types: 4,
            notes_per_contact: 1,
            events_per_contact: 2,
            catalogue: CatalogueOptions::default(),
            time_zone: "America/Los_Angeles".to_owned(),
            region: "US".to_owned(),
            workspace_id: "simulator".to_owned(),
            access_token: "simulator-token".to_owned(),
            client_id: "simulator-client-id".to_owned(),
            client_secret: "simulator-client-secret".to_owned(),
            redirect_uri: "https://app.example.com/callback".to_owned(),
            index_lag: Duration::ZERO,
            rate_limit: 1_666,
            time_scale: 1.0,
            epoch: 1_767_225_600,
            latency: Duration::ZERO,
            denied: Vec::new(),
            webhook_url: None,
            webhooks: WebhookOptions::default(),
            faults: Vec::new(),
            record: None,
        }
    }
}

impl Options {
    /// A documented wait, shortened by the time scale. Never less than a millisecond.
    pub(crate) fn scaled(&self, wait: Duration) -> Duration {
        let seconds = wait.as_secs_f64() / self.time_scale.max(f64::MIN_POSITIVE);
        Duration::try_from_secs_f64(seconds)
            .unwrap_or(Duration::MAX)
            .max(Duration::from_millis(1))
    }
}

fn parse_time_scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if scale.is_finite() && scale > 0.0 => Ok(scale),
        _ => Err(format!("`{text}` is not a number above zero")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn flags_and_default_agree() {
        let parsed = <Command as clap::Parser>::parse_from(["simulate"]).options;
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Options::default()));
    }

    #[test]
    fn a_group_of_flags_does_not_speak_for_the_command() {
        let command = <Command as clap::CommandFactory>::command();
        let about = command.get_about().map(ToString::to_string);
        assert_eq!(
            about.as_deref(),
            Some("Simulate Intercom's API on loopback")
        );
    }

    #[test]
    fn flags_are_read() {
        let parsed = <Command as clap::Parser>::parse_from([
            "simulate",
            "--index-lag",
            "15m",
            "--denied",
            "tags,teams",
            "--fault",
            "GET /contacts kind=empty-body",
        ])
        .options;
        assert_eq!(parsed.index_lag, Duration::from_secs(900));
        assert_eq!(parsed.denied, ["tags", "teams"]);
        assert_eq!(parsed.faults.len(), 1);
    }

    #[test]
    fn waits_are_divided_by_the_time_scale() {
        let options = Options {
            time_scale: 60.0,
            ..Options::default()
        };
        assert_eq!(
            options.scaled(Duration::from_secs(60)),
            Duration::from_secs(1)
        );
    }
}
