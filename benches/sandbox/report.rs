//! Medians and the table.

use std::time::Duration;

use comfy_table::Table as Cells;

/// The measurements, side by side.
pub struct Table {
    cells: Cells,
    over: Vec<String>,
}

impl Table {
    /// An empty table.
    pub fn new() -> Self {
        let mut cells = Cells::new();
        cells.set_header([
            "call",
            "sandbox µs",
            "a second",
            "native µs",
            "ratio",
            "budget µs",
        ]);
        Self {
            cells,
            over: Vec::new(),
        }
    }

    /// Adds the medians of a measurement; `budget` is in microseconds.
    pub fn row(
        &mut self,
        name: &str,
        sandboxed: Option<&mut [Duration]>,
        native: &mut [Duration],
        budget: Option<f64>,
    ) {
        let sandboxed = sandboxed.and_then(median);
        let native = median(native);
        let text = |value: Option<f64>, digits: usize| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
        };
        self.cells.add_row([
            name.to_owned(),
            text(sandboxed, 1),
            text(sandboxed.map(|taken| 1e6 / taken), 0),
            text(native, 1),
            text(
                sandboxed
                    .zip(native)
                    .map(|(inside, outside)| inside / outside),
                2,
            ),
            text(budget, 0),
        ]);
        if sandboxed
            .zip(budget)
            .is_some_and(|(taken, budget)| taken > budget)
        {
            self.over.push(name.to_owned());
        }
    }

    /// Prints the table and says what took more than its budget on this machine.
    pub fn print(self) {
        println!("{}", self.cells);
        if !self.over.is_empty() {
            println!("over budget here: {}", self.over.join("; "));
        }
    }
}

/// The median in microseconds; none of no measurements.
fn median(times: &mut [Duration]) -> Option<f64> {
    times.sort_unstable();
    times
        .get(times.len() / 2)
        .map(|time| time.as_secs_f64() * 1e6)
}
