//! The settings that both forms have in common.

use std::time::Duration;

use super::problems::{Problem, Problems};
use super::section::Section;
use super::{ConnectionFile, span};

/// How changes come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By reading.
    Batch,
    /// By webhooks.
    Realtime,
    /// By both.
    Hybrid,
}

/// Which way data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the provider only.
    Read,
    /// To the provider only.
    Write,
    /// Both ways.
    Both,
}

impl Direction {
    /// Whether streams may be read and webhooks taken.
    pub fn reads(self) -> bool {
        self != Direction::Write
    }

    /// Whether rows may be written.
    pub fn writes(self) -> bool {
        self != Direction::Read
    }
}

/// What is logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logging {
    /// `trace`, `debug`, `info`, `warn` or `error`; absent: what the command line says.
    pub level: Option<&'static str>,
    /// Whether each webhook gets a line of its own (never its body).
    pub webhooks: bool,
}

/// Reads `token_file`, whose place is told from the connection file's directory.
pub(super) fn token_file(
    section: &mut Section<'_>,
    connection: &mut ConnectionFile,
    problems: &mut Problems,
) {
    if let Some(name) = section.text("token_file", problems) {
        connection.token_file = connection.path.with_file_name(name);
    }
}

/// The shortest span between two readings by `webhook serve`.
const SHORTEST_SYNC: Duration = Duration::from_secs(10);

/// How often a hybrid connection is read when it does not say.
const SYNC_EVERY: Duration = Duration::from_secs(15 * 60);

/// Reads `mode` and `sync_every`. Where no mode is written, both ways are open and nobody reads by himself.
pub(super) fn mode(
    section: &mut Section<'_>,
    connection: &mut ConnectionFile,
    problems: &mut Problems,
) {
    let written = section.choice(
        "mode",
        &[
            ("batch", Mode::Batch),
            ("realtime", Mode::Realtime),
            ("hybrid", Mode::Hybrid),
        ],
        problems,
    );
    connection.mode = written.unwrap_or(Mode::Hybrid);
    let every = span::read(section, "sync_every", SHORTEST_SYNC, problems);
    connection.written_sync_every = every;
    connection.sync_every = match written {
        Some(Mode::Hybrid) => Some(every.unwrap_or(SYNC_EVERY)),
        Some(Mode::Realtime) if every.is_some() => {
            let path = section.path("sync_every");
            let line = section.take("sync_every").map_or(0, |node| node.line);
            let message = "`mode: realtime` reads nothing; set it to hybrid".to_owned();
            problems.say(&path, line, "value", message);
            None
        }
        _ => every,
    };
}

/// Reads `direction`. The name of a pair, such as `intercom_to_brevo`, says which end is the source.
pub(super) fn direction(section: &mut Section<'_>, problems: &mut Problems) -> Direction {
    section
        .choice(
            "direction",
            &[
                ("read", Direction::Read),
                ("write", Direction::Write),
                ("both", Direction::Both),
                ("intercom_to_brevo", Direction::Read),
                ("brevo_to_intercom", Direction::Write),
                ("bidirectional", Direction::Both),
            ],
            problems,
        )
        .unwrap_or(Direction::Both)
}

/// The code of the problem that a connection is switched off.
pub(super) const SWITCHED_OFF: &str = "switched_off";

/// Reads `enabled`: a connection that is switched off does not run.
pub(super) fn enabled(section: &mut Section<'_>, problems: &mut Problems) {
    if section.truth("enabled", problems) == Some(false) {
        let path = section.path("enabled");
        let line = section.take("enabled").map_or(0, |node| node.line);
        problems.say(
            &path,
            line,
            SWITCHED_OFF,
            "the connection is switched off; set it to true to run it".to_owned(),
        );
    }
}

/// Reads `debug`, `log_level` and `log_webhooks`. The level wins over `debug`.
pub(super) fn logging(section: &mut Section<'_>, problems: &mut Problems) -> Logging {
    let debug = section.truth("debug", problems).unwrap_or(false);
    let level = section.choice(
        "log_level",
        &[
            ("trace", "trace"),
            ("debug", "debug"),
            ("verbose", "debug"),
            ("info", "info"),
            ("normal", "info"),
            ("warn", "warn"),
            ("warning", "warn"),
            ("error", "error"),
            ("quiet", "error"),
        ],
        problems,
    );
    Logging {
        level: level.or(debug.then_some("debug")),
        webhooks: section.truth("log_webhooks", problems).unwrap_or(false),
    }
}

/// Reads an API version: text, because YAML takes `2.10` for the number 2.1.
pub(super) fn api_version(section: &mut Section<'_>, problems: &mut Problems) -> Option<String> {
    use super::document::Content;
    let node = section.take("api_version")?;
    if let Content::Number(number) = &node.content {
        let written = node.written.clone().unwrap_or_else(|| number.to_string());
        problems.push(Problem {
            path: section.path("api_version"),
            line: node.line,
            code: "type",
            message: "an API version without quotes is a number to YAML, which takes 2.10 for 2.1"
                .to_owned(),
            found: Some(format!("the number {written}")),
            expected: Some(format!("\"{written}\" in quotes")),
        });
        return None;
    }
    section.text("api_version", problems)
}
