//! A text that must not be seen.

use std::fmt;

/// A credential. Its [`fmt::Debug`] form shows nothing of it, and it has no `Display` form; [`Secret::expose`] is the one
/// way to its text, so that every use can be found by that name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a credential.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The credential itself. Hand it to the request that needs it and keep it out of logs, errors and files.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no credential.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not even the length: it tells which kind of token it is.
        formatter.write_str("Secret(…)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_text() {
        let secret = Secret::new("dG9rOjEyMzQ1");
        assert_eq!(secret.expose(), "dG9rOjEyMzQ1");
        for shown in [format!("{secret:?}"), format!("{:#?}", Some(&secret))] {
            assert!(!shown.contains("dG9r"), "{shown}");
        }
        assert_eq!(format!("{secret:?}"), format!("{:?}", Secret::new("")));
    }
}
