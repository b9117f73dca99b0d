//! What tests write, searched for the secrets that they gave to a program. A crate, because the tests of two packages need it.
#![allow(clippy::expect_used, clippy::panic)]

use std::ops::Deref;
use std::path::{Path, PathBuf};

use memchr::memmem;
use tempfile::TempDir;

/// The secrets of tests: each holds one of these words, which nothing else does. `tests/written/run` reads them from here.
pub const MARKS: [&str; 6] = [
    "tell-nobody",
    // The same as the beginning of a text in base64.
    "dGVsbC1ub2JvZHkt",
    "simulator-token",
    "simulator-client-secret",
    // How the tokens begin that the simulator issues, and some that tests make up: `tok:` and a digit or a letter, in base64.
    "dG9rOj",
    "dG9rOm",
];

/// How the files end that are there to hold a token. `tests/written/run` leaves them out as well.
pub const TOKEN_FILES: [&str; 2] = [".credentials.json", "token.json"];

fn is_token_file(path: &Path) -> bool {
    let name = path.to_string_lossy();
    TOKEN_FILES.iter().any(|ending| name.ends_with(ending))
}

/// Whether bytes hold a secret.
pub fn tells(bytes: &[u8]) -> bool {
    MARKS
        .iter()
        .any(|mark| memmem::find(bytes, mark.as_bytes()).is_some())
}

/// The files in a folder, and in the folders below it, that hold these bytes.
pub fn holding(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(holding(&path, bytes));
        } else {
            let content = std::fs::read(&path).expect("a file can be read");
            if memmem::find(&content, bytes).is_some() {
                found.push(path);
            }
        }
    }
    found
}

/// A folder of a test's own. Giving it up stops the test when a secret was written into it.
#[derive(Debug)]
pub struct Folder(TempDir);

impl Folder {
    /// An empty folder.
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }
}

impl Default for Folder {
    fn default() -> Folder {
        Folder::new()
    }
}

impl Deref for Folder {
    type Target = TempDir;

    fn deref(&self) -> &TempDir {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() || !self.0.path().exists() {
            return;
        }
        for mark in MARKS {
            let mut files = holding(self.0.path(), mark.as_bytes());
            files.retain(|file| !is_token_file(file));
            assert!(files.is_empty(), "a secret is in {files:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_file_below_a_folder_is_found_when_the_folder_is_given_up() {
        let folder = Folder::new();
        std::fs::create_dir(folder.path().join("below")).expect("a folder");
        let file = folder.path().join("below/file");
        std::fs::write(&file, "nothing").expect("a file");
        assert!(holding(folder.path(), b"tell-nobody").is_empty());
        std::fs::write(&file, b"\0tell-nobody-this\xff").expect("a file");
        assert_eq!(holding(folder.path(), b"tell-nobody"), [file]);
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(folder)));
        assert!(dropped.is_err());
        assert!(tells(b"a simulator-token") && !tells(b"nothing"));

        // A token is where it belongs, and nowhere else.
        let folder = Folder::new();
        let token = format!("{}hpZGRlbg==", MARKS[5]);
        std::fs::write(folder.path().join("my.credentials.json"), &token).expect("a file");
        drop(folder);
        let folder = Folder::new();
        std::fs::write(folder.path().join("state.json"), &token).expect("a file");
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(folder)));
        assert!(dropped.is_err());
    }
}
