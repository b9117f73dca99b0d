//! The component inside the host, against the simulator: a module per export and per promise.
#![allow(clippy::expect_used, clippy::panic)]

/// `authenticate`: the check, and everything that can be wrong with a connection.
mod authenticate;
/// Tokens that are replaced or revoked while they are used.
mod authorization;
/// Everything that is said, against Intercom's own OpenAPI files.
mod conformance;
/// What the artifact is: imports, size, description.
mod contract;
/// `write-batch`: every mode of every action.
mod every_mode;
mod every_stream;
/// Every fault of the simulator, under full syncs: nothing lost, nothing twice.
mod faults;
/// A component that does what a connector must not do, and its versions.
mod hostile;
/// Versions that take each other's place while calls run.
mod hot_swap;
/// Incremental syncs bring exactly what changed, whatever the time zone and the lag.
mod incremental;
/// Pages before one of which something happens.
mod interrupted;
/// `map-record`: reads, webhooks and it give the same entries.
mod map_record;
/// What is measured of writes.
mod observed;
/// What refusals cost, and when requests are sent after them.
mod pacing;
/// What is promised, against the tests that show it.
mod promises;
/// `read-page`: keys, cursors, unknown names.
mod read_page;
/// The README's tables, against what the component says.
mod readme;
/// What a hostile component can do to others: nothing.
mod sandbox;
/// Rows that are gone, found by walking and proven by key.
mod sweep;
mod triggers;
/// `verify-webhook`: delivered over HTTP to the host's listener.
mod verify_webhook;
/// A workspace, a connection to it and a folder for its output.
mod world;
/// `write-batch`: every other action against the simulator.
mod write_actions;
/// `write-batch`: rows against the simulator, read back.
mod write_batch;
/// `write-batch`: rows that Intercom's jobs write together.
mod write_jobs;
