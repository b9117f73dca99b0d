//! A connection that `webhook serve` serves.

use std::sync::Arc;

use super::super::CommandError;
use super::place::Place;
use super::schedule::Schedule;
use crate::carrying::{self, Carrying};
use crate::command_line::Global;
use crate::components::Components;
use crate::connection_file::{ConnectionFile, WebhookSettings};
use crate::opened_connection::OpenedConnection;
use crate::output::{self, Output as _};
use crate::plugin::Plugin;
use crate::runner::ConnectedSource;
use crate::state_store::{SqliteState, StateStore};
use crate::webhook_listener::{Door, Recipient, RecipientOptions, allowed_networks};
use crate::webhook_queue::{MOST_WAITING, QueueOptions};
use crate::webhook_read_again::read_again;
use crate::webhook_service::WebhookService;

/// A connection that is served.
pub(super) struct Served {
    pub(super) name: String,
    connection: OpenedConnection,
    pub(super) service: WebhookService,
    schedule: Option<Schedule>,
    carrying: Option<Carrying>,
}

impl Served {
    pub(super) async fn open(
        global: &Global,
        (plugin, versions): (&Plugin, Option<Arc<Components>>),
        name: String,
        file: ConnectionFile,
        place: &Place,
        workers: usize,
    ) -> Result<Served, CommandError> {
        let state = journal(&file, place)?;
        let connection = OpenedConnection::new(plugin.clone(), file, state)?;
        let mut connection = connection.patient(global.time_scale);
        let sender = connection.sender(global.time_scale);
        let mut output = output::open(&place.output, place.state.as_deref(), &sender)?;
        if connection.has_token() {
            connection.ensure_checked(output.as_mut()).await?;
        } else {
            connection.use_stored_check(output.state());
        }
        let schedule = Schedule::of(global, &connection, &place.output, versions)?;
        let settings = &connection.file.webhooks;
        let queue = place.queue();
        if queue.is_none() {
            tracing::warn!(
                "without --output or --state, what is not written yet is lost when this process dies"
            );
        }
        let service = WebhookService::start(
            output,
            queue.as_deref(),
            QueueOptions {
                keep: settings.remember,
                remember: settings.remember,
                most_waiting: settings.queue_limit.map_or(MOST_WAITING, u64::from),
                reads_again: connection.reads_rows_again(),
            },
            settings.replay_window,
            workers,
        )
        .map_err(CommandError::failed)?;
        Ok(Served {
            carrying: Carrying::open(&connection.file, service.queue())
                .map_err(CommandError::failed)?,
            name,
            connection,
            service,
            schedule,
        })
    }

    /// Reads what changed, now and then, where the connection is hybrid.
    pub(super) async fn sync(self: Arc<Self>) {
        if let Some(schedule) = &self.schedule {
            let output = self.service.output();
            let keeper = self.carrying.as_ref().map(Carrying::intents);
            schedule
                .run(&self.name, &self.connection, &output, keeper)
                .await;
        }
    }

    /// Reads the rows of which webhooks told a part.
    pub(super) async fn read_again(self: Arc<Self>, time_scale: f64) {
        if self.connection.reads_rows_again() {
            let source = ConnectedSource {
                plugin: &self.connection.plugin,
                tenant: &self.connection.tenant,
            };
            let output = self.service.output();
            let keeper = self.carrying.as_ref().map(Carrying::intents);
            read_again(self.service.queue(), source, &output, keeper, time_scale).await;
        }
    }

    /// Carries out what triggers and other systems want.
    pub(super) async fn carry_out(self: Arc<Self>, time_scale: f64) {
        if let Some(carrying) = &self.carrying {
            carrying.run(&self.connection, time_scale).await;
        }
    }

    /// The doors for other systems.
    pub(super) fn doors(&self) -> Vec<Door> {
        let carrying = self.carrying.iter();
        carrying
            .flat_map(|carrying| {
                let watched = Some(self.connection.file.path.as_path());
                carrying.doors(&self.name, &self.connection, watched)
            })
            .collect()
    }

    /// Whether webhooks are taken for it.
    pub(super) fn takes_webhooks(&self) -> bool {
        self.connection.file.wants_webhooks()
    }

    /// For people: where its entries go.
    pub(super) fn into(&self) -> String {
        self.service.output().describe()
    }

    /// Who takes its webhooks; `None`: nobody, it has doors for other systems alone.
    pub(super) fn recipient(&self) -> Result<Option<Recipient>, CommandError> {
        if !self.takes_webhooks() {
            self.service.queue().show_as(&self.name);
            return Ok(None);
        }
        let OpenedConnection {
            plugin,
            tenant,
            file,
            ..
        } = &self.connection;
        let WebhookSettings {
            replay_window,
            trusted_proxies,
            ..
        } = &file.webhooks;
        Ok(Some(Recipient::new(RecipientOptions {
            name: self.name.clone(),
            plugin: plugin.clone(),
            tenant: tenant.clone(),
            workspace: self.service.output().state().workspace_id.clone(),
            secrets: file.client_secrets.clone(),
            file: Some(file.path.clone()),
            queue: self.service.queue().clone(),
            replay_window: *replay_window,
            allow_from: allowed_networks(file, plugin.descriptor()).map_err(CommandError::usage)?,
            trusted_proxies: trusted_proxies.clone(),
            log_each: file.logging.webhooks,
        })))
    }
}

/// Where the component keeps what it must not do twice, where this connection writes anything.
fn journal(
    file: &ConnectionFile,
    place: &Place,
) -> Result<Option<Arc<dyn StateStore>>, CommandError> {
    if file.triggers.is_empty() && file.callbacks.is_empty() {
        return Ok(None);
    }
    let Some(queue) = place.queue() else {
        return Ok(None);
    };
    let path = carrying::journal(&queue);
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        std::fs::create_dir_all(parent)
            .map_err(|error| CommandError::failed(format!("{}: {error}", parent.display())))?;
    }
    let state = SqliteState::open(&path)
        .map_err(|error| CommandError::failed(format!("{}: {error}", path.display())))?;
    Ok(Some(Arc::new(state)))
}
