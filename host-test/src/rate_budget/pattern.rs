//! Which requests a cap is about: a method and a path, in which `*` stands for anything.

use std::fmt;
use std::str::FromStr;

/// A pattern such as `POST */search` or `/events*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetPattern {
    /// In upper case; absent: any.
    method: Option<String>,
    /// Compared with the path without its query.
    path: String,
}

impl TargetPattern {
    /// Every request.
    pub fn any() -> Self {
        Self {
            method: None,
            path: "*".to_owned(),
        }
    }

    /// Whether a request is one of those. `target` may have a query.
    pub fn matches(&self, method: &str, target: &str) -> bool {
        let path = target.split('?').next().unwrap_or(target);
        self.method.as_deref().is_none_or(|wanted| wanted == method) && wildcard(&self.path, path)
    }
}

impl FromStr for TargetPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (method, path) = match text.trim().split_once(' ') {
            Some((method, path)) => (Some(method), path.trim()),
            None => (None, text.trim()),
        };
        if !path.starts_with(['/', '*']) || path.contains([' ', '?']) {
            return Err(
                "write a method and a path, such as `POST /things/search`; `*` stands for anything"
                    .to_owned(),
            );
        }
        if method.is_some_and(|method| !method.bytes().all(|byte| byte.is_ascii_uppercase())) {
            return Err("the method is a word in upper case, such as `POST`".to_owned());
        }
        Ok(Self {
            method: method.map(str::to_owned),
            path: path.to_owned(),
        })
    }
}

impl fmt::Display for TargetPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.method {
            Some(method) => write!(formatter, "{method} {}", self.path),
            None => formatter.write_str(&self.path),
        }
    }
}

/// Whether a text is what a pattern says. Each `*` takes as little as will do, so the time is bounded by the product of the
/// lengths.
fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, method, target, expected) in [
            ("POST */search", "POST", "/contacts/search?x=/y", true),
            ("POST */search", "GET", "/contacts/search", false),
            ("POST */search", "POST", "/contacts/search/7", false),
            ("/events*", "GET", "/events", true),
            ("/events*", "POST", "/events/summaries", true),
            ("/events", "POST", "/events/summaries", false),
            ("GET /a/*/b/*", "GET", "/a/1/b/2", true),
            ("GET /a/*/b/*", "GET", "/a/1/c/2", false),
            ("/aba*aba", "GET", "/aba", false),
            ("*", "DELETE", "/", true),
        ] {
            let parsed: TargetPattern = pattern.parse().unwrap();
            assert_eq!(
                parsed.matches(method, target),
                expected,
                "{pattern} {method} {target}"
            );
            assert_eq!(parsed.to_string(), pattern);
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            "search",
            "post /search",
            "POST search",
            "POST /a b",
            "/a?b",
            "P-T /a",
        ] {
            assert!(text.parse::<TargetPattern>().is_err(), "{text}");
        }
    }
}
