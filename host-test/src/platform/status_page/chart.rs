//! Small charts of the last hour, in SVG. What they show is told in words as well, for those who cannot see them.

use std::fmt::Write as _;

use super::html::{escaped, section};
use super::words::grouped;
use crate::platform::database::Minute;

/// Minutes of a chart.
const MINUTES: i64 = 60;

/// The height of a chart in its own units; it is scaled to its place.
const HEIGHT: f64 = 100.0;

/// What a chart is of.
pub(super) struct Chart {
    pub(super) heading: &'static str,
    /// One of what is counted, and several.
    pub(super) unit: (&'static str, &'static str),
    pub(super) bad: bool,
    pub(super) value: fn(&Minute) -> u64,
}

/// What was read.
pub(super) const RECORDS: Chart = Chart {
    heading: "Records by minute",
    unit: ("record", "records"),
    bad: false,
    value: |minute| minute.records,
};

/// What went wrong.
pub(super) const FAILURES: Chart = Chart {
    heading: "Failures by minute",
    unit: ("failed run", "failed runs"),
    bad: true,
    value: |minute| minute.failures,
};

impl Chart {
    /// The chart under its heading, with a scale and the times.
    pub(super) fn section(&self, minutes: &[Minute], now_ms: i64) -> String {
        let values = self.values(minutes, now_ms);
        let top = top(values.iter().copied().max().unwrap_or(0));
        let class = if self.bad { "bad" } else { "bar" };
        let mut bars = String::new();
        for (minute, value) in values.iter().enumerate() {
            let ago = match values.len() - 1 - minute {
                0 => "this minute".to_owned(),
                ago => format!("{ago} min ago"),
            };
            let height = height(*value, top);
            // Writing into a text cannot fail.
            let _ = write!(
                bars,
                "<rect class=\"{class}\" x=\"{minute}.1\" y=\"{:.1}\" width=\".8\" height=\"{height:.1}\"><title>{ago}: {}</title></rect>",
                HEIGHT - height,
                self.counted(*value),
            );
        }
        let lines = [0.0, 0.5, 1.0].map(|share| {
            let y = share * HEIGHT;
            format!("<line x1=\"0\" y1=\"{y}\" x2=\"{MINUTES}\" y2=\"{y}\"/>")
        });
        let plot = format!(
            "<div class=\"plot\"><div class=\"scale\" aria-hidden=\"true\"><span>{}</span><span>{}</span><span>0</span></div>\n\
             <svg viewBox=\"0 0 {MINUTES} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\
             <g aria-hidden=\"true\">{}{bars}</g></svg>\n\
             <div class=\"times\" aria-hidden=\"true\"><span>an hour ago</span><span>half an hour</span><span>now</span></div></div>",
            grouped(top),
            grouped(top / 2),
            escaped(&self.in_words(&values)),
            lines.concat(),
        );
        let sum = values.iter().sum();
        section(
            self.heading,
            &format!("{} in the last hour", grouped(sum)),
            &plot,
        )
    }

    /// The chart alone, as small as a line of text.
    pub(super) fn spark(&self, minutes: &[Minute], now_ms: i64) -> String {
        let values = self.values(minutes, now_ms);
        let top = values.iter().copied().max().unwrap_or(0).max(1);
        let mut path = String::new();
        for (minute, value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
            let y = HEIGHT - height(*value, top);
            let _ = write!(path, "M{minute} {HEIGHT}V{y:.0}h.8V{HEIGHT}");
        }
        format!(
            "<svg class=\"spark\" viewBox=\"0 0 {MINUTES} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\
             <path class=\"bar\" d=\"{path}\"/></svg>",
            escaped(&self.in_words(&values)),
        )
    }

    /// A value for each minute, the oldest first.
    fn values(&self, minutes: &[Minute], now_ms: i64) -> Vec<u64> {
        let first = now_ms.div_euclid(60_000) - MINUTES + 1;
        let value = |minute: i64| {
            let found = minutes.iter().find(|found| found.minute == minute);
            found.map_or(0, self.value)
        };
        (first..first + MINUTES).map(value).collect()
    }

    fn counted(&self, number: u64) -> String {
        super::words::count(number, self.unit.0, self.unit.1)
    }

    fn in_words(&self, values: &[u64]) -> String {
        let most = values.iter().copied().max().unwrap_or(0);
        let sum = self.counted(values.iter().sum());
        match most {
            0 => format!("{sum} in the last hour"),
            most => format!(
                "{sum} in the last hour, at most {} in a minute",
                grouped(most)
            ),
        }
    }
}

/// What is there is seen, however little it is.
fn height(value: u64, top: u64) -> f64 {
    match value {
        0 => 0.0,
        value => (value as f64 / top as f64 * HEIGHT).max(2.0),
    }
}

/// The end of a scale for values up to this: 2, 4, 6, 8 or 10 of a power of ten, so that its half is a round number as well.
fn top(highest: u64) -> u64 {
    let mut power = 1_u64;
    while power < u64::MAX / 100 && power * 10 < highest {
        power *= 10;
    }
    let steps = [2, 4, 6, 8, 10];
    let fits = steps.iter().map(|step| step * power);
    fits.filter(|top| *top >= highest).min().unwrap_or(highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 100 * 60_000 + 5;

    fn minute(minute: i64, records: u64, failures: u64) -> Minute {
        Minute {
            minute,
            records,
            failures,
        }
    }

    #[test]
    fn scales_end_at_round_numbers() {
        for (highest, end) in [
            (0, 2),
            (1, 2),
            (3, 4),
            (10, 10),
            (11, 20),
            (85, 100),
            (5_260, 6_000),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(top(highest), end, "{highest}");
        }
    }

    #[test]
    fn bars_stand_at_their_minutes_as_high_as_their_values() {
        let minutes = [
            minute(41, 60, 0),
            minute(99, 30, 0),
            minute(100, 1, 2),
            minute(40, 7, 7),
        ];
        let chart = RECORDS.section(&minutes, NOW);
        let heights: Vec<&str> = chart
            .split("<rect ")
            .skip(1)
            .filter_map(|rect| rect.split(" height=\"").nth(1)?.split('"').next())
            .collect();
        assert_eq!(heights.len(), 60);
        assert_eq!(
            (heights[0], heights[58], heights[59]),
            ("100.0", "50.0", "2.0")
        );
        assert!(heights[1..58].iter().all(|height| *height == "0.0"));
        for part in [
            "<span>60</span><span>30</span><span>0</span>",
            "91 records in the last hour, at most 60 in a minute",
            "this minute: 1 record<",
            "1 min ago: 30 records<",
        ] {
            assert!(chart.contains(part), "{part} is not in {chart}");
        }
        let failures = FAILURES.section(&minutes, NOW);
        assert!(
            failures.contains("2 failed runs in the last hour")
                && failures.contains("class=\"bad\"")
        );
        let spark = RECORDS.spark(&minutes, NOW);
        assert!(
            spark.contains("d=\"M0 100V0h.8V100M58 100V50h.8V100M59 100V98h.8V100\""),
            "{spark}"
        );
        assert!(
            RECORDS
                .spark(&[], NOW)
                .contains("0 records in the last hour\"")
        );
    }
}
