//! The target of a request.

/// Bytes of a target.
const TARGET_BYTES: usize = 8 * 1024;

/// Path and query in origin form, which cannot lead to another host or out of a base path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target(String);

impl Target {
    /// Checks a guest's target. The error says what is wrong; it does not repeat the target, which may hold personal data.
    pub(super) fn parse(text: String) -> Result<Self, &'static str> {
        if text.len() > TARGET_BYTES {
            return Err("the target is longer than 8 KiB");
        }
        if !text.starts_with('/') {
            return Err("the target does not start with `/` (a host name has no place in it)");
        }
        if text.starts_with("//") {
            return Err("the target starts with `//`, which would be a host name");
        }
        if text.contains('#') {
            return Err("the target has a fragment");
        }
        // A backslash is a slash to parsers of URLs.
        if text.contains('\\') {
            return Err("the target has a backslash");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(
                "the target has a space, a control character or a character beyond ASCII; \
                 percent-encode it",
            );
        }
        let path = text.split('?').next().unwrap_or(&text);
        if path.split('/').any(is_dot_dot) {
            return Err("the target has a `..` segment");
        }
        Ok(Self(text))
    }

    /// The target as it goes behind a base URL.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a segment means "one up", percent-encoded or not.
fn is_dot_dot(segment: &str) -> bool {
    segment.to_ascii_lowercase().replace("%2e", ".") == ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_form_is_taken() {
        for good in [
            "/",
            "/contacts",
            "/contacts/search?per_page=150&starting_after=WzE2%3D",
            "/a..b/...",
            "/search?path=../x",
            "/a/./b",
            "/%2Fa",
            "/x?url=https://example.com/",
        ] {
            assert!(Target::parse(good.to_owned()).is_ok(), "{good}");
        }
    }

    #[test]
    fn anything_that_could_lead_elsewhere_is_refused() {
        for bad in [
            "",
            "contacts",
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example/",
            "@evil.example/",
            "?x=1",
            "*",
            "/..",
            "/../x",
            "/a/../../x",
            "/a/%2e%2e/x",
            "/a/.%2E/x",
            "/a/%2E./x?y",
            "/a#b",
            "/a b",
            "/a\tb",
            "/a\r\nhost: evil.example",
            "/a\0",
            "/ä",
        ] {
            assert!(Target::parse(bad.to_owned()).is_err(), "{bad:?}");
        }
        assert!(Target::parse(format!("/{}", "a".repeat(TARGET_BYTES))).is_err());
    }
}
