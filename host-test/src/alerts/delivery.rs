//! Delivers alerts, one after another: a command is run, a URL is posted to.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::CONTENT_TYPE;
use tokio::sync::{mpsc, watch};
use url::Url;

use super::decision::{Alert, Raised};
use super::rule::{AlertRule, AlertTarget};
use crate::http_client::HttpClient;
use crate::metrics::{ConnectionMetrics, Outcome};
use crate::secret::Secret;

/// The waits before a failed delivery is tried again.
pub(super) const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// How often to look whether a command has ended.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Delivers what was decided.
pub(super) struct Delivery {
    pub(super) rules: Vec<AlertRule>,
    pub(super) http: HttpClient,
    pub(super) metrics: Arc<ConnectionMetrics>,
    pub(super) open: watch::Sender<usize>,
    /// Before each further try.
    pub(super) waits: &'static [Duration],
}

impl Delivery {
    /// Until nobody is left who could say anything.
    pub(super) async fn run(self, mut letters: mpsc::Receiver<Raised>) {
        while let Some(raised) = letters.recv().await {
            let outcome = self.deliver(&raised).await;
            self.metrics.alert(raised.alert.name(), outcome);
            self.open.send_modify(|open| *open = open.saturating_sub(1));
        }
    }

    async fn deliver(&self, raised: &Raised) -> Outcome {
        let Some(rule) = self.rules.get(raised.rule) else {
            return Outcome::Failed;
        };
        let (name, connection) = (raised.alert.name(), &raised.alert.connection);
        let mut waits = self.waits.iter();
        loop {
            let problem = match self.try_deliver(rule, &raised.alert).await {
                Ok(()) => return Outcome::Done,
                Err(problem) => problem,
            };
            let Some(wait) = waits.next() else {
                tracing::error!(connection, "the alert {name} is not delivered: {problem}");
                return Outcome::Failed;
            };
            tracing::warn!(connection, "the alert {name} is tried again: {problem}");
            tokio::time::sleep(*wait).await;
        }
    }

    async fn try_deliver(&self, rule: &AlertRule, alert: &Alert) -> Result<(), String> {
        match &rule.target {
            AlertTarget::Command(words) => {
                let (words, alert, timeout) = (words.clone(), alert.clone(), rule.timeout);
                let run = tokio::task::spawn_blocking(move || run(&words, &alert, timeout));
                run.await.map_err(|error| error.to_string())?
            }
            AlertTarget::Url { url, headers } => self.post(url, headers, alert, rule.timeout).await,
        }
    }

    async fn post(
        &self,
        url: &Secret,
        headers: &[(String, Secret)],
        alert: &Alert,
        timeout: Duration,
    ) -> Result<(), String> {
        let url = Url::parse(url.expose()).map_err(|error| format!("not a URL: {error}"))?;
        let client = self.http.client_for(&url);
        let mut request = client.post(url).timeout(timeout);
        for (name, value) in headers {
            request = request.header(name, value.expose());
        }
        let body = alert.to_json().to_string();
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        // The error would repeat the URL, which may be a secret.
        let answer = request
            .send()
            .await
            .map_err(|error| error.without_url().to_string())?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("the answer was {status}")),
        }
    }
}

/// Runs a command to its end, which has to be a success.
fn run(words: &[Secret], alert: &Alert, timeout: Duration) -> Result<(), String> {
    let [program, arguments @ ..] = words else {
        return Err("there is no command".to_owned());
    };
    let mut command = Command::new(program.expose());
    command
        .args(arguments.iter().map(Secret::expose))
        .env("ALERT", alert.name())
        .env("ALERT_ABOUT", alert.kind.name())
        .env("ALERT_CONNECTION", &alert.connection)
        .env("ALERT_SUBJECT", &alert.subject)
        .env("ALERT_MESSAGE", &alert.trouble.message)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut child = command
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that does not read it wants none of it; what there is to read fits into a pipe.
        let _ = writeln!(stdin, "{}", alert.to_json());
    }
    let until = Instant::now() + timeout;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("it ended with {status}")),
            Ok(None) if Instant::now() < until => std::thread::sleep(BETWEEN_LOOKS),
            Ok(None) => {
                end(&mut child);
                return Err(format!("it did not end within {timeout:?}"));
            }
            Err(error) => {
                end(&mut child);
                return Err(error.to_string());
            }
        }
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}
