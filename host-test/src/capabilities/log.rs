//! The capability `log`.

use crate::call::{Admitted, CallContext};
use crate::contract::log::{Host, Level};
use crate::guest_text::clean;

/// Bytes of one line that are kept.
const LINE_BYTES: usize = 2 * 1024;

impl Host for CallContext {
    async fn write(&mut self, level: Level, message: String) {
        let message = clean(&message, LINE_BYTES);
        // A component that is asked what it is logs nothing, but its last lines say why it could not answer.
        if let Some(tenant) = self.tenant.clone() {
            match self.log.admit(message.len(), &tenant.limits) {
                Admitted::Yes => match tenant.log_window.admit(message.len(), &tenant.limits) {
                    Admitted::Yes => self.report(level, &message),
                    Admitted::FirstTooMany => self.report(
                        Level::Warn,
                        "the component logs too much; this minute's further lines are dropped",
                    ),
                    Admitted::No => {}
                },
                Admitted::FirstTooMany => self.report(
                    Level::Warn,
                    "the component logs too much; this call's further lines are dropped",
                ),
                Admitted::No => {}
            }
        }
        self.log.keep(message);
    }
}

impl CallContext {
    fn report(&self, level: Level, message: &str) {
        let tenant = self.tenant.as_ref();
        let connection = tenant.map_or("", |tenant| tenant.observers.name());
        let (call, subject, version) = (self.export, &*self.subject, &*self.version);
        match level {
            Level::Trace => {
                tracing::trace!(target: "component", connection, call, subject, version, "{message}")
            }
            Level::Debug => {
                tracing::debug!(target: "component", connection, call, subject, version, "{message}")
            }
            Level::Info => {
                tracing::info!(target: "component", connection, call, subject, version, "{message}")
            }
            Level::Warn => {
                tracing::warn!(target: "component", connection, call, subject, version, "{message}")
            }
            Level::Error => {
                tracing::error!(target: "component", connection, call, subject, version, "{message}")
            }
        }
    }
}
