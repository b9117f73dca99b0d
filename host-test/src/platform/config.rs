//! `platform.yaml`: the file in which a person describes a platform. Read as connection files are: everything in it is
//! honoured or named, all problems in one pass.

mod connections;
mod retention;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

pub use self::connections::{ConnectionEntry, ConnectionSource, OutputPlace, is_name};
pub use self::retention::Retention;
use super::scheduler::Limits;
use super::sealed::{Keys, SealError};
use crate::alerts::AlertRule;
use crate::connection_file::ConnectionFileError;
use crate::connection_file::alerts;
use crate::connection_file::document;
use crate::connection_file::environment;
use crate::connection_file::problems::{Problem, Problems};
use crate::connection_file::section::{Section, count};
use crate::connection_file::span;
use crate::connection_file::webhooks::trusted_proxies;
use crate::private_file;
use crate::secret::Secret;

/// The largest file of keys.
const KEY_FILE_BYTES: u64 = 4_096;

/// The shortest span between two syncs.
pub(super) const SHORTEST_EVERY: Duration = Duration::from_secs(10);

/// Why there is no platform.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file, or one of a connection, is wrong.
    #[error(transparent)]
    File(#[from] ConnectionFileError),
    /// Files of connections are wrong.
    #[error("{}", sentences(.0))]
    Files(Vec<ConnectionFileError>),
    /// The file of keys cannot be used.
    #[error("key_file {}: {source}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// The keys are none.
    #[error("key or key_file: {0}")]
    Key(SealError),
}

fn sentences(errors: &[ConnectionFileError]) -> String {
    let sentences: Vec<String> = errors.iter().map(ToString::to_string).collect();
    sentences.join("\n")
}

/// A platform as a person described it. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct PlatformConfig {
    /// Where it was read from.
    pub path: PathBuf,
    /// Where everything is kept.
    pub data: PathBuf,
    /// Where the control API and the status page listen.
    pub control: SocketAddr,
    /// What the control API wants to be told.
    pub token: Secret,
    /// Whose `X-Forwarded-For` the control API believes.
    pub trusted_proxies: Vec<IpNet>,
    /// Where webhooks are taken; absent: nowhere.
    pub webhooks: Option<SocketAddr>,
    /// What credentials are encrypted with; the first one encrypts.
    pub keys: Vec<Secret>,
    /// What may run at the same time.
    pub limits: Limits,
    /// What connections do that do not say otherwise.
    pub defaults: Defaults,
    /// How long a sync may go on before it gives way.
    pub slice: Duration,
    /// How long an end may take.
    pub shutdown: Duration,
    /// What people want to be told of connections that have no alerts of their own.
    pub alerts: Vec<AlertRule>,
    /// The connections, in their order, each with a name of its own.
    pub connections: Vec<ConnectionEntry>,
}

/// What connections do that do not say otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// How often to sync.
    pub every: Duration,
    /// The most by which a sync is put off, at random; absent: a tenth of the span.
    pub jitter: Option<Duration>,
    /// How long things are kept.
    pub retention: Retention,
}

impl Default for Defaults {
    fn default() -> Defaults {
        Defaults {
            every: Duration::from_secs(15 * 60),
            jitter: None,
            retention: Retention::default(),
        }
    }
}

impl PlatformConfig {
    /// Reads a file, with `${NAME}` replaced from the environment.
    pub fn load(path: &Path) -> Result<PlatformConfig, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConnectionFileError::Unreadable {
                path: path.to_path_buf(),
                source,
            })?;
        PlatformConfig::parse(path, &text, &environment::process)
    }

    /// Reads the text of a file. `variable` gives the value of an environment variable.
    pub fn parse(
        path: &Path,
        text: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<PlatformConfig, ConfigError> {
        let mut problems = Problems::default();
        let mut root = document::parse(path, text, &mut problems)?;
        environment::substitute(&mut root, variable, &mut problems);
        let folder = private_file::directory_of(path);
        let mut config = PlatformConfig {
            path: path.to_path_buf(),
            data: folder.join("platform-data"),
            control: SocketAddr::from((Ipv4Addr::LOCALHOST, 8_790)),
            token: Secret::default(),
            trusted_proxies: Vec::new(),
            webhooks: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8_787))),
            keys: Vec::new(),
            limits: Limits {
                global: 16,
                per_tenant: 2,
            },
            defaults: Defaults::default(),
            slice: Duration::from_secs(5),
            shutdown: Duration::from_secs(30),
            alerts: Vec::new(),
            connections: Vec::new(),
        };
        let mut key_file = None;
        if let Some(mut top) = Section::open("", &root, &mut problems) {
            if let Some(data) = top.text("data", &mut problems) {
                config.data = folder.join(data);
            }
            config.listeners(&mut top, &mut problems);
            config.keys = top.secrets("key", &mut problems);
            key_file = top
                .text("key_file", &mut problems)
                .map(|name| folder.join(name));
            if let Some(node) = top.take("key_file")
                && !config.keys.is_empty()
            {
                let message = "`key` and `key_file` are both given; keep one".to_owned();
                problems.say("key_file", node.line, "value", message);
            }
            config.limits(&mut top, &mut problems);
            config.defaults(&mut top, &mut problems);
            if let Some(node) = top.take("alerts") {
                config.alerts = alerts::read("alerts", node, &mut problems);
            }
            if let Some(node) = top.take("connections") {
                config.connections =
                    connections::read(folder, node, &config.defaults, &mut problems);
            }
            top.finish(
                &[("token", "control.token"), ("listen", "control.listen")],
                &mut problems,
            );
        }
        problems.finish(path)?;
        if let Some(path) = key_file {
            config.keys = read_keys(&path)?;
        }
        Ok(config)
    }

    /// The keys, ready for use.
    pub fn sealing(&self) -> Result<Keys, ConfigError> {
        Keys::new(&self.keys).map_err(ConfigError::Key)
    }

    fn listeners(&mut self, top: &mut Section<'_>, problems: &mut Problems) {
        let control = top.take("control");
        if let Some(node) = control
            && let Some(mut control) = Section::open("control", node, problems)
        {
            if let Some(listen) = address(&mut control, problems) {
                self.control = listen;
            }
            if let Some(token) = control.secret("token", problems) {
                if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
                    let message =
                        "no header can carry it: ASCII letters, digits and signs, without blanks";
                    problems.say("control.token", node.line, "value", message.to_owned());
                }
                self.token = token;
            }
            self.trusted_proxies = trusted_proxies(&mut control, problems);
            control.finish(&[], problems);
        }
        if self.token.is_empty() && control.is_none_or(|control| control.get("token").is_none()) {
            problems.push(Problem {
                path: "control.token".to_owned(),
                line: control.map_or(0, |control| control.line),
                code: "missing",
                message: "the control API wants a token; add it, best as \"${PLATFORM_TOKEN}\""
                    .to_owned(),
                found: None,
                expected: None,
            });
        }
        let Some(node) = top.take("webhooks") else {
            return;
        };
        if node.truth() == Some(false) {
            self.webhooks = None;
        } else if let Some(mut webhooks) = Section::open("webhooks", node, problems) {
            if let Some(listen) = address(&mut webhooks, problems) {
                self.webhooks = Some(listen);
            }
            webhooks.finish(&[], problems);
        }
    }

    fn limits(&mut self, top: &mut Section<'_>, problems: &mut Problems) {
        if let Some(node) = top.take("concurrency")
            && let Some(mut section) = Section::open("concurrency", node, problems)
        {
            for (key, limit) in [
                ("global", &mut self.limits.global),
                ("per_tenant", &mut self.limits.per_tenant),
            ] {
                if let Some(node) = section.take(key)
                    && let Some(count) = count(node, &section.path(key), 1, 1_024, problems)
                {
                    *limit = count as usize;
                }
            }
            section.finish(&[], problems);
        }
        let second = Duration::from_secs(1);
        for (key, span) in [("slice", &mut self.slice), ("shutdown", &mut self.shutdown)] {
            if let Some(found) = span::read(top, key, second, problems) {
                *span = found;
            }
        }
    }

    fn defaults(&mut self, top: &mut Section<'_>, problems: &mut Problems) {
        if let Some(node) = top.take("schedule")
            && let Some((every, jitter)) = connections::schedule("schedule", node, problems)
        {
            self.defaults.every = every.unwrap_or(self.defaults.every);
            self.defaults.jitter = jitter;
        }
        if let Some(node) = top.take("retention") {
            self.defaults.retention =
                retention::read("retention", node, &self.defaults.retention, problems);
        }
    }
}

/// Reads one connection that is written in place.
pub(super) fn read_entry(
    path: &Path,
    node: &document::Node,
    defaults: &Defaults,
    problems: &mut Problems,
) -> Option<ConnectionEntry> {
    connections::entry(
        "",
        private_file::directory_of(path),
        node,
        defaults,
        problems,
    )
}

/// Reads the document of a connection that was added, which was looked at before. `path` is its place in messages.
pub(super) fn read_added(
    path: &Path,
    text: &str,
    defaults: &Defaults,
) -> Result<ConnectionEntry, ConnectionFileError> {
    let mut problems = Problems::default();
    let root = document::parse(path, text, &mut problems)?;
    let entry = read_entry(path, &root, defaults, &mut problems);
    problems.finish(path)?;
    entry.ok_or_else(|| ConnectionFileError::Empty {
        path: path.to_path_buf(),
    })
}

/// `listen` of a section.
fn address(section: &mut Section<'_>, problems: &mut Problems) -> Option<SocketAddr> {
    let text = section.text("listen", problems)?;
    let found = text.parse();
    if found.is_err()
        && let Some(node) = section.take("listen")
    {
        problems.push(node.problem(
            &section.path("listen"),
            "value",
            "not an address with a port",
            "such as 127.0.0.1:8790",
        ));
    }
    found.ok()
}

/// One key a line; a file that others can read is refused.
fn read_keys(path: &Path) -> Result<Vec<Secret>, ConfigError> {
    let failed = |source| ConfigError::KeyFile {
        path: path.to_path_buf(),
        source,
    };
    let bytes = private_file::read(path, KEY_FILE_BYTES).map_err(failed)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| failed(std::io::Error::other(SealError::NoKey.to_string())))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Vec<Secret> = lines.map(Secret::from).collect();
    match keys.is_empty() {
        true => Err(failed(std::io::Error::other("there is no key in it"))),
        false => Ok(keys),
    }
}

#[cfg(test)]
mod tests;
