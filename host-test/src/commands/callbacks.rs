//! `callbacks`: what other systems told.

use serde_json::{Value, json};

use super::intents::{Queued, exit_of, open_queue};
use super::{CommandError, print_json, print_line};
use crate::callbacks::{CallbackWorker, CarriedBack};
use crate::command_line::{
    CallbackNumbersArguments, CallbacksCommand, ConnectedArguments, Exit, Global,
    ListCallbacksArguments,
};
use crate::dates;
use crate::report::table;
use crate::webhook_queue::{CallbackState, StoredCallback};

/// Does what is wanted with callbacks.
pub(super) async fn run(global: &Global, command: &CallbacksCommand) -> Result<Exit, CommandError> {
    match command {
        CallbacksCommand::List(arguments) => list(global, arguments),
        CallbacksCommand::Retry(arguments) => set(global, arguments, CallbackState::Pending),
        CallbacksCommand::Dismiss(arguments) => set(global, arguments, CallbackState::Dismissed),
        CallbacksCommand::Run(arguments) => carry_out(global, arguments).await,
    }
}

fn list(global: &Global, arguments: &ListCallbacksArguments) -> Result<Exit, CommandError> {
    let intents = open_queue(global, &arguments.queue)?;
    let found = intents.list_callbacks(arguments.status, arguments.limit);
    let found = found.map_err(CommandError::failed)?;
    if global.json {
        let all: Vec<Value> = found.iter().map(to_json).collect();
        print_json(&json!({"callbacks": all}))?;
    } else if found.is_empty() {
        print_line("no callbacks")?;
    } else {
        print_line(&listed(&found))?;
    }
    Ok(Exit::Success)
}

fn listed(found: &[StoredCallback]) -> String {
    let rows = found.iter().map(|callback| {
        [
            callback.number.to_string(),
            callback.name.clone(),
            callback.id.clone(),
            callback.state.name().to_owned(),
            dates::display(callback.received_at_ms, &jiff::tz::TimeZone::UTC),
            callback.tries.to_string(),
        ]
    });
    let header = ["number", "callback", "id", "state", "came", "tries"];
    let mut text = table(header, rows, 5);
    for callback in found {
        if let Some(problem) = &callback.problem {
            text.push_str(&format!("\n✗ {}: {problem}", callback.number));
        }
    }
    text
}

fn to_json(callback: &StoredCallback) -> Value {
    json!({
        "number": callback.number,
        "callback": callback.name,
        "id": callback.id,
        "state": callback.state.name(),
        "received_at_ms": callback.received_at_ms,
        "tries": callback.tries,
        "problem": callback.problem,
        "body": serde_json::from_slice::<Value>(&callback.body).ok(),
    })
}

/// Takes callbacks up again, or dismisses them. Those that are done stay as they are.
fn set(
    global: &Global,
    arguments: &CallbackNumbersArguments,
    to: CallbackState,
) -> Result<Exit, CommandError> {
    let intents = open_queue(global, &arguments.queue)?;
    let found: Result<Vec<StoredCallback>, CommandError> = arguments
        .numbers
        .iter()
        .map(|number| {
            let found = intents.find_callback(*number);
            found.map_err(CommandError::failed)?.ok_or_else(|| {
                CommandError::usage(format!(
                    "there is no callback {number}; `callbacks list` shows them"
                ))
            })
        })
        .collect();
    let mut told = Vec::new();
    for callback in found? {
        let number = callback.number;
        let over = matches!(
            callback.state,
            CallbackState::Done | CallbackState::Dismissed
        );
        if !over {
            let set = intents.set_callback(number, to, 0, None);
            set.map_err(CommandError::failed)?;
        }
        let state = if over { callback.state } else { to };
        if !global.json {
            let mark = if over { "–" } else { "✓" };
            print_line(&format!("{mark} {number}: is {}", state.name()))?;
        }
        told.push(json!({"number": number, "state": state.name(), "changed": !over}));
    }
    if global.json {
        print_json(&json!({"ok": true, "callbacks": told}))?;
    }
    Ok(Exit::Success)
}

async fn carry_out(global: &Global, arguments: &ConnectedArguments) -> Result<Exit, CommandError> {
    let queued = Queued::open(global, arguments).await?;
    let _lock = queued.lock()?;
    let worker = CallbackWorker {
        connection: &queued.connection,
        callbacks: &queued.connection.file.callbacks,
        intents: &queued.intents,
        retry: &queued.retry,
    };
    let carried = worker.carry_out().await.map_err(CommandError::failed)?;
    let CarriedBack {
        done,
        put_off,
        dead,
        unmatched,
    } = carried;
    let ok = put_off == 0 && dead == 0 && unmatched == 0;
    if global.json {
        print_json(&json!({
            "ok": ok, "done": done, "put_off": put_off, "dead": dead, "unmatched": unmatched,
        }))?;
    } else {
        let mark = if ok { "✓" } else { "✗" };
        print_line(&format!(
            "{mark} {done} done, {put_off} put off, {dead} dead, {unmatched} for which there is no rule"
        ))?;
    }
    Ok(exit_of(ok, done))
}
