//! `webhook serve`: deliveries of one or several connections, each into an output of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::super::{CommandError, load_connection};
use super::place::Place;
use super::require_secret;
use super::schedule::Schedule;
use crate::command_line::{Exit, Global, ServeArguments};
use crate::connection_file::{AllowedSource, ConnectionFile, Mode, WebhookSettings};
use crate::opened_connection::{OpenedConnection, load_component};
use crate::output::{self, Output as _};
use crate::plugin::Plugin;
use crate::progress::write_line;
use crate::runner::ConnectedSource;
use crate::webhook_listener::{Recipient, RecipientOptions, WebhookListener, published_networks};
use crate::webhook_queue::{MOST_WAITING, QueueOptions};
use crate::webhook_read_again::read_again;
use crate::webhook_service::WebhookService;

/// Takes deliveries until the process is interrupted.
pub(in crate::commands) async fn serve(
    global: &Global,
    arguments: &ServeArguments,
) -> Result<Exit, CommandError> {
    let files = load(global, &arguments.connections)?;
    let plugin = load_component(global.component.as_deref()).await?;
    let several = files.len() > 1;
    let mut served = Vec::with_capacity(files.len());
    for (name, file) in files {
        let place = Place::of(&arguments.output, several.then_some(name.as_str()))?;
        let workers = arguments.workers.into();
        served.push(Served::open(global, &plugin, name, file, &place, workers).await?);
    }
    let recipients: Result<Vec<Recipient>, CommandError> =
        served.iter().map(Served::recipient).collect();
    let webhooks = WebhookListener::new(recipients?);
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| {
            CommandError::failed(format!("cannot listen on {}: {error}", arguments.listen))
        })?;
    let address = listener.local_addr().map_err(CommandError::failed)?;
    match served.as_slice() {
        [one] => write_line(&format!(
            "webhooks on http://{address}/ into {}",
            one.into()
        )),
        _ => write_line(&format!("webhooks on http://{address}/")),
    }
    if several {
        for one in &served {
            let Served { name, .. } = one;
            write_line(&format!("  http://{address}/{name} into {}", one.into()));
        }
    }
    let (stop, stopped) = watch::channel(false);
    let counts = webhooks.clone();
    let taking = tokio::spawn(webhooks.serve(listener, until(stopped.clone())));
    let served: Vec<Arc<Served>> = served.into_iter().map(Arc::new).collect();
    let mut behind = JoinSet::new();
    for one in &served {
        let time_scale = global.time_scale;
        behind.spawn(unless(stopped.clone(), Arc::clone(one).sync()));
        behind.spawn(unless(
            stopped.clone(),
            Arc::clone(one).read_again(time_scale),
        ));
    }
    interrupted().await;
    // Those who wait for it may be gone.
    let _ = stop.send(true);
    taking
        .await
        .map_err(CommandError::failed)?
        .map_err(CommandError::failed)?;
    while let Some(ended) = behind.join_next().await {
        ended.map_err(CommandError::failed)?;
    }
    let mut waiting = 0;
    for one in served.into_iter().filter_map(Arc::into_inner) {
        let queue = one.service.queue().clone();
        let finished = tokio::task::spawn_blocking(|| one.service.finish());
        finished.await.map_err(CommandError::failed)?;
        waiting += queue.waiting();
    }
    write_line(&format!(
        "{}, {waiting} still queued",
        counts.counts().line()
    ));
    Ok(Exit::Success)
}

/// Reads the connections, each with a name of its own.
fn load(global: &Global, paths: &[PathBuf]) -> Result<Vec<(String, ConnectionFile)>, CommandError> {
    let mut names = BTreeSet::new();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let file = load_connection(global, path)?;
        require_secret(&file)?;
        if !file.direction.reads() || file.mode == Mode::Batch {
            return Err(CommandError::usage(format!(
                "{}: webhooks need `mode` realtime or hybrid and `direction` read or both",
                file.path.display()
            )));
        }
        let name = name_of(path);
        if !names.insert(name.clone()) {
            return Err(CommandError::usage(format!(
                "{}: another connection is called {name} as well; give one of the files another name",
                path.display()
            )));
        }
        files.push((name, file));
    }
    Ok(files)
}

/// The name of a connection's file: its path on this server, and a part of its output's name where there are several.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or(path.as_os_str());
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let stem = stem.to_string_lossy();
    let letters = stem.chars();
    letters
        .map(|letter| if plain(letter) { letter } else { '-' })
        .collect()
}

/// A connection that is served.
struct Served {
    name: String,
    connection: OpenedConnection,
    service: WebhookService,
    schedule: Option<Schedule>,
}

impl Served {
    async fn open(
        global: &Global,
        plugin: &Plugin,
        name: String,
        file: ConnectionFile,
        place: &Place,
        workers: usize,
    ) -> Result<Served, CommandError> {
        let mut connection = OpenedConnection::new(plugin.clone(), file, None)?;
        let mut output = output::open(&place.output, place.state.as_deref())?;
        if connection.has_token() {
            connection.ensure_checked(output.as_mut()).await?;
        } else {
            connection.use_stored_check(output.state());
        }
        let schedule = Schedule::of(global, &connection, &place.output)?;
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
                remember: settings.remember,
                most_waiting: settings.queue_limit.map_or(MOST_WAITING, u64::from),
                reads_again: reads_again(&connection),
            },
            settings.replay_window,
            workers,
        )
        .map_err(CommandError::failed)?;
        Ok(Served {
            name,
            connection,
            service,
            schedule,
        })
    }

    /// Reads what changed, now and then, where the connection is hybrid.
    async fn sync(self: Arc<Self>) {
        if let Some(schedule) = &self.schedule {
            let output = self.service.output();
            schedule.run(&self.name, &self.connection, &output).await;
        }
    }

    /// Reads the rows of which webhooks told a part.
    async fn read_again(self: Arc<Self>, time_scale: f64) {
        if reads_again(&self.connection) {
            let source = ConnectedSource {
                plugin: &self.connection.plugin,
                tenant: &self.connection.tenant,
            };
            let output = self.service.output();
            read_again(self.service.queue(), source, &output, time_scale).await;
        }
    }

    /// For people: where its entries go.
    fn into(&self) -> String {
        self.service.output().describe()
    }

    fn recipient(&self) -> Result<Recipient, CommandError> {
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
        Ok(Recipient::new(RecipientOptions {
            name: self.name.clone(),
            plugin: plugin.clone(),
            tenant: tenant.clone(),
            secrets: file.client_secrets.clone(),
            file: Some(file.path.clone()),
            queue: self.service.queue().clone(),
            replay_window: *replay_window,
            allow_from: self.allowed()?,
            trusted_proxies: trusted_proxies.clone(),
            log_each: file.logging.webhooks,
        }))
    }

    /// The networks from which webhooks are taken.
    fn allowed(&self) -> Result<Option<Vec<ipnet::IpNet>>, CommandError> {
        let file = &self.connection.file;
        let sources = &file.webhooks.allow_from;
        if sources.is_empty() {
            return Ok(None);
        }
        let region = file
            .config
            .get("region")
            .and_then(serde_json::Value::as_str);
        let mut networks = Vec::new();
        for source in sources {
            match source {
                AllowedSource::Network(network) => networks.push(*network),
                AllowedSource::Published(name) => {
                    let descriptor = self.connection.plugin.descriptor();
                    let published = published_networks(descriptor, name, region);
                    networks.extend(published.map_err(|error| {
                        let path = file.path.display();
                        CommandError::usage(format!("{path}: webhooks.allow_from: {error}"))
                    })?);
                }
            }
        }
        Ok(Some(networks))
    }
}

/// Whether rows are read again of which a delivery tells a part.
fn reads_again(connection: &OpenedConnection) -> bool {
    let wanted = connection.file.webhooks.read_again;
    connection.has_token() && wanted.unwrap_or(true)
}

/// Until the process is told to stop.
async fn until(mut stopped: watch::Receiver<bool>) {
    // Whoever would tell is gone: then it is over as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Something that is done until it is over or the process is told to stop.
async fn unless(stopped: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = until(stopped) => {}
    }
}

/// Until somebody ends the process, with Ctrl-C or as services are ended.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
