//! The closing table, for people.

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

use super::{RunReport, StreamReport, SweepReport};

/// A table for people. Columns from `numbers_from` on are aligned to the right.
pub fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    numbers_from: usize,
) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(header)
        .add_rows(rows);
    for column in table.column_iter_mut().skip(numbers_from) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// A line for each stream and one for all of them, and below it why streams are not complete.
pub fn run_table(report: &RunReport) -> String {
    let mut rows: Vec<[String; 9]> = report
        .streams
        .iter()
        .map(|stream| row(stream, stream.status.name()))
        .collect();
    if report.streams.len() > 1 {
        rows.push(row(&report.total(), ""));
    }
    let header = [
        "stream",
        "status",
        "records",
        "deletes",
        "requests",
        "pages",
        "received",
        "time",
        "component",
    ];
    let mut text = table(header, rows, 2);
    for stream in &report.streams {
        let name = &stream.stream;
        if let Some(message) = stream.status.message() {
            text.push_str(&format!("\n{} {name}: {message}", stream.mark()));
        }
        for line in stream.notices.lines() {
            text.push_str(&format!("\n! {name}: {line}"));
        }
        for remark in &stream.remarks {
            text.push_str(&format!("\n! {name}: {remark}"));
        }
    }
    text.push_str(&sweeps(report));
    text
}

/// A line for each stream in which rows were missed, one for the others that were swept, and one for each reason not to.
fn sweeps(report: &RunReport) -> String {
    let mut text = String::new();
    let mut whole = Vec::new();
    let mut left_out: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for stream in &report.streams {
        let name = stream.stream.as_str();
        match &stream.sweep {
            Some(SweepReport::Done { missed: 0, .. }) => whole.push(name),
            Some(SweepReport::Done {
                held,
                missed,
                deleted,
            }) => text.push_str(&format!(
                "\n✓ {name}: swept, {missed} of {held} rows were not found, {deleted} are gone"
            )),
            Some(SweepReport::LeftOut { reason }) => left_out.entry(reason).or_default().push(name),
            None => {}
        }
    }
    if !whole.is_empty() {
        text.push_str(&format!("\n✓ swept, nothing is gone: {}", whole.join(", ")));
    }
    for (reason, names) in left_out {
        text.push_str(&format!("\n– not swept, {reason}: {}", names.join(", ")));
    }
    text
}

fn row(report: &StreamReport, status: &str) -> [String; 9] {
    [
        report.stream.clone(),
        status.to_owned(),
        report.records.to_string(),
        report.deletes.to_string(),
        report.requests.to_string(),
        report.pages.to_string(),
        bytes(report.bytes),
        duration(report.wall),
        duration(report.guest_time),
    ]
}

/// A number of bytes with a unit (1 kB = 1,000 bytes).
pub fn bytes(count: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1_000.0 && unit + 1 < units.len() {
        value /= 1_000.0;
        unit += 1;
    }
    match unit {
        0 => format!("{count} B"),
        _ => format!("{value:.1} {}", units[unit]),
    }
}

/// A duration with a unit that suits it.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        format!("{:.1} ms", seconds * 1_000.0)
    } else if seconds < 120.0 {
        format!("{seconds:.2} s")
    } else {
        format!(
            "{}:{:02} min",
            duration.as_secs() / 60,
            duration.as_secs() % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::StreamStatus;
    use super::*;

    #[test]
    fn what_went_wrong_stands_below_the_table() {
        let report = RunReport {
            streams: vec![
                StreamReport::without_run("contacts", StreamStatus::Complete),
                StreamReport::without_run(
                    "tags",
                    StreamStatus::Denied {
                        message: "the token lacks `Read tags`".to_owned(),
                    },
                ),
            ],
        };
        let text = run_table(&report);
        assert!(text.contains("denied") && text.contains("total"), "{text}");
        assert!(
            text.ends_with("✗ tags: the token lacks `Read tags`"),
            "{text}"
        );
    }

    #[test]
    fn sweeps_are_told_shortly() {
        let swept = |name: &str, sweep| StreamReport {
            sweep: Some(sweep),
            ..StreamReport::without_run(name, StreamStatus::Complete)
        };
        let done = |missed, deleted| SweepReport::Done {
            held: 9,
            missed,
            deleted,
        };
        let left_out = || SweepReport::LeftOut {
            reason: "no keys".to_owned(),
        };
        let report = RunReport {
            streams: vec![
                swept("contacts", done(3, 2)),
                swept("tags", done(0, 0)),
                swept("parts", left_out()),
                swept("teams", done(0, 0)),
                swept("notes", left_out()),
            ],
        };
        let text = run_table(&report);
        let expected = "\n✓ contacts: swept, 3 of 9 rows were not found, 2 are gone\
                        \n✓ swept, nothing is gone: tags, teams\n– not swept, no keys: parts, notes";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn numbers_have_units() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500), "1.5 kB");
        assert_eq!(bytes(2_600_000_000), "2.6 GB");
        assert_eq!(duration(Duration::from_micros(1_250)), "1.2 ms");
        assert_eq!(duration(Duration::from_secs(150)), "2:30 min");
    }
}
