//! Values that only some may know: hashed for comparing, or encrypted to a public key.
//!
//! An encryption to a public key takes a fresh secret for each message. A mapping is pure (the same document gives the same
//! entry by reading and by webhook), and no source of randomness is imported. So the fresh secret is derived, as deterministic
//! signatures do: HMAC-SHA-256 of the receiver's key, the record's key and the value, under a secret that the mapping holds.
//! Without that secret it is as good as random: who only has the ciphertext and guesses the value cannot check the guess, which
//! an unkeyed hash of the value would allow. Two different values never share a derived secret, so no key is used twice for
//! different values; the same value of the same record gives the same ciphertext, and that is all it tells. Who has the
//! mapping's secret can check guesses, and still cannot decrypt: that takes the receiver's private key.
//!
//! The form is `1.` and the base64url of the derived public key, the ciphertext and its tag. The key of ChaCha20-Poly1305 is
//! HMAC-SHA-256 of both public keys under the X25519 secret; its nonce is zero, since each key serves once.

use crate::prelude::*;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit as _, Nonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use x25519_dalek::{X25519_BASEPOINT_BYTES, x25519};

use super::{Item, Odd, Pass, argument};

/// What is in front of an encrypted value: the version of its form.
const FORM: &str = "1.";

/// The fewest characters of the secret from which ephemeral secrets are derived.
pub const SECRET_CHARACTERS: usize = 16;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The bytes of a value: a text's own, of anything else as it is written.
fn bytes<'i>(item: &'i Item) -> &'i [u8] {
    match item {
        Item::Text(text) | Item::Json(text) => text.as_bytes(),
    }
}

/// SHA-256 of a salt and the value behind it, in hexadecimal digits.
pub fn hash<'a>(arguments: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let digest = Sha256::new()
        .chain_update(argument(arguments, 0))
        .chain_update(bytes(&item))
        .finalize();
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let text: String = digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    Ok(Item::text(text))
}

/// The value, encrypted to a public key. See the module's documentation.
pub fn encrypt<'a>(arguments: &[String], item: Item<'a>, pass: &mut Pass) -> Result<Item<'a>, Odd> {
    let secret = argument(arguments, 0).as_bytes();
    let receiver = public_key(argument(arguments, 1)).ok_or(Odd)?;
    let derived = keyed(secret, &[&receiver, pass.key.as_bytes(), bytes(&item)])?;
    let sender = x25519(derived, X25519_BASEPOINT_BYTES);
    let shared = x25519(derived, receiver);
    // A public key that is no key at all gives nothing to encrypt with.
    if shared == [0; 32] {
        return Err(Odd);
    }
    let once = keyed(&shared, &[&sender, &receiver])?;
    let mut sealed = bytes(&item).to_vec();
    let tag = ChaCha20Poly1305::new(&once.into())
        .encrypt_inout_detached(&Nonce::default(), &[], sealed.as_mut_slice().into())
        .map_err(|_| Odd)?;
    let whole = [sender.as_slice(), &sealed, tag.as_slice()].concat();
    Ok(Item::text(format!("{FORM}{}", base64(&whole))))
}

/// HMAC-SHA-256 of parts, each behind its length.
fn keyed(secret: &[u8], parts: &[&[u8]]) -> Result<[u8; 32], Odd> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| Odd)?;
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

/// The public key of its base64, of either alphabet.
pub fn public_key(text: &str) -> Option<[u8; 32]> {
    let text = text.trim_end_matches('=');
    if text.len() != 43 {
        return None;
    }
    let (mut key, mut held, mut bits, mut at) = ([0; 32], 0_u32, 0, 0);
    for byte in text.bytes() {
        let byte = match byte {
            b'+' => b'-',
            b'/' => b'_',
            byte => byte,
        };
        let value = ALPHABET.iter().position(|known| *known == byte)?;
        held = held << 6 | u32::try_from(value).ok()?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            *key.get_mut(at)? = (held >> bits) as u8;
            at += 1;
        }
    }
    Some(key)
}

pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for chunk in bytes.chunks(3) {
        let at = |place: usize| u32::from(chunk.get(place).copied().unwrap_or_default());
        let group = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=chunk.len() {
            let value = group >> (18 - 6 * place) & 63;
            text.push(char::from(ALPHABET[value as usize]));
        }
    }
    text
}
