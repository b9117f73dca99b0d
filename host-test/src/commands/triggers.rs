//! `triggers`: which there are, and whether they are on.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::intents::{Connected, Queued};
use super::{CommandError, print_json, print_line};
use crate::carrying::{find_trigger, look_at_waiting};
use crate::command_line::{ConnectedArguments, Exit, Global, SwitchArguments, TriggersCommand};
use crate::connection_file::{ConnectionFile, Trigger};
use crate::report::table;
use crate::webhook_queue::{IntentState, Intents};

/// Does what is wanted with triggers.
pub(super) async fn run(global: &Global, command: &TriggersCommand) -> Result<Exit, CommandError> {
    match command {
        TriggersCommand::List(arguments) => list(global, arguments),
        TriggersCommand::Enable(arguments) => switch(global, arguments, true),
        TriggersCommand::Disable(arguments) => switch(global, arguments, false),
        TriggersCommand::Run(arguments) => look(global, arguments).await,
    }
}

/// A connection's file and its queue.
fn open(
    global: &Global,
    arguments: &ConnectedArguments,
) -> Result<(ConnectionFile, Intents), CommandError> {
    let connected = Connected::of(global, arguments)?;
    let intents = connected.intents()?;
    Ok((connected.file, intents))
}

fn switch(global: &Global, arguments: &SwitchArguments, on: bool) -> Result<Exit, CommandError> {
    let (file, intents) = open(global, &arguments.connected)?;
    let name = &arguments.name;
    find_trigger(&file, name).map_err(CommandError::usage)?;
    intents.switch(name, on).map_err(CommandError::failed)?;
    if global.json {
        print_json(&json!({"ok": true, "trigger": name, "enabled": on}))?;
    } else {
        let told = if on { "enabled" } else { "disabled" };
        print_line(&format!("✓ {name}: {told}"))?;
    }
    Ok(Exit::Success)
}

fn list(global: &Global, arguments: &ConnectedArguments) -> Result<Exit, CommandError> {
    let (file, intents) = open(global, arguments)?;
    let switches = intents.switches().map_err(CommandError::failed)?;
    let counts = intents.count().map_err(CommandError::failed)?;
    let triggers = file.triggers.iter().map(|(name, trigger)| {
        let switch = switches.get(name).copied().unwrap_or_default();
        (name, trigger, switch)
    });
    if global.json {
        let all: Vec<Value> = triggers
            .map(|(name, trigger, switch)| {
                json!({
                    "name": name,
                    "enabled": switch.is_on(),
                    "enabled_by_file": trigger.enabled,
                    "switched": switch.switched,
                    "on": trigger.document.get("on"),
                    "stream": trigger.stream(),
                    "action": trigger.action(),
                    "confirm": confirms(trigger),
                    "waits": trigger.waits(),
                    "intents": of_trigger(&counts, name),
                })
            })
            .collect();
        print_json(&json!({"triggers": all}))?;
        return Ok(Exit::Success);
    }
    let rows: Vec<[String; 7]> = triggers
        .map(|(name, trigger, switch)| {
            let state = match (switch.is_on(), switch.switched) {
                (true, None) => "enabled",
                (false, None) => "disabled",
                (true, Some(_)) => "enabled (switched)",
                (false, Some(_)) => "disabled (switched)",
            };
            let of = of_trigger(&counts, name);
            let count = |state: IntentState| of.get(state.name()).copied().unwrap_or(0);
            [
                name.to_owned(),
                state.to_owned(),
                set_off_by(trigger),
                trigger.action().to_owned(),
                if confirms(trigger) { "yes" } else { "no" }.to_owned(),
                (count(IntentState::Unconfirmed) + count(IntentState::Pending)).to_string(),
                count(IntentState::Done).to_string(),
            ]
        })
        .collect();
    if rows.is_empty() {
        print_line("no triggers")?;
    } else {
        let header = [
            "trigger",
            "state",
            "set off by",
            "action",
            "confirm",
            "open",
            "done",
        ];
        print_line(&table(header, rows, 5))?;
    }
    Ok(Exit::Success)
}

fn confirms(trigger: &Trigger) -> bool {
    trigger.document.get("confirm").and_then(Value::as_bool) == Some(true)
}

/// What sets a trigger off, for people.
fn set_off_by(trigger: &Trigger) -> String {
    let on = match trigger.document.get("on") {
        Some(Value::Array(topics)) => {
            let topics = topics.iter().filter_map(Value::as_str);
            Some(topics.collect::<Vec<_>>().join(", "))
        }
        Some(Value::String(topic)) => Some(topic.clone()),
        _ => None,
    };
    match (on, trigger.stream(), trigger.waits()) {
        (Some(on), _, false) => on,
        (Some(on), _, true) => format!("{on}, time"),
        (None, Some(stream), false) => format!("changes of {stream}"),
        (None, Some(stream), true) => format!("changes of {stream}, time"),
        (None, None, false) => "changes".to_owned(),
        (None, None, true) => "changes, time".to_owned(),
    }
}

/// The intents of a trigger by their states.
fn of_trigger(counts: &BTreeMap<(String, String), u64>, name: &str) -> BTreeMap<String, u64> {
    let of = counts.iter().filter(|((trigger, _), _)| trigger == name);
    of.map(|((_, state), count)| (state.clone(), *count))
        .collect()
}

async fn look(global: &Global, arguments: &ConnectedArguments) -> Result<Exit, CommandError> {
    let queued = Queued::open(global, arguments).await?;
    queued.connection.require_token()?;
    let triggers: Vec<(&str, &Trigger)> = queued
        .connection
        .file
        .triggers
        .iter()
        .filter(|(_, trigger)| trigger.waits())
        .collect();
    let looked = look_at_waiting(
        &queued.connection,
        &queued.intents,
        &triggers,
        &queued.retry,
    );
    let looked = looked.await.map_err(CommandError::failed)?;
    let bad = looked.iter().filter(|look| look.problem.is_some()).count();
    if global.json {
        let all: Vec<Value> = looked
            .iter()
            .map(|look| {
                json!({
                    "triggers": look.triggers,
                    "stream": look.stream,
                    "rows": look.rows,
                    "intents": look.intents,
                    "problem": look.problem,
                })
            })
            .collect();
        print_json(&json!({"ok": bad == 0, "looked": all}))?;
    } else if looked.is_empty() {
        print_line("no trigger that is on asks how long something waits")?;
    } else {
        for look in &looked {
            let names = look.triggers.join(", ");
            print_line(&match &look.problem {
                None => format!(
                    "✓ {names}: {} of {} looked at, {} new intents",
                    look.rows, look.stream, look.intents
                ),
                Some(problem) => format!("✗ {names}: {problem}"),
            })?;
        }
    }
    Ok(match bad {
        0 => Exit::Success,
        all if all == looked.len() => Exit::Failure,
        _ => Exit::Partial,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::connection_file::ConnectionFile;

    #[test]
    fn what_sets_a_trigger_off_is_told_with_time_where_that_does() {
        let text = "connector: intercom\ntriggers:\n  any: { action: x }\n  \
            slow: { action: x, when: { waiting: { longer_than: 30m } } }\n  \
            old: { action: x, stream: tickets, when: { path: created_at, older_than: 2d } }\n  \
            told: { action: x, on: [a.b, c.d] }\n";
        let file = ConnectionFile::parse("c.yaml".as_ref(), text, &|_| None).unwrap();
        for (name, told) in [
            ("any", "changes"),
            ("slow", "changes, time"),
            ("old", "changes of tickets, time"),
            ("told", "a.b, c.d"),
        ] {
            assert_eq!(set_off_by(file.triggers.get(name).unwrap()), told);
        }
    }
}
