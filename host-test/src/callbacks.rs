//! The way back: what another system tells becomes a write. It is verified by its signature, durably stored before it is
//! answered, and carried out by the rules of the connection's file.

mod about;
mod planned;
mod signature;
mod worker;

use std::collections::BTreeMap;

use http::HeaderMap;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub use self::planned::{NoRow, PlannedWrite, plan};
pub use self::worker::{CallbackWorker, CarriedBack, tell_unmatched};
use crate::connection_file::{Callback, IdPlace};

/// A body that came in at a door, and is genuine.
#[derive(Clone, Debug, PartialEq)]
pub struct Genuine {
    /// The same whenever it is delivered again.
    pub id: String,
    /// Why no rule says what is to be done; absent: one does.
    pub unmatched: Option<NoRow>,
}

/// Why a body is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no signature.
    #[error("unsigned: there is no {0} header")]
    Unsigned(String),
    /// It is not of whom it should be.
    #[error("bad_signature: the signature does not match the body")]
    BadSignature,
    /// It is no JSON.
    #[error("malformed: the body is no JSON")]
    Malformed,
    /// It has no id.
    #[error("malformed: there is no id at {0}")]
    NoId(String),
}

/// Looks at a body that came in at a door.
pub fn look(callback: &Callback, headers: &HeaderMap, body: &[u8]) -> Result<Genuine, Refusal> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(given) = text(&callback.header) else {
        return Err(Refusal::Unsigned(callback.header.clone()));
    };
    if !signature::is_good(callback.algorithm, &callback.secrets, given, body) {
        return Err(Refusal::BadSignature);
    }
    let document: Value = serde_json::from_slice(body).map_err(|_| Refusal::Malformed)?;
    let id = match &callback.id {
        None => digest(body),
        Some(IdPlace::Header(name)) => match text(name) {
            Some(id) if !id.trim().is_empty() => id.trim().to_owned(),
            _ => return Err(Refusal::NoId(format!("the header {name}"))),
        },
        Some(IdPlace::Pointer(pointer)) => match document.pointer(pointer) {
            Some(Value::String(id)) if !id.is_empty() => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => return Err(Refusal::NoId(pointer.clone())),
        },
    };
    Ok(Genuine {
        id,
        unmatched: plan(callback, &document).err(),
    })
}

/// What a body without an id is known by.
fn digest(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// The path of each door of a connection, which has this name on its server.
pub fn paths(connection: &str, callbacks: &BTreeMap<String, Callback>) -> Vec<(String, String)> {
    let doors = callbacks.iter();
    doors
        .map(|(name, callback)| {
            let own = || format!("/{connection}/{name}");
            (callback.path.clone().unwrap_or_else(own), name.clone())
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use serde_json::json;

    use super::*;
    use crate::connection_file::Algorithm;
    use crate::secret::Secret;

    fn door(id: Option<IdPlace>) -> Callback {
        Callback {
            path: None,
            secrets: vec![Secret::new("old"), Secret::new("new")],
            header: "X-Signature".to_owned(),
            algorithm: Algorithm::Sha256,
            id,
            rules: vec![crate::connection_file::Rule {
                when: vec![("/type".to_owned(), vec![json!("ping")])],
                write: None,
            }],
        }
    }

    fn headers(secret: &str, body: &[u8]) -> HeaderMap {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body);
        let digest = mac.finalize().into_bytes();
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut headers = HeaderMap::new();
        headers.insert("x-signature", format!("sha256={digits}").parse().unwrap());
        headers.insert("x-id", "h1".parse().unwrap());
        headers
    }

    #[test]
    fn a_body_is_known_by_its_signature_and_its_id() {
        let body = br#"{"type":"ping","event":{"id":5}}"#;
        let by = |id, secret| look(&door(id), &headers(secret, body), body);
        let pointer = |text: &str| Some(IdPlace::Pointer(text.to_owned()));
        assert_eq!(by(pointer("/event/id"), "new").unwrap().id, "5");
        let header = Some(IdPlace::Header("X-Id".to_owned()));
        assert_eq!(by(header, "old").unwrap().id, "h1");
        assert!(by(None, "old").unwrap().id.starts_with("sha256:"));
        assert_eq!(
            by(pointer("/event"), "old"),
            Err(Refusal::NoId("/event".to_owned()))
        );
        assert_eq!(by(None, "guess"), Err(Refusal::BadSignature));
        let unsigned = look(&door(None), &HeaderMap::new(), body);
        assert_eq!(unsigned, Err(Refusal::Unsigned("X-Signature".to_owned())));
        let garbled = look(&door(None), &headers("new", b"{"), b"{");
        assert_eq!(garbled, Err(Refusal::Malformed));
        let other = br#"{"type":"solved"}"#;
        let kept = look(&door(None), &headers("new", other), other).unwrap();
        assert!(kept.unmatched.is_some());
        assert_eq!(by(None, "new").unwrap().unmatched, None);
    }

    #[test]
    fn every_door_has_a_path() {
        let mut doors = BTreeMap::from([("desk".to_owned(), door(None))]);
        let path = |doors: &BTreeMap<String, Callback>| paths("acme", doors).remove(0).0;
        assert_eq!(path(&doors), "/acme/desk");
        for door in doors.values_mut() {
            door.path = Some("/in".to_owned());
        }
        assert_eq!(path(&doors), "/in");
    }
}
