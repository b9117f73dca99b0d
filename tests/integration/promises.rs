use std::collections::BTreeSet;
use std::path::Path;

const PROMISES: &str = include_str!("../PROMISES.md");

/// The tests that a cell names, as file and function.
fn named(cell: &str) -> impl Iterator<Item = (&str, &str)> {
    cell.split('`').filter_map(|part| part.split_once("::"))
}

/// The cells of the rows below a heading, without the table's own heading.
fn rows(heading: &str) -> Vec<Vec<&str>> {
    let section = PROMISES
        .split("\n## ")
        .find(|section| section.starts_with(heading))
        .expect("the section");
    section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| nr."))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn every_promise_names_tests_that_exist_or_what_will_bring_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (heading, count) in [
        ("Ways to lose", 28),
        ("Faults", 15),
        ("Webhooks", 12),
        ("Writes", 39),
        ("Triggers", 19),
        ("The platform", 30),
    ] {
        let rows = rows(heading);
        let numbers: BTreeSet<String> = rows.iter().map(|row| row[0].to_owned()).collect();
        let expected: BTreeSet<String> =
            (1..=count).map(|number: u32| number.to_string()).collect();
        assert_eq!(numbers, expected, "{heading}");
        for row in rows {
            let [number, _, promise, shown_by] = row[..] else {
                panic!("{row:?} has another number of cells");
            };
            let tests: Vec<(&str, &str)> = named(shown_by).collect();
            assert!(
                !tests.is_empty() || shown_by.starts_with("to come: "),
                "{heading} {number} is shown by nothing"
            );
            assert!(
                tests.is_empty() || !promise.is_empty(),
                "{heading} {number} has tests and says nothing"
            );
            for (file, function) in tests {
                let source = std::fs::read_to_string(root.join(file))
                    .unwrap_or_else(|error| panic!("{heading} {number}: {file}: {error}"));
                let signature = format!("fn {function}(");
                let found = source.match_indices(&signature).any(|(at, _)| {
                    // The attribute stands on one of the lines right before it.
                    let before: Vec<&str> = source[..at].lines().rev().take(6).collect();
                    before.iter().any(|line| line.contains("test"))
                });
                assert!(found, "{heading} {number}: {file} has no test {function}");
            }
        }
    }
}
