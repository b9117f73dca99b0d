//! What a person brings back from the provider's authorization page, and whether it belongs to what was asked for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::form_urlencoded;

use crate::guest_text::clean;
use crate::secret::Secret;

/// Random bytes of a state: nobody guesses it.
const STATE_BYTES: usize = 32;

/// Bytes of the provider's words that are shown.
const SHOWN_BYTES: usize = 200;

/// Why what was pasted gives no code. In every case nothing was exchanged. Shows neither code nor state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// There is nothing.
    #[error(
        "nothing was pasted; open the address, authorise, and paste the address that the browser is sent to"
    )]
    Nothing,
    /// The provider sent an error instead of a code.
    #[error(
        "the provider did not authorise: {error}{}; open the address again, sign in as somebody who may, and agree",
        description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default()
    )]
    Denied {
        /// The provider's name of it, such as `access_denied`.
        error: String,
        /// What the provider says about it.
        description: Option<String>,
    },
    /// A part is missing.
    #[error(
        "there is no `{name}` in what was pasted; paste the whole address that the browser was sent to, \
         with `code` and `state` in it"
    )]
    Missing {
        /// The part.
        name: &'static str,
    },
    /// A part is there several times: somebody put one in.
    #[error(
        "`{name}` is there more than once in what was pasted; authorise again, and paste the address as it is"
    )]
    Repeated {
        /// The part.
        name: &'static str,
    },
    /// The state is another one.
    #[error(
        "the `state` in what was pasted is not the one of this authorization: it is from another try, or somebody else \
         made it; nothing was exchanged. Open the address of this try, and paste the one that the browser is sent to"
    )]
    WrongState,
}

/// A state for one authorization.
pub fn random_state() -> Result<String, getrandom::Error> {
    let mut bytes = [0; STATE_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What a person pastes.
#[derive(Debug)]
pub enum Pasted {
    /// The address that the browser was sent to, or its query.
    Redirect(Redirect),
    /// A code alone: it does not say to what it belongs.
    Code(Secret),
}

/// The parts of an address that the browser was sent to.
#[derive(Debug)]
pub struct Redirect {
    parts: Vec<(String, Secret)>,
}

impl Pasted {
    /// Tells an address, or its query, from a code.
    pub fn parse(text: &str) -> Result<Pasted, AuthorizationError> {
        let text = text.trim().trim_matches(['"', '\'', '<', '>']);
        if text.is_empty() {
            return Err(AuthorizationError::Nothing);
        }
        let without_fragment = text.split('#').next().unwrap_or(text);
        let (is_address, query) = match without_fragment.split_once('?') {
            Some((_, query)) => (true, query),
            None => (without_fragment.contains("://"), without_fragment),
        };
        let parts: Vec<(String, Secret)> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
            .collect();
        // A code may end with `=` and so look like a part.
        let is_query = parts
            .iter()
            .any(|(name, value)| ["code", "error"].contains(&name.as_str()) && !value.is_empty());
        match is_address || is_query {
            true => Ok(Pasted::Redirect(Redirect { parts })),
            false => Ok(Pasted::Code(text.into())),
        }
    }
}

impl Redirect {
    /// The code, when the state is the one that was sent.
    pub fn code(&self, expected_state: &str) -> Result<Secret, AuthorizationError> {
        if let Some(error) = self.one("error")? {
            let shown = |text: &Secret| clean(text.expose(), SHOWN_BYTES);
            return Err(AuthorizationError::Denied {
                error: shown(error),
                description: self.one("error_description")?.map(shown),
            });
        }
        check_state(
            expected_state,
            self.one("state")?.map_or("", Secret::expose),
        )?;
        let code = self.one("code")?;
        code.cloned()
            .ok_or(AuthorizationError::Missing { name: "code" })
    }

    /// A part that is there once and not empty.
    fn one(&self, name: &'static str) -> Result<Option<&Secret>, AuthorizationError> {
        let mut found = self.parts.iter().filter(|(given, _)| given == name);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(AuthorizationError::Repeated { name }),
            (Some((_, value)), None) if !value.is_empty() => Ok(Some(value)),
            _ => Ok(None),
        }
    }
}

/// Whether the state that came back is the one that was sent.
pub fn check_state(expected: &str, found: &str) -> Result<(), AuthorizationError> {
    match found.trim() {
        "" => Err(AuthorizationError::Missing { name: "state" }),
        found if found == expected => Ok(()),
        _ => Err(AuthorizationError::WrongState),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    const STATE: &str = "planted-state";

    fn code(text: &str) -> Result<String, AuthorizationError> {
        match Pasted::parse(text)? {
            Pasted::Redirect(redirect) => redirect.code(STATE),
            Pasted::Code(code) => panic!("{}", code.expose()),
        }
        .map(|code| code.expose().to_owned())
    }

    #[test]
    fn states_differ_and_need_no_encoding() {
        let states = [random_state().unwrap(), random_state().unwrap()];
        assert_ne!(states[0], states[1]);
        for state in states {
            assert_eq!(state.len(), 43);
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            assert!(state.bytes().all(plain), "{state}");
        }
    }

    #[test]
    fn an_address_or_its_query_gives_the_code() {
        for (text, expected) in [
            ("https://a.example/cb?code=c1&state=planted-state", "c1"),
            (
                " https://a.example/cb?x=1&state=planted-state&code=Y2%3D#frag \r\n",
                "Y2=",
            ),
            ("https://a.example/cb?code=Y2=&state=planted-state", "Y2="),
            ("?code=c1&state=planted-state", "c1"),
            ("code=c1&state=planted-state", "c1"),
            ("\"https://a.example/?code=c1&state=planted-state\"", "c1"),
        ] {
            assert_eq!(code(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_code_alone_is_told_from_an_address() {
        for text in ["c1", "Y29kZTo1==", "Y2+/=", " c1\n"] {
            let Ok(Pasted::Code(code)) = Pasted::parse(text) else {
                panic!("{text}");
            };
            assert_eq!(code.expose(), text.trim());
        }
        for nothing in ["", " \n", "\"\""] {
            let error = Pasted::parse(nothing).unwrap_err();
            assert_eq!(error, AuthorizationError::Nothing);
        }
    }

    #[test]
    fn another_state_or_none_gives_no_code() {
        let missing = |name| AuthorizationError::Missing { name };
        let repeated = |name| AuthorizationError::Repeated { name };
        for (text, expected) in [
            ("https://a.example/?code=c1", missing("state")),
            ("https://a.example/?code=c1&state=", missing("state")),
            ("https://a.example/?state=planted-state", missing("code")),
            ("https://a.example/", missing("state")),
            (
                "https://a.example/?code=c1&state=planted-stat",
                AuthorizationError::WrongState,
            ),
            (
                "https://a.example/?code=c1&state=PLANTED-STATE",
                AuthorizationError::WrongState,
            ),
            (
                "https://a.example/?code=c1&state=planted-state&state=x",
                repeated("state"),
            ),
            (
                "https://a.example/?code=c1&code=c2&state=planted-state",
                repeated("code"),
            ),
        ] {
            let error = code(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("c1"), "{error}");
        }
        assert_eq!(check_state(STATE, " planted-state\n"), Ok(()));
    }

    #[test]
    fn a_refusal_says_what_the_provider_says() {
        let text =
            "https://a.example/?error=access_denied&error_description=Not%20%1B%5B31mnow&state=x";
        let error = code(text).unwrap_err().to_string();
        assert!(error.contains("access_denied (Not"), "{error}");
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
}
