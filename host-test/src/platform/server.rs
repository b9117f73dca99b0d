//! The platform at work: starts what is due, keeps its house in order, and ends without losing anything.

mod adding;
mod documents;
mod forgetting;
mod lags;
mod learning;
mod turn;

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

pub use self::adding::AddError;
use self::lags::StoredLags;
use self::learning::Lessons;
pub(super) use self::turn::Asked;
use super::component::ComponentSlot;
use super::config::{ConfigError, ConnectionSource, PlatformConfig};
use super::control::{Control, Refusals};
use super::database::{Database, DatabaseError};
use super::folder::Folder;
use super::lives::{Live, Lives, OpenProblem, Opening};
use super::memory;
use super::registry::{Found, Known, Registry, Source};
use super::scheduler::{ConnectionId, Scheduler, Time};
use super::sealed::Keys;
use super::slice::Progress;
use super::stored_formats;
use super::webhook_door;
use crate::clock::now_ms;
use crate::components::{Activation, ComponentsError, Meant, StoredFormats, StoredVersion};
use crate::connection_file::ConnectionFile;
use crate::http_client::{HttpClient, HttpClientError, HttpOptions};
use crate::position::{LockError, LockHolder, StateLock};
use crate::private_file;
use crate::progress::write_line;
use crate::webhook_queue::QueueStatus;

/// How often to look for connections that nobody uses.
const BETWEEN_TIDYINGS: Duration = Duration::from_millis(500);

/// How often to look whether those have something to do that have triggers or callbacks, and to give memory back.
const BETWEEN_WAKINGS: Duration = Duration::from_secs(10);

/// How long somebody may take at the end with what is being posted.
const POSTED_WITHIN: Duration = Duration::from_secs(5);

/// The longest sleep of who waits for the next time.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Why a platform does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its file, or one of a connection, is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its folder cannot be made.
    #[error("cannot make {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Another process runs it.
    #[error(
        "another process serves {}{}; end it first, or give this one a `data` of its own",
        data.display(),
        process.as_ref().map_or_else(String::new, |process| format!(" ({process})"))
    )]
    Served {
        /// The folder.
        data: PathBuf,
        /// Who, where that is known.
        process: Option<LockHolder>,
    },
    /// Its folder cannot be locked.
    #[error(transparent)]
    Lock(LockError),
    /// Its database is of no use.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Http(#[from] HttpClientError),
    /// Nobody can listen there.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The process is ending.
    #[error("the server was interrupted: {0}")]
    Interrupted(#[from] std::io::Error),
}

/// Where a platform listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The control API and the status page.
    pub control: SocketAddr,
    /// Webhooks; absent: they are not taken.
    pub webhooks: Option<SocketAddr>,
}

/// A platform. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) config: PlatformConfig,
    /// The folder, by its full name.
    pub(super) data: PathBuf,
    pub(super) keys: Keys,
    pub(super) components: ComponentSlot,
    pub(super) database: Database,
    pub(super) registry: Registry,
    pub(super) lives: Lives,
    pub(super) refusals: Refusals,
    pub(super) began_at_ms: i64,
    http: HttpClient,
    time_scale: f64,
    scheduler: Mutex<Scheduler>,
    /// The scheduler may have something to do.
    changed: Notify,
    /// Runs under way, with a slice or between two.
    runs: Mutex<HashMap<ConnectionId, Progress>>,
    /// Slices that run, and how to end them.
    slices: Mutex<HashMap<ConnectionId, watch::Sender<bool>>>,
    /// Connections whose workspace is looked for.
    lessons: Mutex<Lessons>,
    /// How far those are behind that have not been open.
    lags: StoredLags,
    /// Names of connections that are just being added, replaced or removed.
    changing: Mutex<BTreeSet<String>>,
    next_id: AtomicU64,
    began: Instant,
    _lock: StateLock,
}

impl Platform {
    /// Opens a platform's folder and reads its connections. Those whose files are wrong are named, and nothing is begun.
    pub fn open(
        config: PlatformConfig,
        components: ComponentSlot,
        time_scale: f64,
    ) -> Result<Platform, ServeError> {
        let keys = config.sealing()?;
        let data = make_folder(&config.data)?;
        let path = Database::path_in(&data);
        let lock = StateLock::take(&path).map_err(|error| match error {
            LockError::Held { holder, .. } => ServeError::Served {
                data: data.clone(),
                process: holder,
            },
            other => ServeError::Lock(other),
        })?;
        let database = Database::open(&path)?;
        database.end_cut_off(now_ms())?;
        if let Err(error) = components.components().store().is_followed_by(&data) {
            tracing::warn!(
                "a version is activated elsewhere without a look at this platform: {error}"
            );
        }
        let seed = u64::try_from(now_ms()).unwrap_or(0);
        let platform = Platform {
            shared: Arc::new(Shared {
                scheduler: Mutex::new(Scheduler::new(config.limits, seed)),
                http: HttpClient::new(HttpOptions::default())?,
                keys,
                data,
                components,
                database,
                registry: Registry::default(),
                lives: Lives::new(),
                refusals: Refusals::default(),
                began_at_ms: now_ms(),
                time_scale,
                changed: Notify::new(),
                runs: Mutex::default(),
                slices: Mutex::default(),
                lessons: Mutex::default(),
                lags: StoredLags::shown(),
                changing: Mutex::default(),
                next_id: AtomicU64::new(1),
                began: Instant::now(),
                _lock: lock,
                config,
            }),
        };
        platform.add_all()?;
        Ok(platform)
    }

    /// Listens at the addresses of its file, and serves until `stop` is done; a second `stop` cuts the end short.
    pub async fn serve<S: Future<Output = ()>>(
        &self,
        listening: impl FnOnce(Addresses),
        stop: impl Fn() -> S,
    ) -> Result<(), ServeError> {
        let control = listen(self.shared.config.control).await?;
        let webhooks = match self.shared.config.webhooks {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        listening(Addresses {
            control: control.local_addr()?,
            webhooks: webhooks.as_ref().map(TcpListener::local_addr).transpose()?,
        });
        let (stopping, stopped) = watch::channel(false);
        let mut doors = JoinSet::new();
        doors.spawn(Control::new(self.clone()).serve(control, until(stopped.clone())));
        if let Some(webhooks) = webhooks {
            let door = webhook_door::serve(self.clone(), webhooks, until(stopped.clone()));
            doors.spawn(door);
        }
        let mut behind = JoinSet::new();
        if self.shared.config.webhooks.is_some() {
            behind.spawn(self.clone().learn(stopped.clone()));
        }
        behind.spawn(self.clone().conduct(stopped.clone()));
        behind.spawn(self.clone().keep_house(stopped.clone()));
        stop().await;
        // Those who wait for it may be gone.
        let _ = stopping.send(true);
        self.stop_slices();
        let longest = self.shared.config.shutdown;
        if !locked(&self.shared.slices).is_empty() {
            write_line(&format!(
                "ending: syncs end behind a page, within {} s; another signal ends at once",
                longest.as_secs()
            ));
        }
        let end = async {
            while behind.join_next().await.is_some() {}
            while doors.join_next().await.is_some() {}
            self.shared.lives.close_all().await
        };
        let hurry = async {
            tokio::time::sleep(POSTED_WITHIN.min(longest / 2)).await;
            self.shared.lives.stop_posting();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = hurry => {}
            waiting = end => {
                write_line(&format!("ended; {waiting} deliveries wait for the next start"));
            }
            () = tokio::time::sleep(longest) => {
                write_line("ended before all was written; it is in the queues, and syncs go on where they were");
            }
            () = stop() => write_line("ended at once"),
        }
        Ok(())
    }

    /// Starts slices as the scheduler says.
    async fn conduct(self, stopped: watch::Receiver<bool>) {
        let mut slices = JoinSet::new();
        let mut over = Box::pin(until(stopped));
        loop {
            let wake = {
                let mut scheduler = self.scheduler();
                while let Some(turn) = scheduler.next(self.now()) {
                    slices.spawn(self.clone().turn(turn));
                }
                scheduler.wakes_at()
            };
            let sleep = wake.map_or(LONGEST_SLEEP, |at| {
                Duration::from_millis(at.saturating_sub(self.now())).min(LONGEST_SLEEP)
            });
            tokio::select! {
                () = &mut over => break,
                () = self.shared.changed.notified() => {}
                () = tokio::time::sleep(sleep) => {}
                Some(_) = slices.join_next() => {}
            }
        }
        self.stop_slices();
        while slices.join_next().await.is_some() {}
    }

    /// Opens what has something to do, closes what nobody uses.
    async fn keep_house(self, stopped: watch::Receiver<bool>) {
        let mut over = Box::pin(until(stopped));
        let work = async {
            self.show_lags().await;
            self.wake(|_| true).await;
            let mut forget_at = Instant::now();
            let mut woke = Instant::now();
            loop {
                if woke.elapsed() >= BETWEEN_WAKINGS {
                    self.wake(|known| known.carries).await;
                    // A panic was told where it happened.
                    let _ = tokio::task::spawn_blocking(memory::give_back).await;
                    woke = Instant::now();
                }
                tokio::time::sleep(BETWEEN_TIDYINGS).await;
                self.shared.lives.tidy().await;
                if Instant::now() >= forget_at {
                    self.forget_old().await;
                    forget_at = Instant::now() + self.between_forgettings();
                }
            }
        };
        tokio::select! {
            () = &mut over => {}
            () = work => {}
        }
    }

    /// Opens the connections that have something to do of which neither a sync nor a webhook need ever tell: what a process left
    /// that died, what a person agreed to, what time alone sets off. What they have to do keeps them open.
    async fn wake(&self, may_have_work: impl Fn(&Known) -> bool) {
        let all = self.shared.registry.all().into_iter();
        for known in all.filter(|known| may_have_work(known)) {
            let told = known.found().problem;
            if (known.waits || self.has_queued(&known))
                && let Err(error) = self.live(&known).await
                && told != Some(error.to_string())
            {
                tracing::error!(connection = known.name, "its queue is not drained: {error}");
            }
        }
    }

    /// Whether something is in the queue of a connection, open or not.
    fn has_queued(&self, known: &Known) -> bool {
        let queue = Folder::of(&self.shared.data, &known.name).queue();
        let queue = QueueStatus::read(&queue).ok().flatten();
        queue.is_some_and(|queue| queue.waiting > 0 || queue.rows_again > 0 || queue.has_work)
    }

    /// An activation with what the connections have stored that it is meant for.
    pub(super) async fn with_stored(
        &self,
        mut asked: Activation,
    ) -> Result<Activation, ComponentsError> {
        let store = self.shared.components.components().store();
        let connections = self.shared.registry.all().into_iter();
        asked.connections = connections.map(|known| known.name.clone()).collect();
        asked.stored = self.stored_of(store.those_meant(&asked)?).await;
        Ok(asked)
    }

    /// What a version cannot go on with to which somebody went back.
    pub(super) async fn lost_on(
        &self,
        version: &StoredVersion,
    ) -> Result<Vec<String>, ComponentsError> {
        let store = self.shared.components.components().store();
        let stored = self.stored_of(store.those_with(version)?).await;
        Ok(stored.lost_on(version))
    }

    async fn stored_of(&self, meant: Meant) -> StoredFormats {
        let platform = self.clone();
        let looking = tokio::task::spawn_blocking(move || {
            stored_formats::of_platform(&platform.shared.registry, &platform.shared.data, &meant)
        });
        // A panic was told where it happened; a version is then compared with the active one alone.
        looking.await.unwrap_or_default()
    }

    /// An open connection.
    pub(super) async fn live(&self, known: &Arc<Known>) -> Result<Arc<Live>, OpenProblem> {
        let opening = || self.opening(known);
        let live = self.shared.lives.get(&known.name, opening).await;
        let found = match &live {
            Ok(live) => Found {
                workspace: live
                    .workspace()
                    .map(str::to_owned)
                    .or(known.found().workspace),
                problem: live.unchecked.clone(),
                unstored: known.found().unstored,
            },
            Err(error) => Found {
                problem: Some(error.to_string()),
                ..known.found()
            },
        };
        if found != known.found() {
            let Found {
                workspace, problem, ..
            } = &found;
            let database = &self.shared.database;
            let stored = database.set_opened(&known.name, workspace.as_deref(), problem.as_deref());
            if let Err(error) = stored {
                tracing::warn!("what was found of a connection is not stored: {error}");
            }
            self.shared.registry.set_found(known, found);
        }
        live
    }

    fn opening(&self, known: &Known) -> Result<Opening, OpenProblem> {
        let shared = &self.shared;
        if shared.registry.numbered(known.id).is_none() {
            return Err(OpenProblem::Gone);
        }
        let folder = Folder::of(&shared.data, &known.name);
        let target = folder.output(&known.output);
        let mut file = self.file_of(known, &folder)?;
        file.called = Some(known.name.clone());
        if file.alerts.is_empty() {
            file.alerts.clone_from(&shared.config.alerts);
        }
        Ok(Opening {
            name: known.name.clone(),
            file,
            in_file: matches!(known.source, Source::Configured(ConnectionSource::File(_))),
            folder,
            target,
            takes_webhooks: known.takes_webhooks,
            components: shared.components.clone(),
            http: shared.http.clone(),
            time_scale: shared.time_scale,
        })
    }

    /// A connection as its file, or its stored document, says.
    fn file_of(&self, known: &Known, folder: &Folder) -> Result<ConnectionFile, OpenProblem> {
        match &known.source {
            Source::Configured(ConnectionSource::File(path)) => Ok(ConnectionFile::load(path)?),
            Source::Configured(ConnectionSource::Document(text)) => Ok(
                ConnectionFile::parse_document(&folder.document(), text.expose())?,
            ),
            Source::Added => self.added_file(&known.name, folder),
        }
    }

    /// The time by the scheduler's clock: milliseconds since 1970 at the start, and then never back.
    pub(super) fn now(&self) -> Time {
        let passed = u64::try_from(self.shared.began.elapsed().as_millis()).unwrap_or(0);
        u64::try_from(self.shared.began_at_ms).unwrap_or(0) + passed
    }

    /// A time of the scheduler by the clock on the wall, which may have been put right since the start.
    pub(super) fn on_the_wall(&self, time: Time) -> i64 {
        let ahead = i128::from(time) - i128::from(self.now());
        let wall = i128::from(now_ms()).saturating_add(ahead);
        i64::try_from(wall).unwrap_or(i64::MAX)
    }

    pub(super) fn scheduler(&self) -> MutexGuard<'_, Scheduler> {
        locked(&self.shared.scheduler)
    }

    fn stop_slices(&self) {
        for stop in locked(&self.shared.slices).values() {
            // It may have ended just now.
            let _ = stop.send(true);
        }
    }
}

/// Nothing is left half done behind a panic of these locks' holders: maps and the scheduler change in single steps.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a folder for this user alone, and gives its full name.
fn make_folder(path: &Path) -> Result<PathBuf, ServeError> {
    let failed = |source| ServeError::Folder {
        path: path.to_path_buf(),
        source,
    };
    private_file::create_directory(path).map_err(failed)?;
    std::fs::canonicalize(path).map_err(failed)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Listen { address, source })
}

/// Until somebody says so.
async fn until(mut stopped: watch::Receiver<bool>) {
    // Whoever would tell is gone: then it is over as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

impl Shared {
    /// The number of the next connection.
    fn id(&self) -> ConnectionId {
        self.next_id.fetch_add(1, Relaxed)
    }
}
