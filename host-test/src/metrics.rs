//! What a running host tells Prometheus: counted where it happens, or looked at when somebody asks.
//!
//! All of it is the process's: a connection keeps its handles ([`ConnectionMetrics`]), so that nothing is looked up on a
//! call's way, and goes on with the same series when it is opened again. Labels are a connection's name and words of the
//! contract; no key, text or address of anybody is among them.

mod connection;
mod families;
mod page;
mod probes;
mod process;

pub use self::connection::{ConnectionMetrics, Outcome, RequestEnd};
pub use self::page::{render, router, serve};
pub(crate) use self::probes::{Looked, Readings, watch};

/// The series of a connection, made when there are none yet. `name` is its label `connection`.
pub fn connection(name: &str) -> std::sync::Arc<ConnectionMetrics> {
    families::all().connection(name)
}

/// Forgets the series of a connection that is gone: names that come and go must not pile up.
pub fn forget(name: &str) {
    families::all().forget(name);
}

#[cfg(test)]
mod tests;
