//! Medians and the table.

use std::time::Duration;

use comfy_table::Table as Cells;

/// The median of some times.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// The measurements, side by side.
pub struct Table {
    cells: Cells,
    missed: Vec<String>,
}

impl Table {
    /// An empty table.
    pub fn new() -> Self {
        let mut cells = Cells::new();
        cells.set_header(["call", "sandbox µs", "native µs", "ratio", "budget µs"]);
        Self {
            cells,
            missed: Vec::new(),
        }
    }

    /// Adds a measurement; `budget` is in microseconds.
    pub fn row(
        &mut self,
        name: &str,
        sandboxed: Duration,
        native: Option<Duration>,
        budget: Option<f64>,
    ) {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        let text = |value: Option<f64>| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"))
        };
        self.cells.add_row([
            name.to_owned(),
            text(Some(micros(sandboxed))),
            text(native.map(micros)),
            native.map_or_else(
                || "-".to_owned(),
                |native| format!("{:.2}", micros(sandboxed) / micros(native)),
            ),
            text(budget),
        ]);
        if budget.is_some_and(|budget| micros(sandboxed) > budget) {
            self.missed.push(name.to_owned());
        }
    }

    /// Prints the table and says which budgets were missed.
    pub fn print(self) -> anyhow::Result<()> {
        println!("{}", self.cells);
        anyhow::ensure!(
            self.missed.is_empty(),
            "over budget: {}",
            self.missed.join("; ")
        );
        Ok(())
    }
}
