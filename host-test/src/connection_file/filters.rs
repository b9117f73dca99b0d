//! `filters` (which rows of a stream are wanted) and `sweep_every` (how often to look for rows that are gone).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::document::{Content, Node};
use super::problems::{Problems, join};
use super::section::Section;
use super::span;

/// Reads `filters`: for each stream the fields of its filter. What they mean is the component's to judge.
pub(super) fn read(
    path: &str,
    node: &Node,
    problems: &mut Problems,
) -> BTreeMap<String, Map<String, Value>> {
    let mut filters = BTreeMap::new();
    let Some(section) = Section::open(path, node, problems) else {
        return filters;
    };
    for (stream, node) in section.others() {
        match node.to_json() {
            Value::Object(fields) if !fields.is_empty() => {
                filters.insert(stream.to_owned(), fields);
            }
            _ if matches!(node.content, Content::Unresolved) => {}
            _ => problems.push(node.problem(
                &join(path, stream),
                "type",
                "no filter",
                "fields with values, such as { role: user }",
            )),
        }
    }
    filters
}

/// The shortest span between sweeps: each reads whole streams.
const SHORTEST: Duration = Duration::from_secs(3_600);

/// Reads `sweep_every`: a number with a unit, such as `7d`.
pub(super) fn sweep_every(section: &mut Section<'_>, problems: &mut Problems) -> Option<Duration> {
    span::read(section, "sweep_every", SHORTEST, problems)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::super::tests::{problems, read};
    use super::*;

    #[test]
    fn filters_and_sweeps_are_read_in_both_forms() {
        let lines = "filters: { contacts: { role: user, open: true } }, sweep_every: 7d";
        for text in [
            format!("{{ connector: intercom, {lines} }}"),
            format!("connectors: {{ intercom: {{ {lines} }} }}"),
        ] {
            let file = read(&text).unwrap();
            let expected = json!({"contacts": {"role": "user", "open": true}});
            assert_eq!(json!(file.filters), expected);
            assert_eq!(file.sweep_every, Some(Duration::from_secs(7 * 86_400)));
        }
        let file = read("connector: intercom").unwrap();
        assert!(file.filters.is_empty() && file.sweep_every.is_none());
    }

    #[test]
    fn what_is_no_filter_and_no_span_is_named() {
        let found = problems(
            "connector: intercom\nfilters: { contacts: user, tags: {} }\nsweep_every: 5m\n",
        );
        let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, ["filters.contacts", "filters.tags", "sweep_every"]);
        for wrong in ["7", "d", "-1d", "7 days", "99999999999999999999w", "1e3d"] {
            let found = problems(&format!("connector: intercom\nsweep_every: {wrong}\n"));
            assert_eq!(
                (found.len(), found[0].path.as_str()),
                (1, "sweep_every"),
                "{wrong}"
            );
        }
    }
}
