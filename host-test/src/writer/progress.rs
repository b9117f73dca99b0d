//! How a write is going, on standard error: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::WriteReport;
use crate::progress::{BETWEEN_LINES, Silent, write_line};
use crate::report::duration;

/// Hears how a write is going.
pub trait WriteProgress: Send + Sync {
    /// So many rows are about to be written.
    fn begins(&self, action: &str, rows: usize);
    /// Some of them have their outcome.
    fn settled(&self, report: &WriteReport);
    /// So many rows wait, on purpose.
    fn waits(&self, rows: usize, wait: Duration);
    /// The write is over.
    fn ends(&self);
}

impl WriteProgress for Silent {
    fn begins(&self, _action: &str, _rows: usize) {}
    fn settled(&self, _report: &WriteReport) {}
    fn waits(&self, _rows: usize, _wait: Duration) {}
    fn ends(&self) {}
}

/// What suits standard error.
pub fn on_standard_error() -> Box<dyn WriteProgress> {
    match std::io::stderr().is_terminal() {
        true => Box::new(Bar(ProgressBar::new(0))),
        false => Box::new(Lines(Mutex::new(Written {
            action: String::new(),
            rows: 0,
            told: Instant::now(),
        }))),
    }
}

struct Bar(ProgressBar);

impl WriteProgress for Bar {
    fn begins(&self, action: &str, rows: usize) {
        // The template is a constant; should it ever be wrong, the plain bar serves.
        if let Ok(style) =
            ProgressStyle::with_template("{prefix} {wide_bar} {pos} of {len} rows {msg}")
        {
            self.0.set_style(style);
        }
        self.0.set_prefix(action.to_owned());
        self.0.set_length(u64::try_from(rows).unwrap_or(u64::MAX));
        self.0.enable_steady_tick(Duration::from_millis(120));
    }

    fn settled(&self, report: &WriteReport) {
        self.0.set_position(report.rows());
        self.0.set_message(unwritten(report));
    }

    fn waits(&self, rows: usize, wait: Duration) {
        if wait >= Duration::from_secs(1) {
            self.0.set_message(waiting(rows, wait));
        }
    }

    fn ends(&self) {
        self.0.finish_and_clear();
    }
}

struct Written {
    action: String,
    rows: usize,
    told: Instant,
}

struct Lines(Mutex<Written>);

impl WriteProgress for Lines {
    fn begins(&self, action: &str, rows: usize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Written {
            action: action.to_owned(),
            rows,
            told: Instant::now(),
        };
    }

    fn settled(&self, report: &WriteReport) {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if written.told.elapsed() >= BETWEEN_LINES {
            written.told = Instant::now();
            write_line(&format!(
                "… {}: {} of {} rows{}",
                written.action,
                report.rows(),
                written.rows,
                unwritten(report)
            ));
        }
    }

    fn waits(&self, rows: usize, wait: Duration) {
        if wait >= BETWEEN_LINES {
            let written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            write_line(&format!("… {}: {}", written.action, waiting(rows, wait)));
        }
    }

    fn ends(&self) {}
}

fn unwritten(report: &WriteReport) -> String {
    match report.count("failed") + report.count("deferred") {
        0 => String::new(),
        rows => format!(", {rows} not written"),
    }
}

fn waiting(rows: usize, wait: Duration) -> String {
    format!("{rows} not written yet, tried again in {}", duration(wait))
}
