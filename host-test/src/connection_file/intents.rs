//! `intents`: where those go whose action the component does not know.

use std::path::PathBuf;

use super::problems::Problems;
use super::section::Section;

/// A place for intents that somebody else carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntentOutput {
    /// A directory; intents become lines of `intents.jsonl` in it.
    JsonLines(PathBuf),
    /// A URL that gets each of them.
    Http(String),
}

/// Reads `intents`. A directory is told from where the program runs, as one on the command line is.
pub(super) fn take(top: &mut Section<'_>, problems: &mut Problems) -> Option<IntentOutput> {
    let node = top.take("intents")?;
    let mut section = Section::open(&top.path("intents"), node, problems)?;
    let written = section.text("output", problems);
    let path = section.path("output");
    section.finish(&[], problems);
    let written = written?;
    let found = match written.split_once(':') {
        Some(("jsonl", directory)) if !directory.is_empty() => {
            Some(IntentOutput::JsonLines(directory.into()))
        }
        Some(("https", _)) => Some(IntentOutput::Http(written.clone())),
        // Plain http is for this machine only: elsewhere it would show customers' data to the network.
        Some(("http", _)) if super::endpoint::is_good(&written) => {
            Some(IntentOutput::Http(written.clone()))
        }
        _ => None,
    };
    if found.is_none() {
        problems.push(node.problem(
            &path,
            "value",
            "not a place for intents",
            "jsonl:DIRECTORY, https://HOST/…, or http://127.0.0.1:PORT/…",
        ));
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{problems, read};
    use super::*;

    #[test]
    fn a_place_is_a_directory_or_a_url() {
        let of = |place: &str| {
            let text = format!("connector: intercom\nintents: {{ output: \"{place}\" }}\n");
            read(&text).unwrap().intents
        };
        assert_eq!(of("jsonl:out"), Some(IntentOutput::JsonLines("out".into())));
        for url in ["https://example.com/in", "http://127.0.0.1:9/in"] {
            assert_eq!(of(url), Some(IntentOutput::Http(url.to_owned())));
        }
        for wrong in ["jsonl:", "http://example.com/in", "sqlite:x", "x"] {
            let text = format!("connector: intercom\nintents: {{ output: \"{wrong}\" }}\n");
            assert_eq!(problems(&text)[0].path, "intents.output", "{wrong}");
        }
    }
}
