//! `intents`: where those go whose action the component does not know.

use std::path::PathBuf;

use super::document::Content;
use super::problems::{Problems, join};
use super::section::Section;
use crate::secret::Secret;

/// A place for intents that somebody else carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntentOutput {
    /// A directory; intents become lines of `intents.jsonl` in it.
    JsonLines(PathBuf),
    /// A URL that gets each of them.
    Http {
        /// The URL.
        url: String,
        /// Headers with a value that nobody is to see.
        headers: Vec<(String, Secret)>,
    },
}

/// Reads `intents`. A directory is told from where the program runs, as one on the command line is.
pub(super) fn take(top: &mut Section<'_>, problems: &mut Problems) -> Option<IntentOutput> {
    let node = top.take("intents")?;
    let mut section = Section::open(&top.path("intents"), node, problems)?;
    let written = section.text("output", problems);
    let path = section.path("output");
    let headers = headers(&mut section, problems);
    section.finish(&[], problems);
    let written = written?;
    let found = match written.split_once(':') {
        Some(("jsonl", directory)) if !directory.is_empty() => {
            Some(IntentOutput::JsonLines(directory.into()))
        }
        // Plain http is for this machine only: elsewhere it would show customers' data to the network.
        Some(("https" | "http", _)) if super::endpoint::is_good(&written) => {
            Some(IntentOutput::Http {
                url: written.clone(),
                headers,
            })
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

fn headers(section: &mut Section<'_>, problems: &mut Problems) -> Vec<(String, Secret)> {
    let path = section.path("headers");
    let Some(node) = section.take("headers") else {
        return Vec::new();
    };
    let Some(named) = Section::open(&path, node, problems) else {
        return Vec::new();
    };
    let mut headers = Vec::new();
    for (name, node) in named.others() {
        match &node.content {
            Content::Text(text) if is_header(name, text) => {
                headers.push((name.to_owned(), Secret::new(text.trim())));
            }
            Content::Unresolved => {}
            // What stands there may be secret.
            _ => problems.say(
                &join(&path, name),
                node.line,
                "value",
                "not a header and its text".to_owned(),
            ),
        }
    }
    headers
}

fn is_header(name: &str, text: &str) -> bool {
    name.parse::<http::HeaderName>().is_ok() && http::HeaderValue::from_str(text.trim()).is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{problems, read};
    use super::*;

    #[test]
    fn headers_are_secret() {
        let text = "connector: intercom\nintents: { output: \"https://a.example\", headers: { X-Key: hidden, \"a b\": x } }\n";
        let found = problems(text);
        assert_eq!(
            (found.len(), found[0].path.as_str()),
            (1, "intents.headers.a b")
        );
        let file = read(&text.replace(", \"a b\": x", "")).unwrap();
        assert!(!format!("{:?}", file.intents).contains("hidden"));
    }

    #[test]
    fn a_place_is_a_directory_or_a_url() {
        let of = |place: &str| {
            let text = format!("connector: intercom\nintents: {{ output: \"{place}\" }}\n");
            read(&text).unwrap().intents
        };
        assert_eq!(of("jsonl:out"), Some(IntentOutput::JsonLines("out".into())));
        for url in ["https://example.com/in", "http://127.0.0.1:9/in"] {
            let expected = IntentOutput::Http {
                url: url.to_owned(),
                headers: Vec::new(),
            };
            assert_eq!(of(url), Some(expected));
        }
        for wrong in ["jsonl:", "http://example.com/in", "sqlite:x", "x"] {
            let text = format!("connector: intercom\nintents: {{ output: \"{wrong}\" }}\n");
            assert_eq!(problems(&text)[0].path, "intents.output", "{wrong}");
        }
    }
}
