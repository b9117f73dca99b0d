//! The one who writes into a queue's database: a thread that does in one transaction whatever was asked for while the
//! transaction before was on its way to the disk.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::depth::Depth;
use super::{QueueError, QueueOptions, Tally, lock, schema, waiting};
use crate::clock::now_ms;

/// What may be asked for before the first of it is done.
const MOST_ASKED: usize = 4_096;

/// What shares a transaction at most. A longer one would make the first of them wait for nothing.
const MOST_AT_ONCE: usize = 512;

/// How long counters may be in memory alone.
const BETWEEN_SAVES: Duration = Duration::from_secs(1);

/// How often what is old is forgotten.
const BETWEEN_CLEANINGS: Duration = Duration::from_secs(1);

/// What came of something that was asked for.
type Answer<T> = Result<T, Arc<rusqlite::Error>>;

/// The writer's thread, ended when this is dropped.
pub(super) struct Writer {
    asked: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts it.
    pub(super) fn start(
        connection: Connection,
        tally: Arc<Mutex<Tally>>,
        depth: Arc<Depth>,
        options: QueueOptions,
    ) -> Writer {
        let (asked, asks) = sync_channel(MOST_ASKED);
        let saved = lock(&tally).clone();
        let work = Work {
            connection,
            tally,
            saved,
            depth,
            remember_ms: milliseconds(options.remember),
            keep_ms: milliseconds(options.keep),
            cleaned_at: None,
        };
        Writer {
            asked: Some(asked),
            thread: Some(std::thread::spawn(move || work.run(&asks))),
        }
    }

    /// Asks for something to be done in the next transaction, unless too much was asked for already.
    pub(super) fn try_send<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Answer<T>>, QueueError> {
        let (job, answer) = Asked::boxed(work);
        match self.asked.as_ref().map(|asked| asked.try_send(job)) {
            Some(Ok(())) => Ok(answer),
            Some(Err(TrySendError::Full(_))) => Err(QueueError::Busy),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(QueueError::Ended),
        }
    }

    /// The same; waits while too much was asked for already.
    pub(super) fn send<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Answer<T>>, QueueError> {
        let (job, answer) = Asked::boxed(work);
        match self.asked.as_ref().map(|asked| asked.send(job)) {
            Some(Ok(())) => Ok(answer),
            _ => Err(QueueError::Ended),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.asked = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told where it happened.
            let _ = thread.join();
        }
    }
}

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Something to do in a transaction that others share.
trait Job: Send {
    fn run(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()>;

    /// The transaction is on the disk, or it is not and never will be.
    fn end(self: Box<Self>, error: Option<&Arc<rusqlite::Error>>);
}

struct Asked<F, T> {
    work: Option<F>,
    done: Option<T>,
    answer: oneshot::Sender<Answer<T>>,
}

impl<F, T> Asked<F, T>
where
    F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    T: Send + 'static,
{
    fn boxed(work: F) -> (Box<dyn Job>, oneshot::Receiver<Answer<T>>) {
        let (answer, receiver) = oneshot::channel();
        let job = Asked {
            work: Some(work),
            done: None,
            answer,
        };
        (Box::new(job), receiver)
    }
}

impl<F, T> Job for Asked<F, T>
where
    F: FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        if let Some(work) = self.work.take() {
            self.done = Some(work(transaction)?);
        }
        Ok(())
    }

    fn end(self: Box<Self>, error: Option<&Arc<rusqlite::Error>>) {
        let answer = match (self.done, error) {
            (_, Some(error)) => Err(Arc::clone(error)),
            (Some(done), None) => Ok(done),
            (None, None) => return,
        };
        // Whoever asked may be gone: what was done stays done.
        let _ = self.answer.send(answer);
    }
}

struct Work {
    connection: Connection,
    tally: Arc<Mutex<Tally>>,
    /// What the database has of it.
    saved: Tally,
    depth: Arc<Depth>,
    remember_ms: i64,
    keep_ms: i64,
    cleaned_at: Option<Instant>,
}

impl Work {
    fn run(mut self, asks: &Receiver<Box<dyn Job>>) {
        loop {
            let first = match asks.recv_timeout(BETWEEN_SAVES) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let more = asks.try_iter().take(MOST_AT_ONCE - 1);
            let mut jobs: Vec<Box<dyn Job>> = first.into_iter().chain(more).collect();
            let error = self.transact(&mut jobs).err().map(Arc::new);
            if let Some(error) = &error {
                tracing::error!("the webhook queue cannot be written: {error}");
                // What is wrong with the disk is told to everybody who asks.
                let _ = self.depth.count_again(&self.connection);
            }
            for job in jobs {
                job.end(error.as_ref());
            }
        }
        if let Err(error) = self.transact(&mut []) {
            tracing::warn!("the webhook queue's counters cannot be stored: {error}");
        }
    }

    fn transact(&mut self, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
        let cleaning = self
            .cleaned_at
            .is_none_or(|at| at.elapsed() >= BETWEEN_CLEANINGS);
        if jobs.is_empty() && self.cleaned_at.is_some() && *lock(&self.tally) == self.saved {
            return Ok(());
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        for job in jobs {
            job.run(&transaction)?;
        }
        if cleaning {
            let now = now_ms();
            let kept_from = now.saturating_sub(self.keep_ms);
            waiting::forget(
                &transaction,
                now.saturating_sub(self.remember_ms),
                kept_from,
            )?;
        }
        let tally = lock(&self.tally).clone();
        if tally != self.saved {
            schema::save_tally(&transaction, &tally)?;
        }
        transaction.commit()?;
        self.saved = tally;
        if cleaning {
            self.cleaned_at = Some(Instant::now());
        }
        self.depth.notify();
        Ok(())
    }
}
