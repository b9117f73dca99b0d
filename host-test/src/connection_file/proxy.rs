//! `proxy`: through which the provider's API is reached.

use reqwest::Url;

use super::problems::{Problem, Problems};
use super::section::Section;
use crate::secret::Secret;

/// Reads `proxy`. It may hold a password, so that nothing of it is ever shown.
pub(super) fn read(section: &mut Section<'_>, problems: &mut Problems) -> Option<Secret> {
    let node = section.take("proxy")?;
    let secret = section.secret("proxy", problems)?;
    match check(secret.expose()) {
        Ok(()) => Some(secret),
        Err(message) => {
            problems.push(Problem {
                path: section.path("proxy"),
                line: node.line,
                code: "value",
                message: message.to_owned(),
                found: None,
                expected: Some("http://USER:PASSWORD@HOST:PORT, or https://…".to_owned()),
            });
            None
        }
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    // The parser's words are not repeated: they may hold a part of it.
    let url = Url::parse(text).map_err(|_| "not a URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("not a proxy that is spoken to in http or https");
    }
    if url.host_str().is_none() || !matches!(url.path(), "" | "/") {
        return Err("a proxy is a host and a port");
    }
    match url.query().is_some() || url.fragment().is_some() {
        true => Err("a proxy is a host and a port"),
        false => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::tests::{problems, read};
    use super::*;

    #[test]
    fn a_proxy_is_read_in_both_forms_and_never_shown() {
        let line = "proxy: \"http://me:${INTERCOM_ACCESS_TOKEN}@proxy.example:3128\"";
        for text in [
            format!("{{ connector: intercom, {line} }}"),
            format!("connectors: {{ intercom: {{ {line} }} }}"),
        ] {
            let file = read(&text).unwrap();
            let expected = Secret::new("http://me:secret-token@proxy.example:3128");
            assert_eq!(file.proxy, Some(expected));
            assert!(!format!("{file:?}").contains("secret-token"));
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_repeating_it() {
        for bad in [
            "proxy.example:3128",
            "socks5://secret-word@proxy.example",
            "http://secret-word@proxy.example/path",
            "http://proxy.example/?secret-word",
            "http://secret word",
        ] {
            let found = problems(&format!("connector: intercom\nproxy: \"{bad}\"\n"));
            assert_eq!(found[0].path, "proxy", "{bad}");
            assert!(!format!("{found:?}").contains("secret"), "{bad}");
        }
    }
}
