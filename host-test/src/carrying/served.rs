//! What triggers and other systems want, carried out while a connection is served.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Carrier, IntentSink, declare, lines_beside, lock, look_at_waiting};
use crate::attachments::Attachments;
use crate::callbacks::{self, CallbackWorker};
use crate::clock::now_ms;
use crate::connection_file::{ConnectionFile, Trigger};
use crate::http_client::HttpClientError;
use crate::opened_connection::OpenedConnection;
use crate::position::{LockError, StateLock};
use crate::runner::RetryPolicy;
use crate::webhook_listener::{Door, Watch};
use crate::webhook_queue::{Intents, Queue, QueueError};

/// How often to look for something to do.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// How often to look whether nobody else carries out any more.
const BETWEEN_LOCKS: Duration = Duration::from_secs(1);

/// How long to wait when the queue cannot be read.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Why what is wanted cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CarryingError {
    /// The queue cannot be opened.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// There is no HTTP client for `intents.output` or `attachments`.
    #[error(transparent)]
    Http(#[from] HttpClientError),
}

/// The intents and callbacks of a connection that is served.
pub struct Carrying {
    intents: Arc<Intents>,
    sink: IntentSink,
    attachments: Option<Attachments>,
    queue: Queue,
}

impl Carrying {
    /// Opens them; `None` where a connection has neither triggers nor callbacks.
    pub fn open(file: &ConnectionFile, queue: &Queue) -> Result<Option<Carrying>, CarryingError> {
        if file.triggers.is_empty() && file.callbacks.is_empty() {
            return Ok(None);
        }
        let intents = Intents::open(queue.path())?;
        declare(&intents, file)?;
        let beside = lines_beside(queue.path());
        Ok(Some(Carrying {
            intents: Arc::new(intents),
            sink: IntentSink::of(file.intents.as_ref(), beside)?,
            attachments: Attachments::of(file)?,
            queue: queue.clone(),
        }))
    }

    /// Where intents are kept.
    pub fn intents(&self) -> &Intents {
        &self.intents
    }

    /// Whether something is to be carried out by itself, now or in time.
    pub fn has_work(&self, file: &ConnectionFile) -> bool {
        file.has_waiting_triggers() || self.intents.has_work().unwrap_or(false)
    }

    /// The doors for other systems of the connection of this name. `watched`: its file, where it may go while it is served.
    pub fn doors(
        &self,
        name: &str,
        connection: &OpenedConnection,
        watched: Option<&Path>,
    ) -> Vec<Door> {
        let file = &connection.file;
        let paths = callbacks::paths(name, &file.callbacks).into_iter();
        paths
            .filter_map(|(path, door)| {
                Some(Door {
                    connection: name.to_owned(),
                    watch: Watch::new(watched.map(Path::to_path_buf), Vec::new()),
                    path,
                    callback: file.callbacks.get(&door)?.clone(),
                    name: door,
                    observers: connection.tenant.observers().clone(),
                    intents: Arc::clone(&self.intents),
                    log_each: file.logging.webhooks,
                })
            })
            .collect()
    }

    /// Carries out what comes, until it is dropped.
    pub async fn run(&self, connection: &OpenedConnection, time_scale: f64) {
        let retry = RetryPolicy {
            time_scale,
            ..RetryPolicy::default()
        };
        let _lock = self.lock().await;
        while let Err(error) = self.intents.take_up(now_ms()) {
            tracing::error!("intents cannot be taken up: {error}");
            tokio::time::sleep(AFTER_FAILURE).await;
        }
        let carrier = Carrier {
            connection,
            intents: &self.intents,
            sink: &self.sink,
            attachments: self.attachments.as_ref(),
            retry: &retry,
        };
        let worker = CallbackWorker {
            connection,
            callbacks: &connection.file.callbacks,
            intents: &self.intents,
            retry: &retry,
        };
        let forwards = async {
            loop {
                pause_after(carrier.carry_out().await.map(drop)).await;
            }
        };
        let backwards = async {
            loop {
                pause_after(worker.carry_out().await.map(drop)).await;
            }
        };
        // What takes long in one direction holds up nothing in the other.
        futures::join!(forwards, backwards, self.wait_for_time(connection, &retry));
    }

    /// Looks now and then at what time alone sets off.
    async fn wait_for_time(&self, connection: &OpenedConnection, retry: &RetryPolicy) {
        let mut waiting: Vec<(&str, &Trigger, Instant)> = connection
            .file
            .triggers
            .iter()
            .filter(|(_, trigger)| trigger.waits())
            .map(|(name, trigger)| (name, trigger, Instant::now()))
            .collect();
        if waiting.is_empty() || !connection.has_token() {
            return;
        }
        loop {
            let now = Instant::now();
            let mut due = Vec::new();
            for (name, trigger, next) in &mut waiting {
                if *next <= now {
                    *next = now + retry.scaled(trigger.every);
                    due.push((*name, *trigger));
                }
            }
            if !due.is_empty() {
                match look_at_waiting(connection, &self.intents, &due, retry).await {
                    Ok(looked) => {
                        for problem in looked.iter().filter_map(|look| look.problem.as_ref()) {
                            tracing::warn!("what waits cannot be looked at: {problem}");
                        }
                    }
                    Err(error) => tracing::error!("what waits cannot be looked at: {error}"),
                }
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    async fn lock(&self) -> StateLock {
        let mut told = false;
        loop {
            match lock(self.queue.path()) {
                Ok(lock) => return lock,
                Err(error) => {
                    if !told {
                        let held = matches!(error, LockError::Held { .. });
                        match held {
                            true => tracing::info!("somebody else carries out intents: {error}"),
                            false => tracing::error!("intents are not carried out: {error}"),
                        }
                        told = true;
                    }
                    tokio::time::sleep(BETWEEN_LOCKS).await;
                }
            }
        }
    }
}

async fn pause_after(done: Result<(), QueueError>) {
    match done {
        Ok(()) => tokio::time::sleep(BETWEEN_LOOKS).await,
        Err(error) => {
            tracing::error!("the queue cannot be read: {error}");
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    }
}
