//! `intents`: where those go whose action the component does not know.

use std::path::PathBuf;

use http::HeaderMap;
use url::Url;

use super::document::Content;
use super::problems::{Problems, join};
use super::section::Section;
use crate::receiver;

/// A place for intents that somebody else carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntentOutput {
    /// A directory; intents become lines of `intents.jsonl` in it.
    JsonLines(PathBuf),
    /// A URL that gets each of them.
    Http {
        /// The URL.
        url: Url,
        /// Headers with values that nobody is to see.
        headers: HeaderMap,
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
        Some(("https" | "http", _)) => match receiver::address(&written) {
            Ok(url) => Some(IntentOutput::Http { url, headers }),
            Err(_) => None,
        },
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

fn headers(section: &mut Section<'_>, problems: &mut Problems) -> HeaderMap {
    let path = section.path("headers");
    let mut headers = HeaderMap::new();
    let named = section.take("headers");
    let Some(named) = named.and_then(|node| Section::open(&path, node, problems)) else {
        return headers;
    };
    for (name, node) in named.others() {
        let header = match &node.content {
            Content::Unresolved => continue,
            Content::Text(text) => receiver::header(name, text.trim()),
            _ => None,
        };
        match header {
            Some((name, value)) => drop(headers.insert(name, value)),
            // What stands there may be secret.
            None => problems.say(
                &join(&path, name),
                node.line,
                "value",
                "not a header that can be sent".to_owned(),
            ),
        }
    }
    headers
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
                url: url.parse().unwrap(),
                headers: HeaderMap::new(),
            };
            assert_eq!(of(url), Some(expected));
        }
        for wrong in ["jsonl:", "http://example.com/in", "sqlite:x", "x"] {
            let text = format!("connector: intercom\nintents: {{ output: \"{wrong}\" }}\n");
            assert_eq!(problems(&text)[0].path, "intents.output", "{wrong}");
        }
    }
}
