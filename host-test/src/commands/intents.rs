//! `intents`: what triggers want done.

mod queued;

use serde_json::{Value, json};

pub(super) use self::queued::{Connected, Queued, open_queue};
use super::{CommandError, print_json, print_line};
use crate::attachments::Attachments;
use crate::carrying::{self, Carried, Carrier, CreateError};
use crate::clock::now_ms;
use crate::command_line::{
    CreateIntentArguments, Exit, Global, IntentIdsArguments, IntentsCommand, ListIntentsArguments,
};
use crate::contract::types::Intent;
use crate::dates;
use crate::report::table;
use crate::webhook_queue::{IntentState, Intents, StoredIntent};

/// Does what is wanted with intents.
pub(super) async fn run(global: &Global, command: &IntentsCommand) -> Result<Exit, CommandError> {
    match command {
        IntentsCommand::List(arguments) => list(global, arguments),
        IntentsCommand::Confirm(arguments) => decide(global, arguments, &CONFIRM),
        IntentsCommand::Reject(arguments) => decide(global, arguments, &REJECT),
        IntentsCommand::Retry(arguments) => decide(global, arguments, &RETRY),
        IntentsCommand::Create(arguments) => create(global, arguments).await,
        IntentsCommand::Run(arguments) => {
            let queued = Queued::open(global, arguments).await?;
            let carried = queued.carry_out().await?;
            tell_carried(global, carried)
        }
    }
}

fn list(global: &Global, arguments: &ListIntentsArguments) -> Result<Exit, CommandError> {
    let intents = open_queue(global, &arguments.queue)?;
    let wanted = |stored: &StoredIntent| {
        let trigger = arguments.trigger.as_ref();
        trigger.is_none_or(|trigger| *trigger == stored.intent.trigger)
    };
    let most = match arguments.trigger {
        None => arguments.limit,
        Some(_) => u32::MAX,
    };
    let found = intents.list(arguments.status, most);
    let mut found = found.map_err(CommandError::failed)?;
    found.retain(wanted);
    found.truncate(usize::try_from(arguments.limit).unwrap_or(usize::MAX));
    if global.json {
        let all: Vec<Value> = found.iter().map(stored_json).collect();
        print_json(&json!({"intents": all}))?;
    } else if found.is_empty() {
        print_line("no intents")?;
    } else {
        print_line(&listed(&found))?;
    }
    Ok(Exit::Success)
}

fn listed(found: &[StoredIntent]) -> String {
    let rows = found.iter().map(|stored| {
        let intent = &stored.intent;
        [
            intent.id.clone(),
            intent.trigger.clone(),
            intent.action.clone(),
            format!("{} {}", intent.source_stream, intent.source_key),
            stored.state.name().to_owned(),
            dates::display(stored.created_at_ms, &jiff::tz::TimeZone::UTC),
            stored.tries.to_string(),
        ]
    });
    let header = [
        "id", "trigger", "action", "source", "state", "made", "tries",
    ];
    let mut text = table(header, rows, 6);
    for stored in found {
        if let Some(problem) = &stored.problem {
            let mark = match stored.state {
                IntentState::Failed => "✗",
                _ => "!",
            };
            text.push_str(&format!("\n{mark} {}: {problem}", stored.intent.id));
        }
    }
    text
}

/// An intent as a document.
pub(super) fn intent_json(intent: &Intent) -> Value {
    json!({
        "id": intent.id,
        "trigger": intent.trigger,
        "action": intent.action,
        "stream": intent.source_stream,
        "key": intent.source_key,
        "confirm": intent.confirm,
        "record": serde_json::from_slice::<Value>(&intent.record).unwrap_or_default(),
    })
}

fn stored_json(stored: &StoredIntent) -> Value {
    let mut document = intent_json(&stored.intent);
    let state = json!({
        "state": stored.state.name(),
        "created_at_ms": stored.created_at_ms,
        "changed_at_ms": stored.changed_at_ms,
        "tries": stored.tries,
        "due_at_ms": (stored.due_at_ms > 0).then_some(stored.due_at_ms),
        "problem": stored.problem,
        "follow_up": stored.follows,
    });
    if let (Some(all), Value::Object(state)) = (document.as_object_mut(), state) {
        all.extend(state);
    }
    document
}

/// What a person decides about intents.
struct Decision {
    from: IntentState,
    to: IntentState,
    /// What was done, for people.
    done: &'static str,
    /// States in which nothing is left to decide, and it came out as wanted.
    already: &'static [IntentState],
}

const CONFIRM: Decision = Decision {
    from: IntentState::Unconfirmed,
    to: IntentState::Pending,
    done: "confirmed",
    already: &[
        IntentState::Pending,
        IntentState::Running,
        IntentState::Done,
    ],
};

const REJECT: Decision = Decision {
    from: IntentState::Unconfirmed,
    to: IntentState::Dismissed,
    done: "rejected",
    already: &[IntentState::Dismissed],
};

const RETRY: Decision = Decision {
    from: IntentState::Failed,
    to: IntentState::Pending,
    done: "taken up again",
    already: &[IntentState::Pending, IntentState::Running],
};

fn decide(
    global: &Global,
    arguments: &IntentIdsArguments,
    decision: &Decision,
) -> Result<Exit, CommandError> {
    let intents = open_queue(global, &arguments.queue)?;
    // Nothing is done when one of them is not known.
    let found: Result<Vec<StoredIntent>, CommandError> =
        arguments.ids.iter().map(|id| find(&intents, id)).collect();
    let mut decided = Vec::new();
    for stored in found? {
        let id = &stored.intent.id;
        let moved = match decision.from {
            IntentState::Failed => intents.try_again(id, now_ms()),
            from => intents.set_state(id, from, decision.to, now_ms()),
        };
        let moved = moved.map_err(CommandError::failed)?;
        let now = intents.find(id).map_err(CommandError::failed)?;
        let state = now.map_or(stored.state, |now| now.state);
        let good = moved || decision.already.contains(&state);
        if !global.json {
            print_line(&match (moved, good) {
                (true, _) => format!("✓ {id}: {}", decision.done),
                (false, true) => format!("– {id}: is {} already", state.name()),
                (false, false) => format!(
                    "✗ {id}: is {}, so it is not {}",
                    state.name(),
                    decision.done
                ),
            })?;
        }
        decided.push((id.clone(), state, moved, good));
    }
    if global.json {
        let all: Vec<Value> = decided
            .iter()
            .map(|(id, state, moved, _)| json!({"id": id, "state": state.name(), "changed": moved}))
            .collect();
        let ok = decided.iter().all(|(_, _, _, good)| *good);
        print_json(&json!({"ok": ok, "intents": all}))?;
    }
    let good = decided.iter().filter(|(_, _, _, good)| *good).count();
    Ok(match good {
        all if all == decided.len() => Exit::Success,
        0 => Exit::Failure,
        _ => Exit::Partial,
    })
}

/// The intent of an id, or of its beginning where no other begins so.
fn find(intents: &Intents, id: &str) -> Result<StoredIntent, CommandError> {
    let mut found = intents.beginning(id).map_err(CommandError::failed)?;
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(CommandError::usage(format!(
            "there is no intent {id}; `intents list` shows them"
        ))),
        _ => Err(CommandError::usage(format!(
            "several intents begin with {id}; write more of the id"
        ))),
    }
}

async fn create(global: &Global, arguments: &CreateIntentArguments) -> Result<Exit, CommandError> {
    let queued = Queued::open(global, &arguments.connected).await?;
    let named = (arguments.trigger.as_str(), arguments.key.as_str());
    let made = carrying::create(&queued.connection, &queued.intents, named, &queued.retry).await;
    let made = made.map_err(|error| match error {
        CreateError::UnknownTrigger { .. } => CommandError::usage(error),
        _ => CommandError::failed(error),
    })?;
    if global.json {
        let all: Vec<Value> = made
            .iter()
            .map(|(intent, state, new)| {
                let mut document = intent_json(intent);
                document["state"] = state.name().into();
                document["new"] = (*new).into();
                document
            })
            .collect();
        print_json(&json!({"ok": true, "intents": all}))?;
        return Ok(Exit::Success);
    }
    for (intent, state, new) in &made {
        let id = &intent.id;
        print_line(&match new {
            true => format!("✓ {id}: made, {}", state.name()),
            false => format!("– {id}: is there already, {}", state.name()),
        })?;
    }
    Ok(Exit::Success)
}

fn tell_carried(global: &Global, carried: Carried) -> Result<Exit, CommandError> {
    let Carried {
        done,
        put_off,
        failed,
    } = carried;
    let ok = failed == 0 && put_off == 0;
    if global.json {
        print_json(&json!({"ok": ok, "done": done, "put_off": put_off, "failed": failed}))?;
    } else {
        let mark = if ok { "✓" } else { "✗" };
        print_line(&format!(
            "{mark} {done} done, {put_off} put off, {failed} failed"
        ))?;
    }
    Ok(exit_of(ok, done))
}

/// How carrying out ends the process.
pub(super) fn exit_of(ok: bool, done: u64) -> Exit {
    match (ok, done) {
        (true, _) => Exit::Success,
        (false, 0) => Exit::Failure,
        (false, _) => Exit::Partial,
    }
}

impl Queued {
    /// Carries out the intents that are due.
    async fn carry_out(&self) -> Result<Carried, CommandError> {
        let _lock = self.lock()?;
        self.intents
            .take_up(now_ms())
            .map_err(CommandError::failed)?;
        let sink = self.sink()?;
        let attachments = Attachments::of(&self.connection.file).map_err(CommandError::failed)?;
        let carrier = Carrier {
            connection: &self.connection,
            intents: &self.intents,
            sink: &sink,
            attachments: attachments.as_ref(),
            retry: &self.retry,
        };
        carrier.carry_out().await.map_err(CommandError::failed)
    }
}
