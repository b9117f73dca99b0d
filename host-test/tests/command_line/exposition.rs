use std::collections::{BTreeMap, BTreeSet};

/// One sample: its labels as written, and its value.
type Sample = (String, f64);

/// Metrics as Prometheus reads them. Whatever breaks its text format or its conventions of names is a panic.
pub struct Exposition {
    samples: BTreeMap<String, Vec<Sample>>,
}

impl Exposition {
    /// Reads text of version 0.0.4, strictly.
    pub fn parse(text: &str) -> Exposition {
        let mut samples: BTreeMap<String, Vec<Sample>> = BTreeMap::new();
        let mut types: BTreeMap<String, String> = BTreeMap::new();
        let mut helped = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut current = String::new();
        assert!(text.ends_with('\n'), "the last line has no end");
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect("a help has a text");
                assert!(
                    helped.insert(name.to_owned()) && !help.trim().is_empty(),
                    "{line}"
                );
                continue;
            }
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a type has a name");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert!(helped.contains(name), "no help: {line}");
                assert!(
                    types.insert(name.to_owned(), kind.to_owned()).is_none(),
                    "{line}"
                );
                current = name.to_owned();
                continue;
            }
            assert!(!line.starts_with('#') && !line.is_empty(), "{line}");
            let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
            assert!(seen.insert(series.to_owned()), "twice: {line}");
            let (name, labels) = match series.split_once('{') {
                Some((name, labels)) => (name, labels.strip_suffix('}').expect("a closing brace")),
                None => (series, ""),
            };
            let plain = |letter: char| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
            };
            assert!(name.chars().all(plain), "{line}");
            let family = match types[&current].as_str() {
                "histogram" => ["_bucket", "_sum", "_count"]
                    .iter()
                    .find_map(|end| name.strip_suffix(end))
                    .expect("a part of a histogram"),
                _ => name,
            };
            assert_eq!(family, current, "out of its family: {line}");
            for label in labels.split("\",").filter(|label| !label.is_empty()) {
                let (name, _) = label.split_once("=\"").expect("a label has a text");
                assert!(name.chars().all(plain), "{line}");
            }
            let value = match value {
                "+Inf" => f64::INFINITY,
                value => value.parse().expect("a number"),
            };
            samples
                .entry(name.to_owned())
                .or_default()
                .push((labels.to_owned(), value));
        }
        let exposition = Exposition { samples };
        let histograms = types.iter().filter(|(_, kind)| *kind == "histogram");
        histograms.for_each(|(name, _)| exposition.check_histogram(name));
        exposition
    }

    /// Buckets grow, and the last one holds everything.
    fn check_histogram(&self, name: &str) {
        let mut last: BTreeMap<String, f64> = BTreeMap::new();
        for (labels, value) in self
            .samples
            .get(&format!("{name}_bucket"))
            .into_iter()
            .flatten()
        {
            let (others, _) = labels.rsplit_once("le=\"").expect("a bound");
            let others = others.trim_end_matches(',').to_owned();
            let before = last.insert(others, *value).unwrap_or(0.0);
            assert!(*value >= before, "{name}: {labels}");
        }
        for (labels, count) in self
            .samples
            .get(&format!("{name}_count"))
            .into_iter()
            .flatten()
        {
            assert_eq!(last.get(labels), Some(count), "{name}: {labels}");
        }
    }

    /// The sum of the samples of a name whose labels hold all of these, as `name="text"`; zero where there are none.
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let samples = self.samples.get(name).into_iter().flatten();
        let fitting = samples.filter(|(held, _)| labels.iter().all(|label| held.contains(label)));
        fitting.map(|(_, value)| value).sum()
    }

    /// All labels, as written.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.samples
            .values()
            .flatten()
            .map(|(labels, _)| labels.as_str())
    }
}
