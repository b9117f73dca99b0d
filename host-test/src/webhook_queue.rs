//! What webhooks brought, on its way into the output: stored durably before the sender hears of it, in a database of its
//! own, and taken out when the output has it.
//!
//! One transaction holds a delivery's id, its entries, its intents and the rows to read again; whether the id was new in it
//! decides what is a duplicate. Deliveries that come while the disk is at work share the next transaction, so that the
//! number of webhooks a second does not hang on how long a disk takes.

mod again;
mod callbacks;
mod copies;
mod counts;
mod depth;
mod error;
mod followed;
mod intents;
mod lines;
mod ordered_output;
mod outcomes;
mod own_writes;
mod read_streams;
mod row_times;
mod schema;
mod status;
mod switches;
mod waiting;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction};
use tempfile::TempDir;

pub use self::again::RowAgain;
pub use self::callbacks::{About, CallbackState, NewCallback, StoredCallback};
pub use self::counts::{Tally, WebhookCounts};
use self::depth::Depth;
pub use self::depth::MOST_WAITING;
pub use self::error::QueueError;
use self::error::failed;
pub use self::followed::FollowedRow;
pub use self::intents::{IntentSource, IntentState, Intents, StoredIntent, Tried};
pub use self::ordered_output::OrderedOutput;
pub use self::outcomes::WriteOutcome;
pub(crate) use self::own_writes::hash as key_hash;
pub(crate) use self::row_times::hash as row_hash;
pub use self::status::QueueStatus;
pub use self::switches::Switch;
pub use self::waiting::{Done, QueuedDelivery};
use self::writer::Writer;
use crate::contract::connector::RowReference;
use crate::contract::types::{Entry, Intent};
use crate::metrics::{self, Looked};
use crate::output::encode_entries;
use crate::position::Heard;

/// How a queue works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueOptions {
    /// How long the id of a delivery is remembered.
    pub remember: Duration,
    /// Deliveries that may wait for the output.
    pub most_waiting: u64,
    /// How long is kept what nobody can do anything with: deliveries that no output takes, callbacks that were given up.
    pub keep: Duration,
    /// Whether rows of which a delivery tells a part are remembered, to be read again.
    pub reads_again: bool,
}

impl Default for QueueOptions {
    fn default() -> QueueOptions {
        QueueOptions {
            remember: Duration::from_secs(7 * 86_400),
            most_waiting: MOST_WAITING,
            keep: Duration::from_secs(7 * 86_400),
            reads_again: false,
        }
    }
}

/// A delivery as the component read it.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// The same whenever it is delivered again.
    pub id: String,
    /// What it is about.
    pub topic: String,
    /// When it came in, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// When the provider made it.
    pub created_at_ms: Option<i64>,
    /// What it gave, in the order in which it applies.
    pub entries: Vec<Entry>,
    /// What triggers want done for it.
    pub intents: Vec<Intent>,
    /// Rows of which it tells a part.
    pub read_again: Vec<RowReference>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is stored.
    New,
    /// It was stored before.
    Known,
}

/// A queue that this process has to itself (the lock of its output protects it). Cheap to clone; when the last clone is
/// dropped, what was asked of it is done.
#[derive(Clone)]
pub struct Queue {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    writer: Writer,
    reader: Mutex<Connection>,
    tally: Arc<Mutex<Tally>>,
    depth: Arc<Depth>,
    options: QueueOptions,
    /// Where it is when nothing is to be kept.
    _folder: Option<TempDir>,
}

impl Queue {
    /// Opens a queue, made when there is none. Without a path it is forgotten with its last clone.
    pub fn open(path: Option<&Path>, options: QueueOptions) -> Result<Queue, QueueError> {
        let unmakable = |path: &Path, source| QueueError::Io {
            path: path.to_path_buf(),
            source: Arc::new(source),
        };
        let (path, folder) = match path {
            Some(path) => (path.to_path_buf(), None),
            None => {
                let folder = tempfile::tempdir()
                    .map_err(|source| unmakable(&std::env::temp_dir(), source))?;
                (folder.path().join("webhooks"), Some(folder))
            }
        };
        if let Some(parent) = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            std::fs::create_dir_all(parent).map_err(|source| unmakable(&path, source))?;
        }
        let connection = schema::open(&path)?;
        let failed = failed(&path);
        let tally = schema::load_tally(&connection).map_err(&failed)?;
        let depth = Arc::new(Depth::count(&connection).map_err(&failed)?);
        let reader = schema::open(&path)?;
        let tally = Arc::new(Mutex::new(tally));
        let writer = Writer::start(connection, Arc::clone(&tally), Arc::clone(&depth), options);
        Ok(Queue {
            shared: Arc::new(Shared {
                path,
                writer,
                reader: Mutex::new(reader),
                tally,
                depth,
                options,
                _folder: folder,
            }),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Whether no further delivery should be taken for now.
    pub fn is_full(&self) -> bool {
        self.shared.depth.is_over(self.shared.options.most_waiting)
    }

    /// Deliveries that wait for the output.
    pub fn waiting(&self) -> u64 {
        self.shared.depth.deliveries()
    }

    /// When the last genuine webhook came, in milliseconds since 1970.
    pub fn last_webhook_ms(&self) -> Option<i64> {
        let tally = self.tally();
        tally.last.delivery_at_ms.max(tally.last.ping_at_ms)
    }

    /// Shows what became of deliveries under the name of a connection, as long as there is the queue.
    pub fn show_as(&self, connection: &str) {
        let (queue, connection) = (Arc::downgrade(&self.shared), connection.to_owned());
        metrics::watch(move |readings| {
            let Some(shared) = queue.upgrade() else {
                return false;
            };
            let queue = Queue { shared };
            queue.counts().show(&connection, readings);
            let labels = [("connection", connection.as_str())];
            readings.set(Looked::WebhooksWaiting, &labels, queue.waiting() as f64);
            if let Some(last_ms) = queue.last_webhook_ms() {
                readings.set(Looked::LastWebhook, &labels, last_ms as f64 / 1_000.0);
            }
            true
        });
    }

    /// What was counted since the queue was opened.
    pub fn counts(&self) -> WebhookCounts {
        self.tally().run
    }

    /// Counts something, for this run and for all.
    pub fn count(&self, change: impl Fn(&mut WebhookCounts)) {
        self.tally().count(change);
    }

    /// Stores a delivery, unless it was stored before. When this returns, the disk has it.
    pub async fn take(&self, received: Received) -> Result<Taken, QueueError> {
        let tally = Arc::clone(&self.shared.tally);
        let depth = Arc::clone(&self.shared.depth);
        let reads_again = self.shared.options.reads_again;
        let mut lines = Vec::new();
        encode_entries(&received.entries, &mut lines);
        self.write(move |transaction| {
            let taken = store(transaction, &received, &lines, reads_again)?;
            let mut tally = lock(&tally);
            let topic = &received.topic;
            tally
                .last
                .hear(Heard::Delivery { topic }, received.received_at_ms);
            match taken {
                Taken::New => {
                    tally.count(|counts| counts.accepted += 1);
                    depth.add(1, lines.len());
                }
                Taken::Known => tally.count(|counts| counts.duplicates += 1),
            }
            Ok(taken)
        })
        .await
    }

    /// Remembers a try of the door.
    pub async fn ping(&self, now_ms: i64) -> Result<(), QueueError> {
        let tally = Arc::clone(&self.shared.tally);
        self.write(move |_| {
            let mut tally = lock(&tally);
            tally.last.hear(Heard::Ping, now_ms);
            tally.count(|counts| counts.pings += 1);
            Ok(())
        })
        .await
    }

    /// Remembers a genuine delivery that means nothing here.
    pub async fn ignore(&self, topic: String, now_ms: i64) -> Result<(), QueueError> {
        let tally = Arc::clone(&self.shared.tally);
        self.write(move |_| {
            let mut tally = lock(&tally);
            let topic = &topic;
            tally.last.hear(Heard::Delivery { topic }, now_ms);
            tally.count(|counts| counts.ignored += 1);
            Ok(())
        })
        .await
    }

    /// The intents of the queue.
    pub fn intents(&self) -> Result<Intents, QueueError> {
        Intents::open(&self.shared.path)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        lock(&self.shared.tally)
    }

    /// Does something in the next transaction.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, QueueError> {
        let answer = self.shared.writer.try_send(work)?;
        let answer = answer.await.map_err(|_| QueueError::Ended)?;
        answer.map_err(|source| self.failed(source))
    }

    /// The same for threads that may wait.
    fn write_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, QueueError> {
        let answer = self.shared.writer.send(work)?;
        let answer = answer.blocking_recv().map_err(|_| QueueError::Ended)?;
        answer.map_err(|source| self.failed(source))
    }

    fn read<T>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, QueueError> {
        let reader = self.shared.reader.lock();
        let reader = reader.unwrap_or_else(PoisonError::into_inner);
        question(&reader).map_err(|source| self.failed(Arc::new(source)))
    }

    fn failed(&self, source: Arc<rusqlite::Error>) -> QueueError {
        QueueError::Database {
            path: self.shared.path.clone(),
            source,
        }
    }
}

fn store(
    transaction: &Transaction<'_>,
    received: &Received,
    lines: &[u8],
    reads_again: bool,
) -> rusqlite::Result<Taken> {
    let now_ms = received.received_at_ms;
    if !waiting::remember(transaction, &received.id, now_ms)? {
        return Ok(Taken::Known);
    }
    let number = waiting::insert(transaction, received, lines)?;
    let source = IntentSource::Delivery(&received.entries, received.created_at_ms);
    intents::insert_all(transaction, &received.intents, source, now_ms)?;
    if reads_again {
        for row in &received.read_again {
            again::insert(transaction, (&row.stream, &row.key), number, now_ms)?;
        }
    }
    Ok(Taken::New)
}

/// Counters and times alone are behind the lock; a panic cannot leave them in disorder.
fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
