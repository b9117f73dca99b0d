//! `endpoint`: another place for the provider's API.

use std::net::IpAddr;

use reqwest::Url;

use super::problems::{Problem, Problems};
use super::section::Section;

/// Reads `endpoint`. Plain http goes to this machine only: anywhere else it would show the token to the network.
pub(super) fn read(section: &mut Section<'_>, problems: &mut Problems) -> Option<String> {
    let text = section.text("endpoint", problems)?;
    let node = section.take("endpoint")?;
    match check(&text) {
        Ok(()) => Some(text.trim_end_matches('/').to_owned()),
        Err(message) => {
            problems.push(Problem {
                path: section.path("endpoint"),
                line: node.line,
                code: "value",
                message,
                found: None,
                expected: Some("https://HOST, or http://127.0.0.1:PORT".to_owned()),
            });
            None
        }
    }
}

fn check(text: &str) -> Result<(), String> {
    let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL with a user name or a password in it".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a base URL ends before `?` and `#`".to_owned());
    }
    let Some(host) = url.host_str() else {
        return Err("a URL without a host".to_owned());
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(host) => Ok(()),
        "http" => Err(format!(
            "plain http would show the token to the network on its way to {host}"
        )),
        scheme => Err(format!("{scheme} is not a way to reach an API")),
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine() {
        for good in [
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:9",
            "https://proxy.example",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in [
            "http://api.example",
            "http://127.0.0.1.example",
            "ftp://127.0.0.1",
            "https://user@host",
            "https://host?x=1",
            "127.0.0.1:80",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
