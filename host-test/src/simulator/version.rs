//! API versions, as the `Intercom-Version` header names them.

use std::fmt;

/// A version of the API; later versions compare greater, and `Preview` is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    major: u8,
    minor: u8,
}

impl ApiVersion {
    /// The first one.
    pub(crate) const FIRST: ApiVersion = ApiVersion::of(1, 0);
    /// What an app is configured with when its requests name no version.
    pub(crate) const DEFAULT: ApiVersion = ApiVersion::V2_11;
    /// The last one in which assignment rules can be run.
    pub(crate) const V2_11: ApiVersion = ApiVersion::of(2, 11);
    /// Adds `enabled_push_messaging` to contacts, and makes the states of tickets objects.
    pub(crate) const V2_12: ApiVersion = ApiVersion::of(2, 12);
    /// Makes the times of notified contacts Unix seconds, and adds what happened to the parts of conversations.
    pub(crate) const V2_13: ApiVersion = ApiVersion::of(2, 13);
    /// Adds calls, the reasons for being away, and who wrote as the AI agent.
    pub(crate) const V2_14: ApiVersion = ApiVersion::of(2, 14);
    /// Adds brands and addresses for email, the company of a conversation, and the list of the notes about a company.
    pub(crate) const V2_15: ApiVersion = ApiVersion::of(2, 15);
    /// Makes owner ids strings and unassigned conversations have assignee 0, answers 410 for merged contacts, and validates sort orders.
    pub(crate) const V2_16: ApiVersion = ApiVersion::of(2, 16);
    /// The rolling version.
    pub(crate) const PREVIEW: ApiVersion = ApiVersion::of(u8::MAX, 0);

    const fn of(major: u8, minor: u8) -> ApiVersion {
        ApiVersion { major, minor }
    }

    /// The version that a header value names; `None` when there is none such.
    pub fn parse(text: &str) -> Option<ApiVersion> {
        if matches!(text, "Preview" | "Unstable") {
            return Some(ApiVersion::PREVIEW);
        }
        let (major, minor) = text.split_once('.')?;
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(major) || !plain(minor) {
            return None;
        }
        let version = ApiVersion::of(major.parse().ok()?, minor.parse().ok()?);
        let known = matches!((version.major, version.minor), (1, 0..=4) | (2, 0..=16));
        (known && version.to_string() == text).then_some(version)
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == ApiVersion::PREVIEW {
            return formatter.write_str("Preview");
        }
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_versions() {
        for text in ["1.0", "2.7", "2.10", "2.11", "2.16", "Preview"] {
            assert_eq!(ApiVersion::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(ApiVersion::parse("Unstable"), Some(ApiVersion::PREVIEW));
        for text in [
            "",
            "2",
            "2.17",
            "3.0",
            "2.1x",
            "2.011",
            "+2.11",
            "999999999999.1",
        ] {
            assert_eq!(ApiVersion::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ten_comes_after_nine() {
        assert!(ApiVersion::parse("2.9") < ApiVersion::parse("2.10"));
        assert!(ApiVersion::V2_16 < ApiVersion::PREVIEW);
    }
}
