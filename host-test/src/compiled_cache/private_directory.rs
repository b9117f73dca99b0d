//! A directory that only this user can enter.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A directory whose owner and mode were checked.
pub(super) struct PrivateDirectory {
    path: PathBuf,
    #[cfg(unix)]
    user: u32,
}

impl PrivateDirectory {
    /// Opens a directory, and makes it where it is missing. One that others can enter, or that is another's, is refused.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        create(path)?;
        // What a new file belongs to is this user.
        #[cfg(unix)]
        let user = {
            use std::os::unix::fs::MetadataExt;
            NamedTempFile::new_in(path)?.as_file().metadata()?.uid()
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

    /// Puts a whole file in place, or leaves the one that is there.
    pub(super) fn put(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut temporary = NamedTempFile::new_in(&self.path)?;
        temporary.write_all(bytes)?;
        temporary.as_file().sync_all()?;
        temporary.persist(file).map_err(|error| error.error)?;
        Ok(())
    }

    #[cfg(unix)]
    fn check_private(&self, path: &Path, forbidden: u32) -> io::Result<()> {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::symlink_metadata(path)?;
        if metadata.uid() != self.user {
            let message = format!("{} belongs to another user", path.display());
            return Err(io::Error::other(message));
        }
        if metadata.mode() & forbidden != 0 {
            let message = format!(
                "{} can be used by others (mode {:o}); take their rights away with chmod go=",
                path.display(),
                metadata.mode() & 0o777
            );
            return Err(io::Error::other(message));
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn check_private(&self, _path: &Path, _forbidden: u32) -> io::Result<()> {
        // The user's own cache directory is private by default there.
        Ok(())
    }
}

fn create(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
