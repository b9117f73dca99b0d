//! Where a connection's credential is kept, and how it is read again.

use crate::connection_file::{ConnectionFile, ConnectionFileError};
use crate::secret::Secret;
use crate::tenant::CredentialSource;
use crate::token_file::{self, TokenFileError};

/// The credential of a connection: the file's own `access_token`, else the token that `auth` stored. `None`: there is none.
pub fn of_connection(file: &ConnectionFile) -> Result<Option<Secret>, TokenFileError> {
    match &file.access_token {
        Some(token) => Ok(Some(token.clone())),
        None => token_file::load(&file.token_file),
    }
}

/// The place where a connection's credential is kept.
pub(crate) struct KeptCredential {
    file: ConnectionFile,
}

impl KeptCredential {
    /// Where the credential of this connection is.
    pub(crate) fn new(file: ConnectionFile) -> Self {
        Self { file }
    }
}

/// Why a credential cannot be read again.
#[derive(Debug, thiserror::Error)]
enum KeptCredentialError {
    #[error(transparent)]
    ConnectionFile(#[from] ConnectionFileError),
    #[error(transparent)]
    TokenFile(#[from] TokenFileError),
}

impl CredentialSource for KeptCredential {
    /// Reads the connection file anew, since a token may have been put into it or taken out. One that came through a pipe
    /// cannot be read twice.
    fn read(&self) -> Result<Option<Secret>, Box<dyn std::error::Error + Send + Sync>> {
        let read = || -> Result<_, KeptCredentialError> {
            Ok(match self.file.path.is_file() {
                true => of_connection(&ConnectionFile::load(&self.file.path)?)?,
                false => of_connection(&self.file)?,
            })
        };
        read().map_err(Into::into)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn read(kept: &KeptCredential) -> Option<String> {
        let read = kept.read().unwrap();
        read.map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn the_files_own_token_wins_and_the_place_is_looked_at_anew() {
        let folder = written::Folder::new();
        let path = folder.path().join("my.yaml");
        let write = |credentials: &str| {
            let text = format!("connector: intercom\ncredentials: {credentials}\n");
            fs::write(&path, text).unwrap();
        };
        write("{ client_id: c }");
        let kept = KeptCredential::new(ConnectionFile::load(&path).unwrap());
        assert_eq!(read(&kept), None);
        token_file::store(&folder.path().join("my.credentials.json"), &"one".into()).unwrap();
        assert_eq!(read(&kept).as_deref(), Some("one"));
        write("{ access_token: two }");
        assert_eq!(read(&kept).as_deref(), Some("two"));
        write("{ token_file: elsewhere/token }");
        assert_eq!(read(&kept), None);
        token_file::store(&folder.path().join("elsewhere/token"), &"three".into()).unwrap();
        assert_eq!(read(&kept).as_deref(), Some("three"));
        write("{ access_tokn: two }");
        let error = kept.read().unwrap_err().to_string();
        assert!(error.contains("credentials.access_tokn"), "{error}");
    }

    #[test]
    fn a_connection_that_is_in_no_file_keeps_what_it_has() {
        let text = "connector: intercom\ncredentials: { access_token: here }\n";
        let nowhere = Path::new("no/such/file.yaml");
        let file = ConnectionFile::parse(nowhere, text, &|_| None).unwrap();
        assert_eq!(read(&KeptCredential::new(file)).as_deref(), Some("here"));
    }
}
