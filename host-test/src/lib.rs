//! The host of the connector.

pub mod artifact;
pub mod call;
mod capabilities;
mod compiled_cache;
pub mod contract;
pub mod engine;
mod guest_text;
pub mod http_client;
pub mod limits;
pub mod plugin;
pub mod rate_budget;
pub mod secret;
pub mod state_store;
pub mod tenant;
