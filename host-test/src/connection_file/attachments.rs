//! `attachments`: whether files that records name are copied, whereto, and which.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::HeaderMap;
use url::Url;

use super::document::{Content, Node};
use super::http_output::headers;
use super::problems::{Problem, Problems};
use super::section::{Section, count};
use super::{ConnectionFile, span};
use crate::receiver;

/// The largest file that may be asked for: each is held in memory on its way.
const MOST_BYTES: u32 = 1024 * 1024 * 1024;

/// What `attachments` says.
#[derive(Clone, Debug, PartialEq)]
pub struct AttachmentSettings {
    /// Where copies go; absent: files are not copied.
    pub copy_to: Option<CopyTo>,
    /// What stands before a copy's name in a record; absent: where the copy is.
    pub public_url: Option<Url>,
    /// Headers of uploads, a credential among them. Downloads get none.
    pub headers: HeaderMap,
    /// Bytes of a file, at most.
    pub max_bytes: usize,
    /// Types of files: `application/pdf`, `image/*`. Empty: all.
    pub types: Vec<String>,
    /// How long one file may take.
    pub timeout: Duration,
}

/// Where copies go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CopyTo {
    /// Into a directory, which is made where it is missing.
    Directory(PathBuf),
    /// By PUT to a URL that begins so.
    Url(Url),
}

impl Default for AttachmentSettings {
    fn default() -> AttachmentSettings {
        AttachmentSettings {
            copy_to: None,
            public_url: None,
            headers: HeaderMap::new(),
            max_bytes: 10_000_000,
            types: Vec::new(),
            timeout: Duration::from_secs(30),
        }
    }
}

/// Takes `attachments` from either form of the file.
pub(super) fn take(
    section: &mut Section<'_>,
    connection: &mut ConnectionFile,
    problems: &mut Problems,
) {
    if let Some(node) = section.take("attachments") {
        let path = section.path("attachments");
        connection.attachments = read(&path, node, &connection.path, problems);
    }
}

fn read(
    path: &str,
    node: &Node,
    file: &std::path::Path,
    problems: &mut Problems,
) -> AttachmentSettings {
    let mut settings = AttachmentSettings::default();
    let Some(mut section) = Section::open(path, node, problems) else {
        return settings;
    };
    match section.text("copy_to", problems) {
        Some(text) if text.contains("://") => {
            settings.copy_to = prefix(&mut section, "copy_to", &text, problems).map(CopyTo::Url);
        }
        // As of every path in the file: told from where the file is.
        Some(text) => settings.copy_to = Some(CopyTo::Directory(file.with_file_name(text))),
        None => problems.say(
            &section.path("copy_to"),
            node.line,
            "missing",
            "write where copies go: a directory, or the beginning of a URL".to_owned(),
        ),
    }
    if let Some(text) = section.text("public_url", problems) {
        settings.public_url = prefix(&mut section, "public_url", &text, problems);
    }
    if let Some(node) = section.take("headers") {
        settings.headers = headers(&section.path("headers"), node, problems);
    }
    if let Some(node) = section.take("max_bytes") {
        let path = section.path("max_bytes");
        if let Some(bytes) = count(node, &path, 1, MOST_BYTES, problems) {
            settings.max_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        }
    }
    if let Some(node) = section.take("types") {
        settings.types = types(&section.path("types"), node, problems);
    }
    if let Some(timeout) = span::read(&mut section, "timeout", Duration::from_secs(1), problems) {
        settings.timeout = timeout;
    }
    section.finish(&[], problems);
    settings
}

/// The beginning of a URL, which ends with a slash.
fn prefix(
    section: &mut Section<'_>,
    key: &'static str,
    text: &str,
    problems: &mut Problems,
) -> Option<Url> {
    let url = receiver::address(text).and_then(|mut url| {
        if url.query().is_some() || url.fragment().is_some() {
            return Err("the beginning of a URL ends before `?` and `#`".to_owned());
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(url)
    });
    match url {
        Ok(url) => Some(url),
        Err(message) => {
            problems.push(Problem {
                path: section.path(key),
                line: section.take(key).map_or(0, |node| node.line),
                code: "value",
                message,
                found: None,
                expected: Some("https://HOST/PATH/".to_owned()),
            });
            None
        }
    }
}

fn types(path: &str, node: &Node, problems: &mut Problems) -> Vec<String> {
    let items = match &node.content {
        Content::List(items) => items.iter().collect(),
        _ => vec![node],
    };
    let mut types = Vec::with_capacity(items.len());
    for item in items {
        match &item.content {
            Content::Text(text) if is_type(text.trim()) => {
                types.push(text.trim().to_ascii_lowercase());
            }
            Content::Unresolved => {}
            _ => problems.push(item.problem(
                path,
                "value",
                "no type of files",
                "types such as application/pdf or image/*",
            )),
        }
    }
    types
}

fn is_type(text: &str) -> bool {
    let part = |part: &str| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-.+_".contains(letter);
        !part.is_empty() && part.chars().all(plain)
    };
    text.split_once('/')
        .is_some_and(|(class, kind)| part(class) && (kind == "*" || part(kind)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{problems, read};
    use super::*;

    #[test]
    fn attachments_are_read_in_both_forms() {
        let lines = "attachments: { copy_to: \"https://files.example.com/in\", headers: { authorization: \"Bearer tell\" }, \
                     max_bytes: 5000, types: [image/*, Application/PDF], timeout: 5s }";
        for text in [
            format!("{{ connector: intercom, {lines} }}"),
            format!("connectors: {{ intercom: {{ {lines} }} }}"),
        ] {
            let settings = read(&text).unwrap().attachments;
            let url: Url = "https://files.example.com/in/".parse().unwrap();
            assert_eq!(settings.copy_to, Some(CopyTo::Url(url)));
            assert_eq!(settings.types, ["image/*", "application/pdf"]);
            assert_eq!((settings.max_bytes, settings.timeout.as_secs()), (5_000, 5));
            assert!(!format!("{settings:?}").contains("tell"));
        }
        let settings = read(
            "{ connector: intercom, attachments: { copy_to: files, public_url: \"https://f.example\" } }",
        );
        let settings = settings.unwrap().attachments;
        assert!(
            matches!(settings.copy_to, Some(CopyTo::Directory(path)) if path.ends_with("files"))
        );
        assert_eq!(settings.public_url.unwrap().as_str(), "https://f.example/");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let found = problems(
            "connector: intercom\nattachments: { copy_to: \"http://example.com/\", public_url: \"https://a/?b\", max_bytes: 0, \
             types: [pdf], timeout: 1, type: x }\n",
        );
        let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "attachments.copy_to",
                "attachments.public_url",
                "attachments.max_bytes",
                "attachments.types",
                "attachments.timeout",
                "attachments.type",
            ]
        );
        let found = problems("connector: intercom\nattachments: { max_bytes: 5 }\n");
        assert_eq!(found[0].path, "attachments.copy_to");
    }
}
