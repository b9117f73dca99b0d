//! Entries posted to somebody's URL, with a state file or without one: at least once. Whatever is posted again after a crash has
//! the same idempotency key, because its key is a hash of where the reading stood, and of the body.

mod body;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use url::Url;

pub use self::body::BodyForm;
use self::body::{Bodies, Caps, bodies};
use super::kept_state::KeptState;
use super::shared::in_turn;
use super::{Addition, Commit, Delivered, Delivery, Output, OutputError, ScanStart};
use crate::clock::now_ms;
use crate::connection_file::HttpOutputSettings;
use crate::contract::types::Entry;
use crate::position::{Checked, Heard, LastRun, State};
use crate::receiver::{PostError, Receiver, ReceiverOptions, idempotency_key};
use crate::runner::RetryPolicy;

/// Deliveries that are posted at the same time. Those that change the same row follow each other.
const AT_ONCE: usize = 16;

/// How long a receiver may ask for no deliveries.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Whose entries are posted, and how.
#[derive(Clone, Debug)]
pub struct Sender<'a> {
    /// The connection's name: a part of every idempotency key.
    pub connection: &'a str,
    /// How to post.
    pub settings: &'a HttpOutputSettings,
    /// The mapping that comes with the component, where the connection's is one.
    pub preset: Option<&'a str>,
    /// Whether that mapping puts records into lists.
    pub lists: bool,
    /// Divides every wait; above 1 for tests.
    pub time_scale: f64,
    /// Says when to stop posting, whatever is under way: it is posted again. Absent: never.
    pub stop: Option<watch::Receiver<bool>>,
}

/// Until somebody says so, or nobody is there any more to say it.
async fn stopped(stop: Option<watch::Receiver<bool>>) {
    match stop {
        Some(mut stop) => drop(stop.wait_for(|stop| *stop).await),
        None => std::future::pending().await,
    }
}

/// A receiver of entries as an output.
pub struct HttpOutput {
    receiver: Receiver,
    form: BodyForm,
    caps: Caps,
    connection: String,
    kept: KeptState,
    /// Its own, because an output is called from threads with a runtime and from those without one.
    runtime: Option<Runtime>,
    /// The receiver wants nothing before.
    not_before: Option<Instant>,
    stop: Option<watch::Receiver<bool>>,
}

impl HttpOutput {
    /// Opens the state file. With one, the next run goes on where this one ends. Nothing is posted yet.
    pub fn open(
        url: &Url,
        state: Option<&Path>,
        sender: &Sender<'_>,
    ) -> Result<HttpOutput, OutputError> {
        let Sender { settings, .. } = sender;
        let options = ReceiverOptions {
            headers: settings.headers.clone(),
            timeout: settings.timeout,
            retry: RetryPolicy {
                tries: settings.tries,
                time_scale: sender.time_scale,
                ..RetryPolicy::default()
            },
        };
        let form = settings
            .form
            .unwrap_or_else(|| BodyForm::of_preset(sender.preset));
        if form == BodyForm::BrevoContacts && !sender.lists {
            tracing::warn!(
                "the mapping puts contacts into no list, and Brevo's import refuses those: name `lists`, such as lists: {{ all_users: 1 }}"
            );
        }
        Ok(HttpOutput {
            receiver: Receiver::new(url.clone(), options)?,
            form,
            caps: Caps {
                entries: settings.max_entries,
                bytes: settings.max_bytes,
                lists: sender.lists,
            },
            connection: sender.connection.to_owned(),
            kept: KeptState::open(state)?,
            runtime: Some(
                Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(OutputError::Runtime)?,
            ),
            not_before: None,
            stop: sender.stop.clone(),
        })
    }

    /// Waits for the network in a thread of its own: whoever calls may be a task of another runtime.
    fn wait<T: Send>(&self, work: impl Future<Output = T> + Send) -> Result<T, OutputError> {
        let ended = || OutputError::Runtime(std::io::Error::other("it has ended"));
        let runtime = self.runtime.as_ref().ok_or_else(ended)?;
        let stop = self.stop.clone();
        let work = async {
            tokio::select! {
                done = work => Ok(done),
                () = stopped(stop) => Err(OutputError::Stopped),
            }
        };
        in_turn(|| {
            std::thread::scope(|scope| {
                let waiting = scope.spawn(|| runtime.block_on(work));
                waiting.join().map_err(|_| ended())?
            })
        })
    }

    /// The bodies of entries, each with its key; `place` says what makes them come again.
    fn documents(
        &self,
        stream: &str,
        entries: &[&Entry],
        place: &[&[u8]],
    ) -> Result<Vec<(String, Bytes)>, OutputError> {
        let made = bodies(self.form, self.caps, stream, entries)?;
        let Bodies {
            bodies,
            deletions,
            parts,
            listless,
        } = made;
        if deletions > 0 {
            tracing::warn!(
                stream,
                deletions,
                "deletions have no place in these bodies and are left out"
            );
        }
        if parts > 0 {
            tracing::info!(
                stream,
                parts,
                "parts of records have no place in these bodies: their rows are posted when they are read again"
            );
        }
        if listless > 0 {
            tracing::warn!(
                stream,
                listless,
                "contacts that no list is for are left out: Brevo's import takes contacts into lists"
            );
        }
        let documents = bodies.into_iter().zip(0_u64..).map(|(body, number)| {
            let number = number.to_le_bytes();
            let parts = [self.connection.as_bytes(), stream.as_bytes()];
            let parts = parts.into_iter().chain(place.iter().copied());
            let key = idempotency_key(parts.chain([number.as_slice(), &body]));
            (key, Bytes::from(body))
        });
        Ok(documents.collect())
    }

    /// Posts one body after the other, each until it is taken or given up.
    fn post(&self, stream: &str, entries: &[Entry], place: &[&[u8]]) -> Result<(), OutputError> {
        let entries: Vec<&Entry> = entries.iter().collect();
        let documents = self.documents(stream, &entries, place)?;
        if documents.is_empty() {
            return Ok(());
        }
        let receiver = &self.receiver;
        self.wait(async move {
            for (key, document) in documents {
                let answer = receiver.post(document, &key).await?;
                if answer.is_partial() {
                    told_partial(receiver);
                }
            }
            Ok(())
        })?
    }

    /// The same for a page or rows beside it, and remembers why it went wrong.
    fn put_out(
        &mut self,
        stream: &str,
        entries: &[Entry],
        place: &[&[u8]],
    ) -> Result<(), OutputError> {
        let Err(error) = self.post(stream, entries, place) else {
            return Ok(());
        };
        let run = LastRun {
            ended_at_ms: now_ms(),
            status: "not_taken".to_owned(),
            message: Some(error.to_string()),
            ..LastRun::default()
        };
        self.kept.ended(stream, run)?;
        Err(error)
    }

    /// Posts each delivery's bodies once, several deliveries at a time. What came of each, in order.
    fn post_deliveries(
        &self,
        deliveries: &[&Delivery<'_>],
    ) -> Result<Vec<Result<(), PostError>>, OutputError> {
        let mut all = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            let mut documents = Vec::new();
            for (run, number) in runs(delivery.entries).zip(0_u64..) {
                let place = [
                    b"delivery".as_slice(),
                    delivery.id.as_bytes(),
                    &number.to_le_bytes(),
                ];
                let stream = run.first().map_or("", |entry| entry.stream.as_str());
                documents.extend(self.documents(stream, &run, &place)?);
            }
            all.push(documents);
        }
        let receiver = &self.receiver;
        let posts = all.into_iter().map(|documents| async move {
            for (key, document) in documents {
                let answer = receiver.post_once(document, &key).await?;
                if answer.is_partial() {
                    told_partial(receiver);
                }
            }
            Ok(())
        });
        let posts: Vec<_> = posts.collect();
        self.wait(futures::future::join_all(posts))
    }
}

impl Drop for HttpOutput {
    fn drop(&mut self) {
        // Waiting for its threads is not allowed in a task of another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn told_partial(receiver: &Receiver) {
    tracing::warn!(
        "{} took a part of a batch only (207); what it left out is not sent again",
        receiver.place()
    );
}

/// Entries of one stream that follow each other.
fn runs(entries: &[Entry]) -> impl Iterator<Item = Vec<&Entry>> {
    let runs = entries.chunk_by(|one, next| one.stream == next.stream);
    runs.map(|run| run.iter().collect())
}

/// How many of the first deliveries change no row twice.
fn independent(deliveries: &[Delivery<'_>]) -> usize {
    let mut rows = BTreeSet::new();
    let apart = deliveries.iter().take(AT_ONCE).take_while(|delivery| {
        let own: BTreeSet<(&str, &str)> = delivery
            .entries
            .iter()
            .map(|entry| (entry.stream.as_str(), entry.key.as_str()))
            .collect();
        let apart = rows.is_disjoint(&own);
        rows.extend(own);
        apart
    });
    apart.count()
}

impl Output for HttpOutput {
    fn state(&self) -> &State {
        &self.kept.state
    }

    fn begin(&mut self, stream: &str, start: ScanStart) -> Result<(), OutputError> {
        self.kept.begin(stream, start)
    }

    fn commit(&mut self, page: Commit<'_>) -> Result<(), OutputError> {
        if page.restarted {
            tracing::warn!(
                stream = page.stream,
                "the walk started over: records of this scan that are out already come again"
            );
        }
        // The number of the last position: it goes up by one with each, also when a stream is read anew.
        let streams = &self.kept.state.streams;
        let sequence = streams.get(page.stream).map_or(0, |stream| stream.sequence);
        let place = [b"position".as_slice(), &sequence.to_le_bytes()];
        self.put_out(page.stream, page.entries, &place)?;
        self.kept.store(page)
    }

    fn add(&mut self, addition: Addition<'_>) -> Result<(), OutputError> {
        self.put_out(addition.stream, addition.entries, &[b"beside"])?;
        self.kept.add(addition)
    }

    fn swept(&mut self, stream: &str, now_ms: i64) -> Result<(), OutputError> {
        self.kept.swept(stream, now_ms)
    }

    fn ended(&mut self, stream: &str, run: LastRun) -> Result<(), OutputError> {
        self.kept.ended(stream, run)
    }

    fn keep_checked(&mut self, checked: Option<Checked>) -> Result<(), OutputError> {
        self.kept.keep_checked(checked)
    }

    /// Each delivery is posted once and then remembered; whoever gave it tries again. While the receiver asks to be left
    /// alone nothing is posted.
    fn deliver(&mut self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError> {
        if let Some(wait) = self
            .not_before
            .and_then(|until| until.checked_duration_since(Instant::now()))
        {
            return Err(OutputError::Wait {
                place: self.receiver.place(),
                seconds: wait.as_secs().max(1),
            });
        }
        let mut delivered = Vec::with_capacity(deliveries.len());
        let mut rest = deliveries;
        while !rest.is_empty() {
            let (wave, behind) = rest.split_at(independent(rest).max(1));
            let known = &self.kept.state.deliveries;
            let new: Vec<&Delivery<'_>> = wave
                .iter()
                .filter(|delivery| !known.iter().any(|id| id == delivery.id))
                .collect();
            let posted = self.post_deliveries(&new)?;
            let mut failed = None;
            for (delivery, posted) in new.iter().zip(posted) {
                match posted {
                    Ok(()) => {
                        let topic = delivery.topic;
                        self.kept
                            .state
                            .hear(Heard::Delivery { topic }, delivery.now_ms);
                        self.kept.state.remember_delivery(delivery.id);
                    }
                    Err(error) => failed = Some(error),
                }
            }
            self.kept.save(true)?;
            if let Some(error) = failed {
                let wait = error.retry_after().map(|wait| wait.min(LONGEST_WAIT));
                self.not_before = wait.map(|wait| Instant::now() + wait);
                return Err(error.into());
            }
            delivered.extend(wave.iter().map(|delivery| Delivered {
                new: new.iter().any(|new| new.id == delivery.id),
                ..Delivered::default()
            }));
            rest = behind;
        }
        Ok(delivered)
    }

    fn describe(&self) -> String {
        self.receiver.place()
    }
}
