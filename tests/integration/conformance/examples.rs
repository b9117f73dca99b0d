use std::collections::{BTreeMap, BTreeSet};

use conformance::{Document, documents};
use intercom_connector::intercom::streams;

use super::operations::{Holds, Used, used};
use super::sample::{Sample, items};

/// Operations of which documents have no example.
const WITHOUT: &[(&str, &[&str])] = &[
    ("POST /contacts/{}/unarchive", &["2.16", "Preview"]),
    ("GET /away_status_reasons", &["2.16", "Preview"]),
    // It is a file.
    (
        "GET /download/content/data/{}",
        &["2.11", "2.16", "Preview"],
    ),
];

/// Examples that leave out what the operation is asked for.
const ABRIDGED: &[&str] =
    &["Preview GET /conversations/{id} 200 with QA evaluations: conversation_parts"];

/// Streams of whose rows documents have no example: the lists in those that there are are empty.
const ROWLESS: &[(&str, &[&str])] = &[
    ("away_status_reasons", &["2.16", "Preview"]),
    ("company_contacts", &["2.11", "2.16", "Preview"]),
    ("company_segments", &["2.11", "2.16", "Preview"]),
    ("content_export", &["2.11", "2.16", "Preview"]),
    ("conversation_attributes", &["2.11"]),
    ("conversation_parts", &["2.11"]),
    ("event_summaries", &["2.11", "2.16", "Preview"]),
    ("events", &["2.11", "2.16", "Preview"]),
];

#[test]
fn every_example_of_an_answer_decodes() {
    let Some(stable) = documents::stable() else {
        return;
    };
    for document in stable.iter().chain(documents::preview()) {
        // The rolling version is read as the newest one is.
        let version = if document.name() == "Preview" {
            "2.16"
        } else {
            document.name()
        };
        let entries = decode_all(document, version);
        let with: BTreeSet<&str> = entries.keys().map(|used| used.0).collect();
        let all: BTreeSet<&str> = used(version).map(|used| used.0).collect();
        assert_eq!(
            &all - &with,
            lacking(WITHOUT, document),
            "examples of {}",
            document.name()
        );
        let rowless: BTreeSet<&str> = streams::STREAMS
            .iter()
            .filter(|stream| stream.versions.contains(&version) && stream.listed())
            .map(|stream| stream.name)
            .filter(|stream| {
                let mut of_stream = entries.iter().filter(|(used, _)| used.1 == *stream);
                of_stream.all(|(_, count)| *count == 0)
            })
            .collect();
        assert_eq!(
            rowless,
            lacking(ROWLESS, document),
            "rows in {}",
            document.name()
        );
    }
}

/// What a document lacks, of a table.
fn lacking<'a>(table: &[(&'a str, &[&str])], document: &Document) -> BTreeSet<&'a str> {
    let rows = table
        .iter()
        .filter(|(_, documents)| documents.contains(&document.name()));
    rows.map(|(what, _)| *what).collect()
}

/// Decodes all examples of the operations that are used; gives how many entries each operation's examples have.
fn decode_all(document: &Document, version: &'static str) -> BTreeMap<&'static Used, usize> {
    let mut entries = BTreeMap::new();
    for example in document.examples().filter(|example| example.status == 200) {
        let pattern = example.operation.pattern();
        for used in used(version).filter(|used| used.0 == pattern) {
            let context = format!("{} {}: {}", document.name(), example.label(), used.1);
            if ABRIDGED.contains(&context.as_str()) {
                continue;
            }
            let sample = Sample::new(version, used, example.value, context);
            *entries.entry(used).or_default() += decode(&sample, used.2);
        }
    }
    entries
}

fn decode(sample: &Sample, holds: Holds) -> usize {
    let body = sample.body;
    match holds {
        Holds::Page(name) | Holds::Found(name) => sample.listed(&items(body, name)),
        Holds::Fallback(name) => sample.fallen_back(&items(body, name)),
        Holds::One => sample.one(),
        Holds::Rows(place) => sample.rows(&items(body, place)),
        Holds::Embeds(Some(name), place) => sample.embedding(&items(body, name), place),
        Holds::Embeds(None, place) => sample.embedding(&[body], place),
        Holds::Deleted(name) => sample.deleted(&items(body, name)),
        Holds::Job | Holds::Progress => sample.job(holds == Holds::Job),
        Holds::File => panic!("{}: an example of a file", sample.context),
        Holds::Probe(name) => sample.probed(&items(body, name)),
        Holds::Identity => sample.identified(),
        Holds::Attributes(name) => sample.declared(&items(body, name)),
        Holds::Created | Holds::Updated | Holds::Receipt => {
            sample.written(holds);
            sample.mapped(std::slice::from_ref(body)).len()
        }
    }
}
