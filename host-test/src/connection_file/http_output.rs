//! `http_output`: how entries are posted with `--output http:URL`.

use std::time::Duration;

use reqwest::header::HeaderMap;

use super::document::{Content, Node};
use super::problems::{Problems, join};
use super::section::{Section, count};
use super::span;
use crate::output::BodyForm;
use crate::receiver;

/// The most that may be in one body: records, and bytes.
const MOST_ENTRIES: u32 = 100_000;
const MOST_BYTES: u32 = 256 * 1024 * 1024;

/// The most tries.
const MOST_TRIES: u32 = 1_000;

/// What `http_output` says. `Debug` shows no header's value.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpOutputSettings {
    /// Headers of every request, its credential among them.
    pub headers: HeaderMap,
    /// How records are put into bodies; absent: as the mapping's preset wants it.
    pub form: Option<BodyForm>,
    /// Records in one body, at most.
    pub max_entries: usize,
    /// Bytes of one body, at most.
    pub max_bytes: usize,
    /// Tries after a failure that passes.
    pub tries: usize,
    /// How long one request may take.
    pub timeout: Duration,
}

impl Default for HttpOutputSettings {
    fn default() -> HttpOutputSettings {
        HttpOutputSettings {
            headers: HeaderMap::new(),
            form: None,
            max_entries: 1_000,
            max_bytes: 8_000_000,
            tries: 8,
            timeout: Duration::from_secs(60),
        }
    }
}

/// Reads `http_output`.
pub(super) fn read(path: &str, node: &Node, problems: &mut Problems) -> HttpOutputSettings {
    let mut settings = HttpOutputSettings::default();
    let Some(mut section) = Section::open(path, node, problems) else {
        return settings;
    };
    if let Some(node) = section.take("headers") {
        settings.headers = headers(&section.path("headers"), node, problems);
    }
    settings.form = section.choice("form", BodyForm::NAMES, problems);
    for (key, most, setting) in [
        ("max_entries", MOST_ENTRIES, &mut settings.max_entries),
        ("max_bytes", MOST_BYTES, &mut settings.max_bytes),
        ("tries", MOST_TRIES, &mut settings.tries),
    ] {
        let least = u32::from(key != "tries");
        if let Some(node) = section.take(key)
            && let Some(number) = count(node, &section.path(key), least, most, problems)
        {
            *setting = usize::try_from(number).unwrap_or(usize::MAX);
        }
    }
    let second = Duration::from_secs(1);
    if let Some(timeout) = span::read(&mut section, "timeout", second, problems) {
        settings.timeout = timeout;
    }
    section.finish(&[], problems);
    settings
}

/// Reads headers. A value is never shown: most of them are credentials.
pub(super) fn headers(path: &str, node: &Node, problems: &mut Problems) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let Content::Map(entries) = &node.content else {
        problems.push(node.problem(path, "type", "not a mapping of headers", "NAME: VALUE"));
        return headers;
    };
    for (name, value) in entries {
        let header = match &value.content {
            Content::Unresolved => continue,
            Content::Text(text) => receiver::header(name, text.trim()),
            Content::Number(number) => receiver::header(name, &number.to_string()),
            _ => None,
        };
        match header {
            Some((name, value)) => {
                headers.insert(name, value);
            }
            None => problems.say(
                &join(path, name),
                value.line,
                "value",
                "no header that can be set here: a name and a text of one line, and none that the request has by itself"
                    .to_owned(),
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
    fn an_http_output_is_read_in_both_forms() {
        let lines = "http_output: { headers: { api-key: \"secret-key\", X-Tenant: 7 }, form: brevo-contacts, \
                     max_entries: 50, max_bytes: 1000, tries: 0, timeout: 5s }";
        for text in [
            format!("{{ connector: intercom, {lines} }}"),
            format!("connectors: {{ intercom: {{ {lines} }} }}"),
        ] {
            let settings = read(&text).unwrap().http_output;
            assert_eq!(settings.headers["api-key"], "secret-key");
            assert_eq!(settings.headers["x-tenant"], "7");
            assert!(!format!("{settings:?}").contains("secret-key"));
            assert_eq!(settings.form, Some(BodyForm::BrevoContacts));
            assert_eq!((settings.max_entries, settings.max_bytes), (50, 1_000));
            assert_eq!((settings.tries, settings.timeout.as_secs()), (0, 5));
        }
        let settings = read("connector: intercom").unwrap().http_output;
        assert_eq!(settings, HttpOutputSettings::default());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let found = problems(
            "connector: intercom\nhttp_output: { headers: { content-length: 5, \"a b\": x, ok: [1] }, form: brevo, \
             max_entries: 0, tries: -1, timeout: 5, header: x }\n",
        );
        let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "http_output.headers.content-length",
                "http_output.headers.a b",
                "http_output.headers.ok",
                "http_output.form",
                "http_output.max_entries",
                "http_output.tries",
                "http_output.timeout",
                "http_output.header",
            ]
        );
    }
}
