use std::collections::{BTreeMap, BTreeSet};

use crate::world::plugin;

const README: &str = include_str!("../../README.md");

/// The rows of the table whose heading begins with a word, each with its cells.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let begins = format!("| {heading} |");
    let lines = README.lines().skip_while(|line| !line.starts_with(&begins));
    lines
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// The words of a cell that stand between backticks.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[tokio::test]
async fn the_table_of_streams_is_what_the_component_says() {
    let plugin = plugin().await;
    let descriptor = plugin.descriptor();
    let all = &descriptor.api_versions;
    let written: BTreeMap<&str, (String, &str)> = rows("stream")
        .into_iter()
        .map(|row| (names(row[0])[0], (row[1].replace(", ", "/"), row[3])))
        .collect();
    let known: BTreeSet<&str> = descriptor
        .streams
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(written.keys().copied().collect::<BTreeSet<_>>(), known);
    for stream in &descriptor.streams {
        let (key, versions) = &written[stream.name.as_str()];
        assert_eq!(*key, stream.key.join("/"), "{}", stream.name);
        let expected = match stream.api_versions.first() {
            Some(first) if stream.api_versions.len() < all.len() => format!("{first} on"),
            _ => "all".to_owned(),
        };
        assert_eq!(*versions, expected, "{}", stream.name);
    }
}

/// Topics stand together where they give rows of the same streams.
#[tokio::test]
async fn the_table_of_topics_is_what_the_component_says() {
    let plugin = plugin().await;
    let mut expected: BTreeMap<Vec<&str>, BTreeSet<&str>> = BTreeMap::new();
    for topic in &plugin.descriptor().topics {
        let streams = topic.streams.iter().map(String::as_str).collect();
        expected.entry(streams).or_default().insert(&topic.name);
    }
    let mut table = String::from("| topics | streams of which they give rows |\n|---|---|\n");
    let quoted = |names: &mut dyn Iterator<Item = &&str>| {
        let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    for (streams, topics) in &expected {
        let streams = match streams.is_empty() {
            true => "none".to_owned(),
            false => quoted(&mut streams.iter()),
        };
        table.push_str(&format!("| {} | {streams} |\n", quoted(&mut topics.iter())));
    }
    let written: BTreeMap<Vec<&str>, BTreeSet<&str>> = rows("topics")
        .into_iter()
        .map(|row| (names(row[1]), names(row[0]).into_iter().collect()))
        .collect();
    // It is long: the README need not have it.
    assert!(
        written.is_empty() || written == expected,
        "the table should be\n{table}"
    );
}
