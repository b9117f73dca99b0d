//! The API versions that the connector speaks.

/// All versions, oldest first. Requests always name one, since without the header an app's own setting rules.
pub const VERSIONS: &[&str] = &["2.11", "2.12", "2.13", "2.14", "2.15", "2.16", PREVIEW];

/// The version in which Intercom tries things: what 2.16 has, and jobs that write many rows.
pub const PREVIEW: &str = "Preview";

/// The versions from 2.12 on.
pub const SINCE_2_12: &[&str] = VERSIONS.split_at(1).1;
/// The versions from 2.13 on.
pub const SINCE_2_13: &[&str] = VERSIONS.split_at(2).1;
/// The versions from 2.14 on.
pub const SINCE_2_14: &[&str] = VERSIONS.split_at(3).1;
/// The versions from 2.15 on.
pub const SINCE_2_15: &[&str] = VERSIONS.split_at(4).1;
/// The versions from 2.16 on.
pub const SINCE_2_16: &[&str] = VERSIONS.split_at(5).1;

/// The version used unless the configuration names another.
pub const DEFAULT_VERSION: &str = "2.11";

/// The request header that selects the version, and the response header that says which one answered.
pub const VERSION_HEADER: &str = "intercom-version";

/// The first version in which the owner of a contact is text; it was an integer before.
pub const OWNER_IS_TEXT: &str = "2.16";

/// The first version in which reading a contact that was merged into another one says into which.
pub const MERGED_ARE_TOLD: &str = "2.16";

/// The first version in which the attributes of conversations are a list of their own, and can be created.
pub const CONVERSATION_ATTRIBUTES: &str = "2.16";

/// The second number of a version: what tables hold, since it is a byte. Preview is behind all of them.
pub const fn minor(version: &str) -> u8 {
    if version.as_bytes()[0] == b'P' {
        return u8::MAX;
    }
    let mut number = 0;
    let mut index = 2;
    while index < version.len() {
        number = number * 10 + (version.as_bytes()[index] - b'0');
        index += 1;
    }
    number
}

/// Whether a version is this one or a later one.
pub fn is_from(version: &str, first: &str) -> bool {
    let place = |name: &str| VERSIONS.iter().position(|known| *known == name);
    place(version) >= place(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_one_on_begin_with_it() {
        let all = [SINCE_2_12, SINCE_2_13, SINCE_2_14, SINCE_2_15, SINCE_2_16];
        assert_eq!(
            all.map(|since| since[0]),
            ["2.12", "2.13", "2.14", "2.15", "2.16"]
        );
    }

    #[test]
    fn tables_hold_the_second_number() {
        let minors: Vec<u8> = VERSIONS.iter().map(|version| minor(version)).collect();
        assert_eq!(minors, [11, 12, 13, 14, 15, 16, u8::MAX]);
    }

    #[test]
    fn versions_are_compared_by_their_order() {
        let found = VERSIONS.iter().filter(|version| is_from(version, "2.15"));
        assert_eq!(found.collect::<Vec<_>>(), [&"2.15", &"2.16", &PREVIEW]);
    }
}
