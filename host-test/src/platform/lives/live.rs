//! One connection that is open.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::carrying::{Carrying, CarryingError};
use crate::components::ComponentsError;
use crate::connection_file::{ConnectionFile, ConnectionFileError};
use crate::http_client::HttpClient;
use crate::opened_connection::{CheckError, OpenError, OpenedConnection};
use crate::output::{self, OutputError, OutputTarget, SharedOutput};
use crate::platform::component::ComponentSlot;
use crate::platform::folder::Folder;
use crate::platform::sealed::SealError;
use crate::plugin::Plugin;
use crate::runner::ConnectedSource;
use crate::state_store::{SqliteState, StateError};
use crate::webhook_listener::{Recipient, RecipientOptions, WebhookListener, allowed_networks};
use crate::webhook_queue::{Intents, MOST_WAITING, QueueError, QueueOptions};
use crate::webhook_read_again::read_again;
use crate::webhook_service::WebhookService;

/// Deliveries that are put into an output at a time.
const WORKERS: usize = 1;

/// How long a check may hold up what a connection is opened for: whoever sends webhooks waits for seconds only, and a sync checks
/// again.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a connection is opened with.
pub(in crate::platform) struct Opening {
    pub(in crate::platform) name: String,
    pub(in crate::platform) file: ConnectionFile,
    /// Whether it is in a file that may change or go.
    pub(in crate::platform) in_file: bool,
    pub(in crate::platform) folder: Folder,
    pub(in crate::platform) target: OutputTarget,
    pub(in crate::platform) takes_webhooks: bool,
    pub(in crate::platform) components: ComponentSlot,
    pub(in crate::platform) http: HttpClient,
    pub(in crate::platform) time_scale: f64,
}

/// What a problem begins with that a document has which cannot be decrypted.
const SEALED: &str = "its stored document: ";

/// Why a connection cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(in crate::platform) enum OpenProblem {
    /// Its file is wrong.
    #[error(transparent)]
    File(#[from] ConnectionFileError),
    /// Its document cannot be decrypted.
    #[error(
        "{SEALED}{0}; or replace the connection with PUT /connections/NAME, or remove it with DELETE"
    )]
    Sealed(#[from] SealError),
    /// It was removed meanwhile.
    #[error("the connection is gone")]
    Gone,
    /// There is no version of the component for it.
    #[error(transparent)]
    Component(Box<ComponentsError>),
    /// It cannot be brought to life.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its folder cannot be made.
    #[error("cannot make its folder: {0}")]
    Folder(#[from] std::io::Error),
    /// Its state cannot be opened.
    #[error(transparent)]
    State(#[from] StateError),
    /// Its output cannot be opened.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Its queue cannot be opened.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// What its triggers want cannot be carried out.
    #[error(transparent)]
    Carrying(#[from] CarryingError),
    /// Its settings of webhooks make no sense.
    #[error("{0}")]
    Webhooks(String),
    /// The process is ending.
    #[error("the process is ending")]
    Ending,
}

impl OpenProblem {
    /// Whether a stored problem was that the document could not be decrypted.
    pub(in crate::platform) fn is_sealed(problem: &str) -> bool {
        problem.starts_with(SEALED)
    }
}

impl From<ComponentsError> for OpenProblem {
    fn from(error: ComponentsError) -> OpenProblem {
        OpenProblem::Component(Box::new(error))
    }
}

/// A connection that is open.
pub(in crate::platform) struct Live {
    pub(in crate::platform) connection: OpenedConnection,
    pub(in crate::platform) target: OutputTarget,
    /// Whether it is in a file of its own.
    pub(in crate::platform) in_file: bool,
    behind: Behind,
    pub(in crate::platform) opened: Instant,
    /// The workspace that its output is of, whether it can be checked now or not.
    workspace: Option<String>,
    /// Why the last check was not good; absent: it was, or there is no token to check.
    pub(in crate::platform) unchecked: Option<String>,
    /// The cursor formats of versions that were taken back.
    pub(in crate::platform) given_up: BTreeSet<u8>,
    outdated: AtomicBool,
    /// Ends what is being posted.
    posting: watch::Sender<bool>,
}

/// What is behind it.
enum Behind {
    /// An output that only syncs write into.
    Reads(SharedOutput),
    /// A queue as well.
    Webhooks {
        service: WebhookService,
        /// Absent: only syncs and intents use the queue. It may have doors for other systems alone.
        listener: Option<WebhookListener>,
        reading: JoinHandle<()>,
        carrying: Option<Arc<Carrying>>,
    },
}

impl Live {
    /// Opens a connection. One that cannot be checked now is open all the same: its webhooks are taken.
    pub(super) async fn open(opening: Opening) -> Result<Live, OpenProblem> {
        let plugin = opening.components.of_connection(&opening.name).await?;
        let given_up = opening.components.given_up().await;
        let opened = tokio::task::spawn_blocking(move || Opened::new(opening, plugin));
        let mut opened = opened.await.map_err(|_| OpenProblem::Ending)??;
        let mut unchecked = None;
        let connection = &mut opened.connection;
        if connection.has_token() {
            let checking = connection.ensure_checked(opened.output.as_mut());
            unchecked = match tokio::time::timeout(PATIENCE, checking).await {
                Ok(checked) => checked.err().map(|error| error.to_string()),
                Err(_) => Some(format!(
                    "the check took longer than {} s; webhooks are taken, and a sync checks again",
                    PATIENCE.as_secs()
                )),
            };
        } else {
            connection.use_stored_check(opened.output.state());
        }
        let opened = tokio::task::spawn_blocking(move || opened.live(unchecked));
        let mut live = opened.await.map_err(|_| OpenProblem::Ending)??;
        live.given_up = given_up;
        Ok(live)
    }

    /// The output, for a sync.
    pub(in crate::platform) fn output(&self) -> SharedOutput {
        match &self.behind {
            Behind::Reads(output) => output.handle(),
            Behind::Webhooks { service, .. } => service.output(),
        }
    }

    /// Where the intents of a sync are kept; `None`: nowhere.
    pub(in crate::platform) fn intents(&self) -> Option<&Intents> {
        match &self.behind {
            Behind::Reads(_) => None,
            Behind::Webhooks { carrying, .. } => {
                carrying.as_ref().map(|carrying| carrying.intents())
            }
        }
    }

    /// Who takes its webhooks; `None`: nobody.
    pub(in crate::platform) fn listener(&self) -> Option<&WebhookListener> {
        match &self.behind {
            Behind::Reads(_) => None,
            Behind::Webhooks { listener, .. } => listener.as_ref(),
        }
    }

    /// The workspace, once it is known.
    pub(in crate::platform) fn workspace(&self) -> Option<&str> {
        self.workspace.as_deref()
    }

    /// Tries again what went wrong with the check. What is open stays as it is, and is opened anew when it is free.
    pub(in crate::platform) async fn checked(&self) -> Result<OpenedConnection, CheckError> {
        let mut connection = self.connection.clone();
        if self.unchecked.is_some() {
            connection.ensure_checked(&mut self.output()).await?;
            self.outdated.store(true, Relaxed);
        }
        Ok(connection)
    }

    /// Ends what is being posted, which is posted again: somebody who takes nothing is not to hold up an end.
    pub(super) fn stop_posting(&self) {
        self.posting.send_replace(true);
    }

    /// Whether it should be opened anew: with another component, or a check that is good.
    pub(super) fn is_outdated(&self) -> bool {
        self.outdated.load(Relaxed) || !self.connection.plugin.is_current()
    }

    /// Whether something is to be done that nobody holds it for.
    pub(super) fn has_work(&self) -> bool {
        let Behind::Webhooks {
            service, carrying, ..
        } = &self.behind
        else {
            return false;
        };
        let file = &self.connection.file;
        if carrying
            .as_ref()
            .is_some_and(|carrying| carrying.has_work(file))
        {
            return true;
        }
        let queue = service.queue();
        queue.waiting() > 0 || queue.has_rows_again().unwrap_or(false)
    }

    /// Writes what waits, within reason; gives how many deliveries wait all the same.
    pub(super) async fn close(self) -> u64 {
        match self.behind {
            Behind::Reads(output) => {
                // Closing a database moves what was written to its place.
                let closed = tokio::task::spawn_blocking(move || drop(output));
                closed.await.map_or(0, |()| 0)
            }
            Behind::Webhooks {
                service,
                listener,
                reading,
                carrying,
            } => {
                reading.abort();
                drop(carrying);
                // It was told to end, and what it had is with its owner again.
                let _ = reading.await;
                drop(listener);
                let queue = service.queue().clone();
                let finished = tokio::task::spawn_blocking(move || {
                    service.finish();
                    queue.waiting()
                });
                finished.await.unwrap_or(0)
            }
        }
    }
}

/// Half way to a connection that is open.
struct Opened {
    opening_name: String,
    in_file: bool,
    folder: Folder,
    target: OutputTarget,
    takes_webhooks: bool,
    time_scale: f64,
    connection: OpenedConnection,
    output: Box<dyn output::Output>,
    posting: watch::Sender<bool>,
}

impl Opened {
    fn new(opening: Opening, plugin: Plugin) -> Result<Opened, OpenProblem> {
        let Opening {
            name,
            file,
            in_file,
            folder,
            target,
            takes_webhooks,
            components: _,
            http,
            time_scale,
        } = opening;
        folder.make()?;
        let state = SqliteState::open(&folder.state())?;
        let connection = OpenedConnection::on(&http, plugin, file, Some(Arc::new(state)))?;
        let (posting, stop) = watch::channel(false);
        let mut sender = connection.sender(time_scale);
        sender.stop = Some(stop);
        let output = output::open(&target, folder.position(&target).as_deref(), &sender)?;
        Ok(Opened {
            opening_name: name,
            in_file,
            folder,
            target,
            takes_webhooks,
            time_scale,
            connection,
            output,
            posting,
        })
    }

    fn live(self, unchecked: Option<String>) -> Result<Live, OpenProblem> {
        // What any check finds is in it, and it is never about two workspaces.
        let workspace = self.output.state().workspace_id.clone();
        let file = &self.connection.file;
        // Intents and callbacks have their place in a queue, wherever they come from.
        let has_queue =
            self.takes_webhooks || !file.triggers.is_empty() || !file.callbacks.is_empty();
        let behind = match has_queue {
            false => Behind::Reads(SharedOutput::new(self.output)),
            true => webhooks(
                self.takes_webhooks,
                self.opening_name,
                self.in_file,
                &self.folder,
                &self.connection,
                self.output,
                self.time_scale,
            )?,
        };
        Ok(Live {
            connection: self.connection,
            target: self.target,
            in_file: self.in_file,
            opened: Instant::now(),
            workspace,
            behind,
            unchecked,
            given_up: BTreeSet::new(),
            outdated: AtomicBool::new(false),
            posting: self.posting,
        })
    }
}

fn webhooks(
    takes_webhooks: bool,
    name: String,
    in_file: bool,
    folder: &Folder,
    connection: &OpenedConnection,
    output: Box<dyn output::Output>,
    time_scale: f64,
) -> Result<Behind, OpenProblem> {
    let settings = &connection.file.webhooks;
    let reads_again = connection.reads_rows_again();
    let options = QueueOptions {
        remember: settings.remember,
        // The platform forgets it in time.
        keep: Duration::MAX,
        most_waiting: settings.queue_limit.map_or(MOST_WAITING, u64::from),
        reads_again,
    };
    let window = settings.replay_window;
    let workspace = output.state().workspace_id.clone();
    let service = WebhookService::start(output, Some(&folder.queue()), options, window, WORKERS)?;
    let carrying = Carrying::open(&connection.file, service.queue())?.map(Arc::new);
    let watched = in_file.then_some(connection.file.path.as_path());
    let doors = carrying
        .as_ref()
        .map(|carrying| carrying.doors(&name, connection, watched));
    let doors = doors.unwrap_or_default();
    let mut recipients = Vec::new();
    match takes_webhooks {
        false => service.queue().show_as(&name),
        true => recipients.push(Recipient::new(RecipientOptions {
            name,
            plugin: connection.plugin.clone(),
            tenant: connection.tenant.clone(),
            workspace,
            secrets: connection.file.client_secrets.clone(),
            file: watched.map(Path::to_path_buf),
            queue: service.queue().clone(),
            replay_window: window,
            allow_from: allowed_networks(&connection.file, connection.plugin.descriptor())
                .map_err(OpenProblem::Webhooks)?,
            trusted_proxies: settings.trusted_proxies.clone(),
            log_each: connection.file.logging.webhooks,
        })),
    }
    let listener = (takes_webhooks || !doors.is_empty())
        .then(|| WebhookListener::with_doors(recipients, doors));
    let (queue, output, connection) = (
        service.queue().clone(),
        service.output(),
        connection.clone(),
    );
    let carried = carrying.clone();
    let reading = tokio::spawn(async move {
        let keeper = carried.as_ref().map(|carrying| carrying.intents());
        let reading = async {
            if reads_again {
                let source = ConnectedSource {
                    plugin: &connection.plugin,
                    tenant: &connection.tenant,
                };
                read_again(&queue, source, &output, keeper, time_scale).await;
            }
        };
        let carrying = async {
            if let Some(carrying) = &carried {
                carrying.run(&connection, time_scale).await;
            }
        };
        futures::join!(reading, carrying);
    });
    Ok(Behind::Webhooks {
        service,
        listener,
        reading,
        carrying,
    })
}
