//! How a run is going, on standard error: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::report::{StreamReport, duration};

/// How often a line is written where there is no terminal.
pub const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Hears how a run is going.
pub trait Progress: Send + Sync {
    /// A stream begins.
    fn started(&self, stream: &str);
    /// A page is stored.
    fn page(&self, stream: &str, report: &StreamReport);
    /// Nothing happens for a while, on purpose.
    fn waiting(&self, stream: &str, wait: Duration);
    /// Somebody else is in the way, and is waited for.
    fn held_up(&self, stream: &str, by: &str);
    /// A stream is at its end.
    fn ended(&self, report: &StreamReport);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn started(&self, _stream: &str) {}
    fn page(&self, _stream: &str, _report: &StreamReport) {}
    fn waiting(&self, _stream: &str, _wait: Duration) {}
    fn held_up(&self, _stream: &str, _by: &str) {}
    fn ended(&self, _report: &StreamReport) {}
}

/// What suits standard error.
pub fn on_standard_error() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() {
        Box::new(Bar::new())
    } else {
        Box::new(Lines::new())
    }
}

/// A line that is written over. Its number of rows is not known before the end, so it shows no share.
struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new() -> Bar {
        let bar = ProgressBar::new_spinner();
        // The template is a constant; should it ever be wrong, the plain spinner serves.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix:<20} {msg}") {
            bar.set_style(style);
        }
        Bar { bar }
    }
}

impl Progress for Bar {
    fn started(&self, stream: &str) {
        self.bar.set_prefix(stream.to_owned());
        self.bar.set_message("");
        self.bar.enable_steady_tick(Duration::from_millis(120));
    }

    fn page(&self, _stream: &str, report: &StreamReport) {
        self.bar.set_message(counts(report));
    }

    fn waiting(&self, _stream: &str, wait: Duration) {
        self.bar.set_message(format!("waiting {}", duration(wait)));
    }

    fn held_up(&self, _stream: &str, by: &str) {
        self.bar.set_message(format!("waiting for {by}"));
    }

    fn ended(&self, report: &StreamReport) {
        self.bar.println(ending(report));
        self.bar.disable_steady_tick();
        self.bar.set_prefix("");
        self.bar.set_message("");
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// One line at the beginning and the end of a stream, and some in between.
struct Lines {
    last: Mutex<Instant>,
}

impl Lines {
    fn new() -> Lines {
        Lines {
            last: Mutex::new(Instant::now()),
        }
    }
}

impl Progress for Lines {
    fn started(&self, _stream: &str) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn page(&self, stream: &str, report: &StreamReport) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= BETWEEN_LINES {
            *last = Instant::now();
            write_line(&format!("… {stream}: {}", counts(report)));
        }
    }

    fn waiting(&self, stream: &str, wait: Duration) {
        if wait >= BETWEEN_LINES {
            write_line(&format!("… {stream}: waiting {}", duration(wait)));
        }
    }

    fn held_up(&self, stream: &str, by: &str) {
        write_line(&format!("… {stream}: waiting for {by}"));
    }

    fn ended(&self, report: &StreamReport) {
        write_line(&ending(report));
    }
}

/// Writes a line to standard error; nobody being there to read it is no reason to stop.
pub fn write_line(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

fn counts(report: &StreamReport) -> String {
    format!("{} records, {} pages", report.records, report.pages)
}

fn ending(report: &StreamReport) -> String {
    format!(
        "{} {}: {}, {} in {}",
        report.mark(),
        report.stream,
        report.status.name(),
        counts(report),
        duration(report.wall)
    )
}
