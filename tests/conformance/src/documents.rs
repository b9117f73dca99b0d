//! Where Intercom's OpenAPI files are, and which of them are read.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::document::Document;

/// The environment variable that names the directory. A relative path begins at the root of the checkout.
pub const VARIABLE: &str = "INTERCOM_OPENAPI_DIR";

/// The versions that everything is checked against, and the files that may hold them, the preferred one first.
const STABLE: [(&str, &[&str]); 2] = [
    // As published, 2.11 refers to schemas that it lacks; a copy in which they were added says more.
    ("2.11", &["2.11.patched.yaml", "2.11.yaml"]),
    ("2.16", &["2.16.yaml"]),
];

/// The rolling version; only its examples are of use, and it may be missing.
const PREVIEW: (&str, &[&str]) = ("Preview", &["preview.yaml"]);

/// The documents of 2.11 and 2.16; nothing when no directory is named.
///
/// # Panics
/// When a directory is named that does not hold them.
pub fn stable() -> Option<&'static [Document; 2]> {
    static DOCUMENTS: OnceLock<Option<[Document; 2]>> = OnceLock::new();
    let load = || {
        let Some(directory) = directory() else {
            // Not `eprintln!`, which the test harness keeps to itself when a test passes.
            let _ = writeln!(
                std::io::stderr(),
                "no OpenAPI files: {VARIABLE} is not set, so nothing is checked against Intercom's description"
            );
            return None;
        };
        Some(STABLE.map(|(name, files)| {
            find(&directory, name, files).unwrap_or_else(|| {
                panic!(
                    "{VARIABLE} is {}, which has no {}",
                    directory.display(),
                    files.join(" or ")
                )
            })
        }))
    };
    DOCUMENTS.get_or_init(load).as_ref()
}

/// The same as [`stable`]: none when no directory is named.
pub(crate) fn known() -> &'static [Document] {
    stable().map_or(&[], |documents| documents.as_slice())
}

/// The document of the rolling version, where the directory has it.
pub fn preview() -> Option<&'static Document> {
    static DOCUMENT: OnceLock<Option<Document>> = OnceLock::new();
    let load = || find(&directory()?, PREVIEW.0, PREVIEW.1);
    DOCUMENT.get_or_init(load).as_ref()
}

fn directory() -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).filter(|named| !named.is_empty())?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    Some(root.join(named))
}

fn find(directory: &Path, name: &'static str, files: &[&str]) -> Option<Document> {
    let mut paths = files.iter().map(|file| directory.join(file));
    let path = paths.find(|path| path.is_file())?;
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(Document::parse(name, &text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_file_is_taken_and_a_missing_one_is_missed() {
        let directory = tempfile::tempdir().unwrap();
        let write = |file: &str, title: &str| {
            let text = format!("openapi: 3.0.1\ninfo: {{ title: {title} }}\npaths: {{}}\n");
            std::fs::write(directory.path().join(file), text).unwrap();
        };
        let (name, files) = STABLE[0];
        assert!(find(directory.path(), name, files).is_none());
        for (file, title) in [("2.11.yaml", "published"), ("2.11.patched.yaml", "patched")] {
            write(file, title);
            let document = find(directory.path(), name, files).unwrap();
            assert_eq!(document.root()["info"]["title"], title);
        }
    }
}
