//! `webhook serve`: deliveries of one or several connections, each into an output of its own.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::super::component::Serving;
use super::super::interruption::Interruptions;
use super::super::{CommandError, load_connection};
use super::place::Place;
use super::require_secret;
use super::served::Served;
use crate::command_line::{Exit, Global, ServeArguments};
use crate::connection_file::ConnectionFile;
use crate::metrics;
use crate::progress::write_line;
use crate::webhook_listener::{Door, Recipient, WebhookListener};

/// Takes deliveries until the process is interrupted.
pub(in crate::commands) async fn serve(
    global: &Global,
    arguments: &ServeArguments,
) -> Result<Exit, CommandError> {
    let files = load(global, &arguments.connections)?;
    let component = Serving::of(global, &files).await?;
    let several = files.len() > 1;
    let mut served = Vec::with_capacity(files.len());
    for (name, file) in files {
        let place = Place::of(&arguments.output, several.then_some(name.as_str()))?;
        let workers = arguments.workers.into();
        let plugin = component.plugin(&file, &name).await?;
        let taken = (&plugin, component.followed());
        served.push(Served::open(global, taken, name, file, &place, workers).await?);
    }
    let recipients = served.iter().filter_map(|one| one.recipient().transpose());
    let recipients: Result<Vec<Recipient>, CommandError> = recipients.collect();
    let doors = doors(&served)?;
    let paths: Vec<String> = doors.iter().map(|door| door.path.clone()).collect();
    let webhooks = WebhookListener::with_doors(recipients?, doors);
    let interruptions = Interruptions::hear().map_err(CommandError::failed)?;
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| {
            CommandError::failed(format!("cannot listen on {}: {error}", arguments.listen))
        })?;
    let address = listener.local_addr().map_err(CommandError::failed)?;
    match served.as_slice() {
        [one] if !one.takes_webhooks() => {}
        [one] => write_line(&format!(
            "webhooks on http://{address}/ into {}",
            one.into()
        )),
        _ => write_line(&format!("webhooks on http://{address}/")),
    }
    if several {
        for one in served.iter().filter(|one| one.takes_webhooks()) {
            let Served { name, .. } = one;
            write_line(&format!("  http://{address}/{name} into {}", one.into()));
        }
    }
    for path in &paths {
        write_line(&format!("callbacks on http://{address}{path}"));
    }
    let (stop, stopped) = watch::channel(false);
    let measured = match arguments.metrics {
        None => None,
        Some(address) => Some(serve_metrics(address, stopped.clone()).await?),
    };
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
        behind.spawn(unless(
            stopped.clone(),
            Arc::clone(one).carry_out(time_scale),
        ));
    }
    interruptions.next().await;
    // Those who wait for it may be gone.
    let _ = stop.send(true);
    taking
        .await
        .map_err(CommandError::failed)?
        .map_err(CommandError::failed)?;
    if let Some(measured) = measured {
        measured
            .await
            .map_err(CommandError::failed)?
            .map_err(CommandError::failed)?;
    }
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

/// Serves `/metrics` on an address of its own until the process is told to stop.
async fn serve_metrics(
    address: SocketAddr,
    stopped: watch::Receiver<bool>,
) -> Result<JoinHandle<std::io::Result<()>>, CommandError> {
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener
        .map_err(|error| CommandError::failed(format!("cannot listen on {address}: {error}")))?;
    let address = listener.local_addr().map_err(CommandError::failed)?;
    write_line(&format!("metrics on http://{address}/metrics"));
    Ok(tokio::spawn(metrics::serve(listener, until(stopped))))
}

/// The doors of all connections, each with a path of its own.
fn doors(served: &[Served]) -> Result<Vec<Door>, CommandError> {
    let doors: Vec<Door> = served.iter().flat_map(Served::doors).collect();
    let mut paths: BTreeSet<&str> = served.iter().map(|one| one.name.as_str()).collect();
    for door in &doors {
        let path = door.path.trim_matches('/');
        if path.is_empty() || !paths.insert(path) {
            return Err(CommandError::usage(format!(
                "{}: the path {} of the callback {} is taken already; give it another `path`",
                door.connection, door.path, door.name
            )));
        }
    }
    Ok(doors)
}

/// Reads the connections, each with a name of its own.
fn load(global: &Global, paths: &[PathBuf]) -> Result<Vec<(String, ConnectionFile)>, CommandError> {
    let mut names = BTreeSet::new();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let file = load_connection(global, path)?;
        match file.wants_webhooks() {
            true => require_secret(&file)?,
            false if file.callbacks.is_empty() => {
                return Err(CommandError::usage(format!(
                    "{}: webhooks need `mode` realtime or hybrid and `direction` read or both; in any other mode only \
                     `callbacks` are taken, and there are none",
                    file.path.display()
                )));
            }
            false => {}
        }
        let name = file.name();
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

/// Something that is done until it is over or the process is told to stop.
async fn unless(stopped: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = until(stopped) => {}
    }
}

/// Until the process is told to stop.
async fn until(mut stopped: watch::Receiver<bool>) {
    // Whoever would tell is gone: then it is over as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
