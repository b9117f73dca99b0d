//! The API versions that the connector speaks.

/// Stable versions, oldest first. Requests always name one, since without the header an app's own setting rules.
pub const VERSIONS: &[&str] = &["2.11", "2.12", "2.13", "2.14", "2.15", "2.16"];

/// The version used unless the configuration names another.
pub const DEFAULT_VERSION: &str = "2.11";

/// The request header that selects the version, and the response header that says which one answered.
pub const VERSION_HEADER: &str = "intercom-version";

/// The first version in which the owner of a contact is text; it was an integer before.
pub const OWNER_IS_TEXT: &str = "2.16";

/// Whether a version is this one or a later one.
pub fn is_from(version: &str, first: &str) -> bool {
    let place = |name: &str| VERSIONS.iter().position(|known| *known == name);
    place(version) >= place(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_order() {
        let found = VERSIONS.iter().filter(|version| is_from(version, "2.15"));
        assert_eq!(found.collect::<Vec<_>>(), [&"2.15", &"2.16"]);
    }
}
