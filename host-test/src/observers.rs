//! Who is told what happens to a connection.

use std::sync::Arc;

use crate::alerts::Alerts;
use crate::debug_mode::DebugMode;
use crate::metrics::{self, ConnectionMetrics};

/// Everybody who is told what happens to a connection. Cheap to clone.
#[derive(Clone)]
pub struct Observers {
    /// Counts it.
    pub metrics: Arc<ConnectionMetrics>,
    /// Tells people when something goes wrong.
    pub alerts: Alerts,
    /// Says what is asked and answered.
    pub debug: DebugMode,
}

impl Observers {
    /// Metrics under this name, and nothing else.
    pub fn of(name: &str) -> Observers {
        Observers {
            metrics: metrics::connection(name),
            alerts: Alerts::default(),
            debug: DebugMode::Off,
        }
    }

    /// The connection's name for people: the label `connection`.
    pub fn name(&self) -> &str {
        self.metrics.name()
    }
}
