//! A small chart of bars, in SVG.

use std::fmt::Write as _;

use super::html::escaped;

/// The chart's measures: it is scaled to the width of the page.
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 90.0;
/// Below the bars, for the line on which they stand.
const FOOT: f64 = 2.0;

/// A bar.
pub(super) struct Bar {
    pub(super) value: u64,
    /// Whether something went wrong then.
    pub(super) bad: bool,
    /// What it says when somebody points at it.
    pub(super) title: String,
}

/// Bars side by side, the highest as high as the chart. Something that went wrong is marked even where the bar is empty.
pub(super) fn bars(bars: &[Bar], label: &str) -> String {
    let highest = bars.iter().map(|bar| bar.value).max().unwrap_or(0);
    let step = WIDTH / bars.len().max(1) as f64;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{}\">",
        HEIGHT + 16.0,
        escaped(label)
    );
    for (index, bar) in bars.iter().enumerate() {
        let share = bar.value as f64 / highest.max(1) as f64;
        let mut height = share * (HEIGHT - FOOT);
        if bar.bad {
            height = height.max(4.0);
        }
        let class = if bar.bad { "bad" } else { "bar" };
        // Writing into a text cannot fail.
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
            index as f64 * step + 1.0,
            HEIGHT - FOOT - height,
            (step - 2.0).max(0.5),
            height,
            escaped(&bar.title)
        );
    }
    let _ = write!(
        svg,
        "<line x1=\"0\" y1=\"{HEIGHT}\" x2=\"{WIDTH}\" y2=\"{HEIGHT}\"/>\
         <text x=\"0\" y=\"{y}\">an hour ago</text>\
         <text x=\"{WIDTH}\" y=\"{y}\" text-anchor=\"end\">now</text>\
         <text x=\"{middle}\" y=\"{y}\" text-anchor=\"middle\">highest {highest}</text></svg>",
        y = HEIGHT + 14.0,
        middle = WIDTH / 2.0
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_scaled_to_the_highest_and_what_went_wrong_is_seen() {
        let bar = |value, bad| Bar {
            value,
            bad,
            title: "<b>".to_owned(),
        };
        let svg = bars(
            &[bar(10, false), bar(5, false), bar(0, true), bar(0, false)],
            "a & b",
        );
        let heights: Vec<&str> = svg
            .split("<rect ")
            .skip(1)
            .filter_map(|rect| rect.split("height=\"").nth(1)?.split('"').next())
            .collect();
        assert_eq!(heights, ["88.0", "44.0", "4.0", "0.0"]);
        assert_eq!(svg.matches("class=\"bad\"").count(), 1);
        assert!(svg.contains("&lt;b&gt;") && svg.contains("a &amp; b"));
        assert!(bars(&[], "none").ends_with("</svg>"));
    }
}
