//! What a platform says about itself and its connections, for programs.

use serde_json::{Map, Value, json};

use super::database::{Database, DatabaseError, Run, Stored};
use super::folder::Folder;
use super::registry::Known;
use super::scheduler::Activity;
use super::server::Platform;
use crate::clock::now_ms;
use crate::output::{OutputTarget, Sqlite};
use crate::position::{State, StateFile};
use crate::webhook_queue::QueueStatus;

/// The span of which delays and throughput are told.
pub(super) const RECENT_MS: i64 = 3_600_000;

/// The server as a whole.
pub(super) fn server(platform: &Platform) -> Result<Value, DatabaseError> {
    let shared = &platform.shared;
    let now = now_ms();
    let mut states: Map<String, Value> = Map::new();
    let all = shared.registry.all();
    for known in &all {
        let state = activity_name(activity(platform, known));
        let count = states.entry(state).or_insert_with(|| json!(0));
        *count = json!(count.as_u64().unwrap_or(0) + 1);
    }
    let problems = all
        .iter()
        .filter(|known| trouble(platform, known).is_some());
    let delays = shared.database.delays(now - RECENT_MS)?;
    let minutes = shared.database.minutes(None, now - RECENT_MS)?;
    let minutes: Vec<Value> = minutes
        .iter()
        .map(|one| {
            json!({
                "minute_ms": one.minute * 60_000,
                "records": one.records,
                "failures": one.failures,
            })
        })
        .collect();
    let (running, waiting) = {
        let scheduler = platform.scheduler();
        (scheduler.running(), scheduler.waiting())
    };
    Ok(json!({
        "uptime_ms": platform.uptime_ms(),
        "host": {"version": env!("CARGO_PKG_VERSION")},
        "component": component(platform),
        "connections": all.len(),
        "states": states,
        "problems": problems.count(),
        "open": shared.lives.count(),
        "slices": {"running": running, "waiting": waiting},
        "limits": {
            "global": shared.config.limits.global,
            "per_tenant": shared.config.limits.per_tenant,
        },
        "start_delay_ms": {
            "runs": delays.len(),
            "p50": percentile(&delays, 50),
            "p99": percentile(&delays, 99),
        },
        "throughput": minutes,
        "refused_attempts": shared.refusals.count(),
    }))
}

/// The version of all connections that have none of their own.
pub(super) fn component(platform: &Platform) -> Value {
    let plugin = platform.shared.components.current();
    let descriptor = plugin.descriptor();
    json!({
        "name": descriptor.name,
        "version": descriptor.version,
        "sha256": plugin.sha256(),
    })
}

/// The value below which so many of a hundred lie, of values in order.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last * percent).div_ceil(100)).copied()
}

pub(super) fn activity(platform: &Platform, known: &Known) -> Activity {
    let activity = platform.scheduler().activity(known.id);
    activity.unwrap_or(Activity::Idle { due: None })
}

/// What somebody has to look after.
fn trouble(platform: &Platform, known: &Known) -> Option<String> {
    let found = known.found().trouble();
    found.or_else(|| platform.shared.registry.door_trouble(known))
}

/// For programs.
fn activity_name(activity: Activity) -> &'static str {
    match activity {
        Activity::Idle { .. } => "idle",
        Activity::Waiting => "waiting",
        Activity::Running => "running",
        Activity::Paused => "paused",
    }
}

/// A connection.
pub(super) fn connection(platform: &Platform, known: &Known) -> Result<Value, DatabaseError> {
    let shared = &platform.shared;
    let workspace = known.found().workspace;
    let activity = activity(platform, known);
    let mut document = remembered(&shared.database, &known.name)?;
    let next = match activity {
        Activity::Idle { due } => due.map(|due| platform.on_the_wall(due)),
        _ => None,
    };
    let listens = shared.config.webhooks.is_some();
    let webhooks = known.takes_webhooks && listens;
    let doors = known.doors.iter().filter(|_| listens);
    let doors: Vec<String> = doors.map(|door| format!("/{door}")).collect();
    let further = json!({
        "tenant": known.tenant,
        "source": known.source.name(),
        "state": activity_name(activity),
        "problem": trouble(platform, known),
        "workspace_id": workspace,
        "every_ms": known.schedule.every,
        "next_sync_ms": next,
        "webhook_path": webhooks.then(|| format!("/{}", known.name)),
        "callback_paths": doors,
    });
    if let (Some(document), Value::Object(further)) = (document.as_object_mut(), further) {
        document.extend(further);
    }
    Ok(document)
}

/// A connection with what its folder holds: streams and queue.
pub(super) fn connection_whole(platform: &Platform, known: &Known) -> Result<Value, DatabaseError> {
    let mut document = connection(platform, known)?;
    let folder = Folder::of(&platform.shared.data, &known.name);
    let target = folder.output(&known.output);
    add_folder(&mut document, &folder, &target);
    Ok(document)
}

/// Adds what a connection's folder holds.
pub(super) fn add_folder(document: &mut Value, folder: &Folder, target: &OutputTarget) {
    if let Some(document) = document.as_object_mut() {
        let (streams, queue) = (streams(folder, target), queue(folder));
        document.insert("output".to_owned(), json!(place(target)));
        document.insert("streams".to_owned(), streams);
        document.insert("queue".to_owned(), queue);
    }
}

fn place(target: &OutputTarget) -> String {
    match target {
        OutputTarget::Sqlite(path) => format!("sqlite:{}", path.display()),
        OutputTarget::JsonLines(path) => format!("jsonl:{}", path.display()),
        OutputTarget::Http(url) => format!("http:{}", origin(url)),
        OutputTarget::Standard => "standard output".to_owned(),
    }
}

/// Of an address, what is no secret: who holds it may be allowed to write there.
fn origin(url: &url::Url) -> String {
    url.origin().ascii_serialization()
}

/// What is remembered of a connection, whether a server runs or not.
pub(super) fn remembered(database: &Database, name: &str) -> Result<Value, DatabaseError> {
    let Stored {
        paused,
        workspace,
        problem,
        complete_at_ms,
        ..
    } = database.stored(name)?;
    let runs = database.runs(Some(name), 1)?;
    let running = runs.first().filter(|run| run.ended_at_ms.is_none());
    let last = database.last_run(name)?;
    let failure = database.last_failure(name)?;
    Ok(json!({
        "name": name,
        "paused": paused,
        "state": match (paused, running) {
            (true, _) => "paused",
            (false, Some(_)) => "running",
            (false, None) => "idle",
        },
        "problem": problem,
        "workspace_id": workspace,
        "last_sync": last.as_ref().map(run),
        "running": running.map(run),
        "last_failure": failure.map(|run| json!({
            "at_ms": run.ended_at_ms,
            "status": run.status,
            "message": run.message,
        })),
        "lag_ms": complete_at_ms.map(|at| now_ms().saturating_sub(at).max(0)),
    }))
}

/// A run.
pub(super) fn run(run: &Run) -> Value {
    json!({
        "number": run.number,
        "asked": run.asked,
        "due_at_ms": run.due_at_ms,
        "began_at_ms": run.began_at_ms,
        "ended_at_ms": run.ended_at_ms,
        "status": run.status,
        "message": run.message,
        "records": run.counts.records,
        "pages": run.counts.pages,
        "requests": run.counts.requests,
        "slices": run.counts.slices,
        "streams": run.streams,
    })
}

/// What an output remembers; nothing where it cannot be read now.
pub(super) fn state_of(folder: &Folder, target: &OutputTarget) -> Option<State> {
    match target {
        OutputTarget::Sqlite(path) => Sqlite::read_state(path).ok().flatten(),
        OutputTarget::JsonLines(directory) => {
            let path = OutputTarget::state_in_directory(directory);
            StateFile::read(&path).ok().flatten()
        }
        other => StateFile::read(&folder.position(other)?).ok().flatten(),
    }
}

fn streams(folder: &Folder, target: &OutputTarget) -> Value {
    let state = state_of(folder, target).unwrap_or_default();
    let streams = state.streams.iter().map(|(name, stream)| {
        let last = stream.last.as_ref();
        let value = json!({
            "status": last.map(|last| last.status.clone()),
            "message": last.and_then(|last| last.message.clone()),
            "ended_at_ms": last.map(|last| last.ended_at_ms),
            "records": stream.records,
            "quarantined": stream.quarantined,
        });
        (name.clone(), value)
    });
    Value::Object(streams.collect())
}

fn queue(folder: &Folder) -> Value {
    let Some(queue) = QueueStatus::read(&folder.queue()).ok().flatten() else {
        return Value::Null;
    };
    json!({
        "waiting": queue.waiting,
        "oldest_age_ms": queue.oldest_at_ms.map(|at| now_ms().saturating_sub(at).max(0)),
        "unusable": queue.unusable,
        "rows_to_read_again": queue.rows_again,
        "intents": queue.intents,
        "counts": queue.tally.all,
    })
}
