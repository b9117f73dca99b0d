//! The file in which `auth` keeps a connection's token: JSON, replaced as a whole, readable by its owner alone.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::private_file;
use crate::secret::Secret;

/// The layout of the file. A file with another number is refused, never guessed at.
const LAYOUT: u32 = 1;

/// The largest file that is read.
const MOST_BYTES: u64 = 64 * 1024;

/// Why a token file cannot be used. Shows nothing of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// It cannot be read or written, or others can read it.
    #[error("cannot {action} the token file {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What stands against it.
        source: io::Error,
    },
    /// It is something else.
    #[error(
        "{} is not a token file of this program; name another with credentials.token_file, or remove it and authorise again",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// It is from a later version of this program.
    #[error("{} has layout {found}, this program knows layout {LAYOUT}; use the newer program", path.display())]
    Layout {
        /// The file.
        path: PathBuf,
        /// The layout found.
        found: u32,
    },
}

#[derive(Serialize, Deserialize)]
struct Document {
    layout: u32,
    access_token: String,
}

#[derive(Deserialize)]
struct LayoutOnly {
    layout: u32,
}

/// Reads the token; `None` where there is no such file. A file that others can read is refused: the token may be known to
/// them.
pub fn load(path: &Path) -> Result<Option<Secret>, TokenFileError> {
    let bytes = match private_file::read(path, MOST_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(failed("read", path))?,
    };
    check_layout(path, &bytes)?;
    let document: Document = serde_json::from_slice(&bytes).map_err(|_| malformed(path))?;
    match document.access_token.is_empty() {
        true => Err(malformed(path)),
        false => Ok(Some(document.access_token.into())),
    }
}

/// Stores a token in place of the one before. The directory is made, for this user alone, where it is missing; a file that is
/// no token file stays as it is.
pub fn store(path: &Path, token: &Secret) -> Result<(), TokenFileError> {
    check_replaceable(path)?;
    let document = Document {
        layout: LAYOUT,
        access_token: token.expose().to_owned(),
    };
    let write = || {
        private_file::create_directory(private_file::directory_of(path))?;
        let mut bytes = serde_json::to_vec(&document)?;
        bytes.push(b'\n');
        private_file::replace(path, &bytes)
    };
    write().map_err(failed("write", path))
}

/// An error when [`store`] would not take the file's place: to be said before somebody authorises in vain.
pub fn check_replaceable(path: &Path) -> Result<(), TokenFileError> {
    // Whoever may read the old token: it is replaced, and the new file is private.
    match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        read => check_layout(path, &read.map_err(failed("read", path))?),
    }
}

fn check_layout(path: &Path, bytes: &[u8]) -> Result<(), TokenFileError> {
    // The parser's words are left out: they may quote the file.
    let LayoutOnly { layout } = serde_json::from_slice(bytes).map_err(|_| malformed(path))?;
    match layout {
        LAYOUT => Ok(()),
        found => Err(TokenFileError::Layout {
            path: path.to_owned(),
            found,
        }),
    }
}

fn malformed(path: &Path) -> TokenFileError {
    TokenFileError::Malformed {
        path: path.to_owned(),
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TokenFileError {
    move |source| TokenFileError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    const TOKEN: &str = "dG9rOnBsYW50ZWQ=";

    fn told(error: &TokenFileError) -> String {
        let told = format!("{error} {error:?}");
        assert!(!told.contains("dG9r"), "{told}");
        told
    }

    #[test]
    fn a_token_comes_back_and_is_replaced() {
        let folder = written::Folder::new();
        let path = folder.path().join("deep/er/my.credentials.json");
        assert!(load(&path).unwrap().is_none());
        for token in ["first", TOKEN] {
            store(&path, &token.into()).unwrap();
            assert_eq!(load(&path).unwrap().unwrap().expose(), token);
        }
        // Nothing else is left behind.
        let names = fs::read_dir(path.parent().unwrap()).unwrap();
        assert_eq!(names.count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = written::Folder::new();
        let path = folder.path().join("made/my.credentials.json");
        store(&path, &TOKEN.into()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);

        for shared in [0o644, 0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(shared)).unwrap();
            let error = told(&load(&path).unwrap_err());
            assert!(error.contains("chmod go="), "{error}");
        }
        // Authorising again mends it.
        store(&path, &TOKEN.into()).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert!(load(&path).unwrap().is_some());
    }

    #[test]
    fn what_is_no_token_file_is_refused_and_left_alone() {
        let folder = written::Folder::new();
        let path = folder.path().join("my.yaml");
        for (text, word) in [
            ("connector: intercom\ntoken: dG9r\n", "not a token file"),
            ("{\"access_token\":\"dG9r\"}", "not a token file"),
            ("{\"layout\":\"dG9r\"}", "not a token file"),
            ("", "not a token file"),
            ("{\"layout\":9,\"access_token\":\"dG9r\"}", "layout 9"),
        ] {
            private_file::replace(&path, text.as_bytes()).unwrap();
            for error in [
                load(&path).unwrap_err(),
                store(&path, &TOKEN.into()).unwrap_err(),
            ] {
                let error = told(&error);
                assert!(error.contains(word), "{error}");
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        for text in [
            "{\"layout\":1}",
            "{\"layout\":1,\"access_token\":\"\"}",
            "{\"layout\":1,\"access_token\":5}",
        ] {
            private_file::replace(&path, text.as_bytes()).unwrap();
            told(&load(&path).unwrap_err());
        }
        assert!(load(folder.path()).is_err());
    }
}
