//! Where this host keeps what all processes of a user have in common.

use std::env;
use std::path::PathBuf;

/// The variable that names another directory.
const DIRECTORY_VARIABLE: &str = "HOST_TEST_CACHE_DIR";

/// The variable that names another directory for what must last.
const DATA_VARIABLE: &str = "HOST_TEST_DATA_DIR";

/// The directory of the environment, or else one in the user's cache directory: the same for a person and for whatever runs
/// by itself in the person's name. It may not be there yet.
pub(crate) fn user_directory() -> PathBuf {
    directory(DIRECTORY_VARIABLE, "XDG_CACHE_HOME", ".cache")
}

/// The same for what must not be thrown away: versions of components.
pub(crate) fn data_directory() -> PathBuf {
    directory(DATA_VARIABLE, "XDG_DATA_HOME", ".local/share")
}

fn directory(own: &str, of_users: &str, in_home: &str) -> PathBuf {
    let set = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(directory) = set(own) {
        return directory;
    }
    let home = || match cfg!(windows) {
        true => set("LOCALAPPDATA"),
        false => set("HOME").map(|home| home.join(in_home)),
    };
    let base = set(of_users)
        .filter(|base| base.is_absolute())
        .or_else(home);
    // In the shared temporary directory the check of owner and mode keeps others' directories out.
    let base = base.unwrap_or_else(env::temp_dir);
    base.join("intercom-connector-host")
}
