//! A directory that only this user can enter.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::private_file;

/// A directory whose owner and mode were checked.
pub(super) struct PrivateDirectory {
    path: PathBuf,
    #[cfg(unix)]
    user: u32,
}

impl PrivateDirectory {
    /// Opens a directory, and makes it where it is missing. One that others can enter, or that is another's, is refused.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        private_file::create_directory(path)?;
        // What a new file belongs to is this user.
        #[cfg(unix)]
        let user = {
            use std::os::unix::fs::MetadataExt;
            tempfile::NamedTempFile::new_in(path)?
                .as_file()
                .metadata()?
                .uid()
        };
        let directory = Self {
            path: path.to_owned(),
            #[cfg(unix)]
            user,
        };
        directory.check_private(path, 0o077)?;
        Ok(directory)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a file is this user's own and nobody else can write it.
    pub(super) fn check(&self, file: &Path) -> io::Result<()> {
        if !fs::symlink_metadata(file)?.is_file() {
            return Err(io::Error::other("it is no ordinary file"));
        }
        self.check_private(file, 0o022)
    }

    #[cfg(unix)]
    fn check_private(&self, path: &Path, forbidden: u32) -> io::Result<()> {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::symlink_metadata(path)?;
        if metadata.uid() != self.user {
            let message = format!("{} belongs to another user", path.display());
            return Err(io::Error::other(message));
        }
        private_file::check_rights(path, &metadata, forbidden)
    }

    #[cfg(not(unix))]
    fn check_private(&self, _path: &Path, _forbidden: u32) -> io::Result<()> {
        // The user's own cache directory is private by default there.
        Ok(())
    }
}
