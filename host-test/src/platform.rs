//! The host as a platform runs it: many connections in one process.
//!
//! A [`Platform`] knows its connections and what each is doing; what is open at a time is only what works at a time
//! (`lives`). The `scheduler` decides who syncs when; a slice of a sync is in `slice`. Webhooks come to a port of their
//! own (`webhook_door`), people and programs to the control API and the status page ([`control`]). What is remembered is
//! in an SQLite database of its own ([`database`]) beside a folder for each connection ([`folder`]).

pub mod component;
pub mod config;
pub mod control;
pub mod database;
pub mod folder;
mod lives;
mod memory;
mod registry;
mod retention;
pub mod scheduler;
pub mod sealed;
pub mod seen;
mod server;
mod slice;
mod status;
mod status_page;
mod stored_formats;
mod webhook_door;

pub use self::component::ComponentSlot;
pub use self::config::{ConfigError, PlatformConfig};
pub use self::server::{Addresses, Platform, ServeError};
pub(crate) use self::stored_formats::of_folders as stored_formats_of_folders;
