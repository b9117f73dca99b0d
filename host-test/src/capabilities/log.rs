//! The capability `log`.

use crate::call::CallContext;
use crate::contract::log::{Host, Level};
use crate::guest_text::clean;

/// Bytes of one line that are kept.
const LINE_BYTES: usize = 2 * 1024;

impl Host for CallContext {
    async fn write(&mut self, level: Level, message: String) {
        let message = clean(&message, LINE_BYTES);
        let lines = self.log.count();
        let allowed = self
            .tenant
            .as_ref()
            .map_or(0, |tenant| tenant.limits.log_lines);
        if lines <= allowed {
            self.report(level, &message);
        } else if lines == allowed + 1 && allowed > 0 {
            self.report(
                Level::Warn,
                "the component logs too much; this call's further lines are dropped",
            );
        }
        self.log.keep(message);
    }
}

impl CallContext {
    fn report(&self, level: Level, message: &str) {
        let tenant = self
            .tenant
            .as_ref()
            .map_or("", |tenant| tenant.name.as_str());
        let (call, subject, version) = (self.export, &*self.subject, &*self.version);
        match level {
            Level::Trace => {
                tracing::trace!(target: "component", tenant, call, subject, version, "{message}")
            }
            Level::Debug => {
                tracing::debug!(target: "component", tenant, call, subject, version, "{message}")
            }
            Level::Info => {
                tracing::info!(target: "component", tenant, call, subject, version, "{message}")
            }
            Level::Warn => {
                tracing::warn!(target: "component", tenant, call, subject, version, "{message}")
            }
            Level::Error => {
                tracing::error!(target: "component", tenant, call, subject, version, "{message}")
            }
        }
    }
}
