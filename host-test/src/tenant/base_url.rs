//! Where an endpoint is.

use url::Url;

use crate::http_client::is_loopback;

/// Scheme, host name, port and, for a proxy, a path in front of every target. No query, no user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    /// The URL without a slash at its end.
    text: String,
}

/// Why a base URL cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It is none.
    #[error("`{found}` is no URL ({reason}); write it as https://host or http://127.0.0.1:PORT")]
    Malformed {
        /// What was found.
        found: String,
        /// What the parser says.
        reason: String,
    },
    /// The scheme is not http or https, or it is http for another machine.
    #[error(
        "`{found}` would send the credential unencrypted; plain http is taken for loopback only, \
         use https"
    )]
    Unencrypted {
        /// What was found.
        found: String,
    },
    /// There is more than a base in it. The text is not shown: it may hold a password.
    #[error("it holds {part}; a base URL ends with its host, port or path")]
    Excess {
        /// What is too much.
        part: &'static str,
    },
}

impl BaseUrl {
    /// Reads a base URL.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text.trim()).map_err(|error| BaseUrlError::Malformed {
            found: text.to_owned(),
            reason: error.to_string(),
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Excess {
                part: "a user or a password",
            });
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Excess {
                part: "a query or a fragment",
            });
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            _ => {
                return Err(BaseUrlError::Unencrypted {
                    found: url.to_string(),
                });
            }
        }
        let text = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { url, text })
    }

    /// The base itself.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The base with a target behind it. `None` where the two together are no URL, or one that leads elsewhere.
    pub fn join(&self, target: &str) -> Option<Url> {
        let url = Url::parse(&format!("{}{target}", self.text)).ok()?;
        (url.origin() == self.url.origin() && url.username().is_empty()).then_some(url)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_or_local_bases_are_taken() {
        for good in [
            "https://api.example.com",
            "https://api.example.com/",
            "http://127.0.0.1:8080/proxy/",
            "http://localhost:1",
            " http://[::1]:9 ",
        ] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.example.com",
            "ftp://127.0.0.1",
            "file:///etc/passwd",
            "https://user:pass@api.example.com",
            "https://api.example.com?x=1",
            "https://api.example.com#x",
            "api.example.com",
            "",
        ] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
        let password = BaseUrl::parse("https://user:hunter2@a.example").unwrap_err();
        assert!(!format!("{password} {password:?}").contains("hunter2"));
    }

    #[test]
    fn a_target_cannot_leave_the_base() {
        let base = BaseUrl::parse("https://api.example.com/").unwrap();
        let joined = base.join("/contacts?per_page=1").unwrap();
        assert_eq!(
            joined.as_str(),
            "https://api.example.com/contacts?per_page=1"
        );
        assert_eq!(
            base.join("//evil.example/x").unwrap().host_str(),
            Some("api.example.com")
        );
        assert_eq!(base.join("@evil.example/x"), None);
        assert_eq!(base.join(".evil.example/x"), None);
        assert_eq!(base.join(":8080/x"), None);
        let proxy = BaseUrl::parse("http://127.0.0.1:8/proxy/").unwrap();
        assert_eq!(proxy.join("/me").unwrap().path(), "/proxy/me");
    }
}
