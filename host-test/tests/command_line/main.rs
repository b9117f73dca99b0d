//! The program as a person or another program drives it: the real binary, one process a command, against a simulator in a
//! process of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

/// `alerts`: failures, recoveries and silences, told to a command.
mod alerting;
/// `auth`: the address, what is pasted, the exchange, the stored token.
mod authorization;
/// What was changed before this host writes to the same row.
mod before_writing;
/// `bench`: what reading costs.
mod benchmark;
/// `callbacks`: what other systems tell, and what becomes of it.
mod callbacks;
mod calls;
/// `check`: what is good, what is not, and what to do about it.
mod check;
/// `component`: versions, and which of them is run.
mod companies;
mod components;
/// Connection files: both forms, and everything that can be wrong in them.
mod configuration;
/// Webhooks that get lost, come twice and come late: after a sync and a sweep the output is the workspace.
mod convergence;
/// `debug`: a line for each request and webhook, with nothing of a person in it.
mod debugging;
/// `demo`: one document that says everything.
mod demonstration;
/// `describe` and the command line itself.
mod describe;
/// Prometheus's text format, read strictly.
mod exposition;
/// What becomes of a row that set off a trigger: behind what was handed on first.
mod follow_ups;
/// What an output and the workspace hold of streams of every kind of paging.
mod holdings;
/// The smallest HTTP client that serves.
mod http;
/// `intents` and `triggers`: decided, switched, made, carried out once.
mod intents;
/// Processes that die in the middle of a read.
mod interruption;
/// Exactly once, wherever the host is killed and whatever goes wrong meanwhile.
mod kill_matrix;
/// Webhooks about what is older than what a sync read.
mod late;
/// `map`: documents on standard input.
mod mapping;
/// `webhook serve --metrics`: everything that is measured changes when the thing is done.
mod metrics;
/// `mode`: webhooks only, syncs only, or both.
mod modes;
/// `serve`: many connections in one process, the control API, the status page, kills.
mod platform;
/// `--output http:URL`: bodies, keys, retries, positions.
mod posting;
/// Processes: run to their end, or ended with their owner.
mod process;
/// `proxy`: through which the provider is reached.
mod proxied;
/// `read` and `sync`: outputs, positions, start dates.
mod reading;
/// Somebody who takes what is posted, and has files to be fetched.
mod receiver;
/// Secrets: in nothing that is printed, in no file but the token's.
mod secrets;
/// `--until`, `--keys`, `--filter`: readings beside the position.
mod selecting;
/// A simulator in a process of its own, and its control door.
mod service;
/// Two connections to one workspace.
mod sharing;
/// Senders of webhooks that take their time.
mod slow_senders;
/// What an output holds and what the workspace holds, row by row.
mod stored;
/// `sync --sweep`: rows that are gone and of which nobody told.
mod sweeping;
/// `--otlp`: spans at a collector.
mod tracing;
mod way_back;
/// Webhooks at a server that dies, and at one whose output a sync uses as well.
mod webhook_receipts;
/// `webhook serve` over several connections and outputs: routing, limits, order, modes.
mod webhook_service;
/// `webhook verify` and `webhook serve`.
mod webhooks;
/// A simulator, a connection file and a folder to work in.
mod world;
/// `write`: outcomes, exit codes, replays.
mod writing;
