//! Signatures of bodies: an HMAC in hexadecimal digits, with or without the algorithm's name before it, or in Base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

use crate::connection_file::Algorithm;
use crate::secret::Secret;

/// Whether one of the secrets made a signature. All of them are tried, so that the time does not tell which was good.
pub(super) fn is_good(algorithm: Algorithm, secrets: &[Secret], given: &str, body: &[u8]) -> bool {
    let (name, length) = match algorithm {
        Algorithm::Sha256 => ("sha256=", 32),
        Algorithm::Sha1 => ("sha1=", 20),
    };
    let given = given.trim();
    let given = given.strip_prefix(name).unwrap_or(given);
    let Some(code) = decode(given, length) else {
        return false;
    };
    let mut good = false;
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let key = secret.expose().as_bytes();
        good |= match algorithm {
            Algorithm::Sha256 => Hmac::<Sha256>::new_from_slice(key)
                .is_ok_and(|mac| mac.chain_update(body).verify_slice(&code).is_ok()),
            Algorithm::Sha1 => Hmac::<Sha1>::new_from_slice(key)
                .is_ok_and(|mac| mac.chain_update(body).verify_slice(&code).is_ok()),
        };
    }
    good
}

fn decode(text: &str, length: usize) -> Option<Vec<u8>> {
    let code = match text.len() == 2 * length && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => (0..length)
            .map(|index| u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok())
            .collect::<Option<Vec<u8>>>()?,
        false => STANDARD.decode(text).ok()?,
    };
    (code.len() == length).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_taken_as_systems_write_them() {
        let secrets = [Secret::new("Jefe")];
        let body = b"what do ya want for nothing?";
        // RFC 4231 and RFC 2202, test case 2.
        let long = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let short = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
        for (algorithm, given, good) in [
            (Algorithm::Sha256, long.to_owned(), true),
            (
                Algorithm::Sha256,
                format!(" sha256={} ", long.to_uppercase()),
                true,
            ),
            (
                Algorithm::Sha256,
                "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=".to_owned(),
                true,
            ),
            (Algorithm::Sha1, format!("sha1={short}"), true),
            (Algorithm::Sha1, long.to_owned(), false),
            (Algorithm::Sha256, short.to_owned(), false),
            (Algorithm::Sha256, long.replace('5', "6"), false),
            (Algorithm::Sha256, "é".repeat(32), false),
            (Algorithm::Sha256, String::new(), false),
        ] {
            assert_eq!(is_good(algorithm, &secrets, &given, body), good, "{given}");
        }
        assert!(!is_good(Algorithm::Sha256, &[Secret::new("")], long, body));
    }
}
