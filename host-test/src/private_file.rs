//! Files and directories that only their owner can read.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// Makes a directory, and what is missing above it, for this user alone. One that is there stays as it is.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Puts a whole file in place, or leaves the one that is there. Nobody but its owner can read it, not even while it is
/// being written.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Temporary files are made with the owner's rights alone.
    let mut temporary = NamedTempFile::new_in(directory_of(path))?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Reads a file of at most so many bytes; one that others can read or write is refused.
pub(crate) fn read(path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
    // Asked before it is opened: opening a pipe would wait for somebody to write.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    check_rights(path, &metadata, 0o077)?;
    if metadata.len() > most_bytes {
        return Err(io::Error::other(format!(
            "it is larger than {most_bytes} bytes"
        )));
    }
    let mut bytes = Vec::new();
    file.take(most_bytes).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The directory of a file.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// An error when others have one of the forbidden rights.
#[cfg(unix)]
pub(crate) fn check_rights(path: &Path, metadata: &Metadata, forbidden: u32) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    if metadata.mode() & forbidden == 0 {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{path} can be used by others (mode {mode:o}); take their rights away with chmod go= {path}",
        path = path.display(),
        mode = metadata.mode() & 0o777
    )))
}

/// Files are the user's own by default there.
#[cfg(not(unix))]
pub(crate) fn check_rights(_path: &Path, _metadata: &Metadata, _forbidden: u32) -> io::Result<()> {
    Ok(())
}
