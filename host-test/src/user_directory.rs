//! Where this host keeps what all processes of a user have in common.

use std::env;
use std::path::PathBuf;

/// The variable that names another directory.
const DIRECTORY_VARIABLE: &str = "HOST_TEST_CACHE_DIR";

/// The directory of the environment, or else one in the user's cache directory: the same for a person and for whatever runs
/// by itself in the person's name. It may not be there yet.
pub(crate) fn user_directory() -> PathBuf {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(directory) = set(DIRECTORY_VARIABLE) {
        return directory;
    }
    let base = set("XDG_CACHE_HOME")
        .filter(|base| base.is_absolute())
        .or_else(|| {
            let home = if cfg!(windows) {
                set("LOCALAPPDATA")
            } else {
                set("HOME")
            };
            home.map(|home| {
                if cfg!(windows) {
                    home
                } else {
                    home.join(".cache")
                }
            })
        });
    // In the shared temporary directory the check of owner and mode keeps others' directories out.
    let base = base.unwrap_or_else(env::temp_dir);
    base.join("intercom-connector-host")
}
