//! What is encrypted at rest: XChaCha20-Poly1305, with a key that is not beside the data.
//!
//! A sealed text names the key that it was sealed with, so that keys can be replaced: the first key seals, every key opens.
//! What a text belongs to is authenticated with it: no text can be put in another one's place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use sha2::{Digest as _, Sha256};

use crate::secret::Secret;

/// The layout of a sealed text, its first byte: then 8 bytes that name the key, a nonce of 24, and the text with its tag.
const LAYOUT: u8 = 1;
const NAME: usize = 8;
const NONCE: usize = 24;

/// Why a key is none, or a text is not opened. Shows nothing of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is no key.
    #[error(
        "a key is 32 random bytes in base64 or 64 hexadecimal digits; make one with `openssl rand -base64 32`"
    )]
    NoKey,
    /// There is no key at all.
    #[error("there is no key to encrypt with; set `key` or `key_file`")]
    Keyless,
    /// The machine has no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandom,
    /// It was sealed with another key.
    #[error("it was encrypted with another key; add that key behind the new one")]
    OtherKey,
    /// It was changed, or belongs elsewhere.
    #[error("it was changed since it was encrypted, or it belongs to something else")]
    Changed,
}

struct Key {
    name: [u8; NAME],
    cipher: XChaCha20Poly1305,
}

/// Keys: the first one seals.
#[derive(Default)]
pub struct Keys {
    keys: Vec<Key>,
}

impl Keys {
    /// Takes keys as people write them.
    pub fn new(texts: &[Secret]) -> Result<Keys, SealError> {
        let keys = texts.iter().map(|text| {
            let bytes = decoded(text.expose().trim()).ok_or(SealError::NoKey)?;
            let mut name = [0; NAME];
            let digest = Sha256::new_with_prefix(b"the name of a key").chain_update(&bytes);
            name.copy_from_slice(&digest.finalize()[..NAME]);
            let cipher = XChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| SealError::NoKey)?;
            Ok(Key { name, cipher })
        });
        Ok(Keys {
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    /// Whether nothing can be sealed.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Seals a text that belongs to something.
    pub fn seal(&self, text: &Secret, belongs_to: &str) -> Result<Vec<u8>, SealError> {
        let key = self.keys.first().ok_or(SealError::Keyless)?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandom)?;
        let payload = Payload {
            msg: text.expose().as_bytes(),
            aad: belongs_to.as_bytes(),
        };
        let sealed = key.cipher.encrypt(&nonce.into(), payload);
        let sealed = sealed.map_err(|_| SealError::Changed)?;
        Ok([&[LAYOUT], &key.name[..], &nonce[..], &sealed[..]].concat())
    }

    /// Opens what was sealed for the same.
    pub fn open(&self, sealed: &[u8], belongs_to: &str) -> Result<Secret, SealError> {
        let (name, rest) = split(sealed).ok_or(SealError::Changed)?;
        if self.keys.is_empty() {
            return Err(SealError::Keyless);
        }
        let mut keys = self.keys.iter();
        let key = keys.find(|key| key.name == name);
        let key = key.ok_or(SealError::OtherKey)?;
        let (nonce, text) = rest.split_at_checked(NONCE).ok_or(SealError::Changed)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| SealError::Changed)?;
        let payload = Payload {
            msg: text,
            aad: belongs_to.as_bytes(),
        };
        let opened = key.cipher.decrypt(&nonce.into(), payload);
        let opened = opened.map_err(|_| SealError::Changed)?;
        let text = String::from_utf8(opened).map_err(|_| SealError::Changed)?;
        Ok(Secret::new(text))
    }

    /// Whether something was sealed with another key than the first.
    pub fn is_old(&self, sealed: &[u8]) -> bool {
        let first = self.keys.first();
        split(sealed)
            .zip(first)
            .is_some_and(|((name, _), key)| key.name != name)
    }
}

fn split(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    let (LAYOUT, rest) = sealed.split_first().map(|(layout, rest)| (*layout, rest))? else {
        return None;
    };
    rest.split_at_checked(NAME)
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let bytes = match text.len() {
        64 => (0..64)
            .step_by(2)
            .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
            .collect::<Option<Vec<u8>>>()?,
        _ => STANDARD.decode(text).ok()?,
    };
    (bytes.len() == 32).then_some(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Secret {
        Secret::new(STANDARD.encode([byte; 32]))
    }

    #[test]
    fn what_is_sealed_is_opened_for_the_same_and_with_the_same_key() {
        let keys = Keys::new(&[key(1)]).unwrap();
        let text = Secret::from("credentials: { access_token: quiet }");
        let sealed = keys.seal(&text, "acme").unwrap();
        assert!(!sealed.windows(5).any(|part| part == b"quiet"));
        assert_ne!(sealed, keys.seal(&text, "acme").unwrap());
        assert_eq!(keys.open(&sealed, "acme").unwrap(), text);
        assert_eq!(keys.open(&sealed, "other"), Err(SealError::Changed));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(keys.open(&changed, "acme").is_err(), "byte {at}");
            assert!(keys.open(&sealed[..at], "acme").is_err(), "{at} bytes");
        }
    }

    #[test]
    fn keys_are_replaced_one_behind_the_other() {
        let old = Keys::new(&[key(1)]).unwrap();
        let both = Keys::new(&[key(2), key(1)]).unwrap();
        let new = Keys::new(&[key(2)]).unwrap();
        let sealed = old.seal(&"x".into(), "acme").unwrap();
        assert_eq!(new.open(&sealed, "acme"), Err(SealError::OtherKey));
        assert_eq!(both.open(&sealed, "acme").unwrap(), "x".into());
        assert!(both.is_old(&sealed) && !old.is_old(&sealed));
        let again = both.seal(&"x".into(), "acme").unwrap();
        assert_eq!(new.open(&again, "acme").unwrap(), "x".into());
        assert_eq!(
            Keys::default().seal(&"x".into(), "acme"),
            Err(SealError::Keyless)
        );
    }

    #[test]
    fn a_key_is_thirty_two_bytes_in_either_writing() {
        let digits = Secret::new("2a".repeat(32));
        let letters = Secret::new(STANDARD.encode([0x2a; 32]));
        let sealed = Keys::new(&[digits]).unwrap().seal(&"x".into(), "").unwrap();
        assert!(Keys::new(&[letters]).unwrap().open(&sealed, "").is_ok());
        for wrong in ["", "short", "zz", &"zz".repeat(32)] {
            assert_eq!(Keys::new(&[wrong.into()]).err(), Some(SealError::NoKey));
        }
    }
}
