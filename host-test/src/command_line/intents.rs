//! `intents`, `triggers` and `callbacks`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::OutputArguments;
use crate::webhook_queue::{CallbackState, IntentState};

/// Intents that `list` shows when nobody says how many.
const LISTED: u32 = 100;

/// What to do with intents: what triggers want done.
#[derive(Debug, Subcommand)]
pub enum IntentsCommand {
    /// List intents, oldest first
    List(ListIntentsArguments),
    /// Agree to intents that wait for a person; `serve`, `webhook serve` or `intents run` carries them out
    Confirm(IntentIdsArguments),
    /// Refuse intents that wait for a person
    Reject(IntentIdsArguments),
    /// Take intents up again that failed
    Retry(IntentIdsArguments),
    /// Make the intent of a trigger for a conversation (or another row), whatever the trigger's conditions say
    Create(CreateIntentArguments),
    /// Carry out what is due, once, where no server does
    Run(ConnectedArguments),
}

/// What to do with triggers.
#[derive(Debug, Subcommand)]
pub enum TriggersCommand {
    /// List the connection's triggers
    List(ConnectedArguments),
    /// Switch a trigger on; a running server sees it at once
    Enable(SwitchArguments),
    /// Switch a trigger off; a running server sees it at once
    Disable(SwitchArguments),
    /// Look once at what time alone sets off (waiting, older_than); a running server does it by itself
    Run(ConnectedArguments),
}

/// What to do with callbacks: what other systems told.
#[derive(Debug, Subcommand)]
pub enum CallbacksCommand {
    /// List callbacks, oldest first
    List(ListCallbacksArguments),
    /// Take callbacks up again that are dead, or that no rule was for
    Retry(CallbackNumbersArguments),
    /// Forget what callbacks hold
    Dismiss(CallbackNumbersArguments),
    /// Carry out what is due, once, where no server does
    Run(ConnectedArguments),
}

/// The place of a queue, for those who only look at it.
#[derive(Args, Clone, Debug)]
pub struct QueueArguments {
    /// The connection (YAML): how much is logged [default: as the command line says]; with --config the name of one of the
    /// platform's [default: the only one]
    #[arg(long, value_name = "FILE")]
    pub connection: Option<PathBuf>,

    /// The platform (YAML) whose queue it is; it may be running
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "state"])]
    pub config: Option<PathBuf>,

    /// Into which webhooks are taken: the queue is beside it.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// A connection and the place of its queue.
#[derive(Args, Clone, Debug)]
pub struct ConnectedArguments {
    /// The connection (YAML); with --config the name of one of the platform's [default: the only one]
    #[arg(long, value_name = "FILE", required_unless_present = "config")]
    pub connection: Option<PathBuf>,

    /// The platform (YAML) whose connection it is; it may be running
    #[arg(long, value_name = "FILE", conflicts_with_all = ["output", "state"])]
    pub config: Option<PathBuf>,

    /// Into which webhooks are taken: the queue is beside it.
    #[command(flatten)]
    pub output: OutputArguments,
}

/// Arguments of `intents list`.
#[derive(Args, Clone, Debug)]
pub struct ListIntentsArguments {
    /// Only those in this state: unconfirmed, pending, running, done, failed, dismissed
    #[arg(long, value_name = "STATE", value_parser = intent_state)]
    pub status: Option<IntentState>,

    /// Only those of this trigger
    #[arg(long, value_name = "NAME")]
    pub trigger: Option<String>,

    /// How many at most
    #[arg(long, default_value_t = LISTED, value_name = "COUNT")]
    pub limit: u32,

    /// Where they are.
    #[command(flatten)]
    pub queue: QueueArguments,
}

/// Arguments of `intents confirm`, `reject` and `retry`.
#[derive(Args, Clone, Debug)]
pub struct IntentIdsArguments {
    /// The intents' ids, or beginnings of them
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,

    /// Where they are.
    #[command(flatten)]
    pub queue: QueueArguments,
}

/// Arguments of `intents create`.
#[derive(Args, Clone, Debug)]
pub struct CreateIntentArguments {
    /// The trigger's name
    #[arg(value_name = "TRIGGER")]
    pub trigger: String,

    /// The conversation's id (the key of the row, where the trigger is about another stream)
    #[arg(value_name = "CONVERSATION")]
    pub key: String,

    /// The connection and its queue.
    #[command(flatten)]
    pub connected: ConnectedArguments,
}

/// Arguments of `triggers enable` and `disable`.
#[derive(Args, Clone, Debug)]
pub struct SwitchArguments {
    /// The trigger's name
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The connection and its queue.
    #[command(flatten)]
    pub connected: ConnectedArguments,
}

/// Arguments of `callbacks list`.
#[derive(Args, Clone, Debug)]
pub struct ListCallbacksArguments {
    /// Only those in this state: pending, done, unmatched, dead, dismissed
    #[arg(long, value_name = "STATE", value_parser = callback_state)]
    pub status: Option<CallbackState>,

    /// How many at most
    #[arg(long, default_value_t = LISTED, value_name = "COUNT")]
    pub limit: u32,

    /// Where they are.
    #[command(flatten)]
    pub queue: QueueArguments,
}

/// Arguments of `callbacks retry` and `dismiss`.
#[derive(Args, Clone, Debug)]
pub struct CallbackNumbersArguments {
    /// The callbacks' numbers, as `list` shows them
    #[arg(required = true, value_name = "NUMBER")]
    pub numbers: Vec<i64>,

    /// Where they are.
    #[command(flatten)]
    pub queue: QueueArguments,
}

fn intent_state(text: &str) -> Result<IntentState, String> {
    let state = IntentState::of(text);
    state.ok_or_else(|| "one of unconfirmed, pending, running, done, failed, dismissed".to_owned())
}

fn callback_state(text: &str) -> Result<CallbackState, String> {
    let state = CallbackState::of(text);
    state.ok_or_else(|| "one of pending, done, unmatched, dead, dismissed".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::Parser as _;

    use super::super::{Command, CommandLine};
    use super::*;

    #[test]
    fn intents_are_created_by_trigger_and_conversation() {
        let line = [
            "host-test",
            "intents",
            "create",
            "ticket",
            "47",
            "--connection",
            "c",
            "--output",
            "jsonl:out",
        ];
        let line = CommandLine::try_parse_from(line).unwrap();
        let Command::Intents(IntentsCommand::Create(create)) = line.command else {
            unreachable!("create was asked for");
        };
        assert_eq!(
            (create.trigger.as_str(), create.key.as_str()),
            ("ticket", "47")
        );
        for bad in [
            &["intents", "confirm", "--output", "jsonl:out"][..],
            &["intents", "list", "--status", "odd"],
            &["callbacks", "list", "--status", "failed"],
            &["triggers", "enable", "--connection", "c"],
        ] {
            let line = ["host-test"].iter().chain(bad);
            assert!(CommandLine::try_parse_from(line).is_err(), "{bad:?}");
        }
    }
}
