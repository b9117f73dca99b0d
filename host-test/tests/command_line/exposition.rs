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
            let names = label_names(labels).unwrap_or_else(|why| panic!("{why}: {line}"));
            let once: BTreeSet<&&str> = names.iter().collect();
            assert_eq!(once.len(), names.len(), "a label twice: {line}");
            assert!(names.iter().all(|name| name.chars().all(plain)), "{line}");
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

/// The names of labels, as `name="text",name="text"`: within a text, a backslash, a quote and the end of a line are written
/// with a backslash, and nothing else is.
fn label_names(labels: &str) -> Result<Vec<&str>, &'static str> {
    let mut names = Vec::new();
    let mut rest = labels;
    while !rest.is_empty() {
        let (name, text) = rest.split_once("=\"").ok_or("a label has no text")?;
        let mut letters = text.char_indices();
        let end = loop {
            match letters.next().ok_or("a text has no end")? {
                (end, '"') => break end,
                (_, '\\') => match letters.next() {
                    Some((_, '\\' | '"' | 'n')) => {}
                    _ => return Err("an escape that there is not"),
                },
                _ => {}
            }
        };
        names.push(name);
        rest = match text[end + 1..].strip_prefix(',') {
            Some(rest) if !rest.is_empty() => rest,
            Some(_) => return Err("a comma before nothing"),
            None if text.len() == end + 1 => "",
            None => return Err("no comma between labels"),
        };
    }
    Ok(names)
}

#[test]
fn only_labels_that_are_written_well_are_labels() {
    let names = label_names(r#"a="x",b="y,\"}\\\n",c="""#);
    assert_eq!(names, Ok(vec!["a", "b", "c"]));
    for wrong in [
        r#"a"#,
        r#"a="x"#,
        r#"a="x","#,
        r#"a="x"b="y""#,
        r#"a="\t""#,
        r#"a="x"" "#,
    ] {
        assert!(label_names(wrong).is_err(), "{wrong}");
    }
}
