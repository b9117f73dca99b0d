//! A cursor in a JSON document: as text where it is text, so that people can read it, else as base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Written {
    Text(String),
    Base64(String),
}

pub(super) fn serialize<S: Serializer>(
    cursor: &Option<Vec<u8>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    cursor
        .as_ref()
        .map(|bytes| match std::str::from_utf8(bytes) {
            Ok(text) => Written::Text(text.to_owned()),
            Err(_) => Written::Base64(STANDARD.encode(bytes)),
        })
        .serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<u8>>, D::Error> {
    match Option::<Written>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Written::Text(text)) => Ok(Some(text.into_bytes())),
        Some(Written::Base64(text)) => STANDARD
            .decode(text)
            .map(Some)
            .map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Position;

    #[test]
    fn cursors_of_text_and_of_bytes_come_back_the_same() {
        for cursor in [&b"1{\"a\":2}"[..], &[1, 0, b'x'], &[2, 0xff, 0xfe], &[]] {
            let position = Position {
                next: Some(cursor.to_vec()),
                ..Position::default()
            };
            let json = serde_json::to_string(&position).unwrap();
            assert_eq!(
                serde_json::from_str::<Position>(&json).unwrap(),
                position,
                "{json}"
            );
        }
        let readable = Position {
            checkpoint: Some(b"1abc".to_vec()),
            ..Position::default()
        };
        assert!(
            serde_json::to_string(&readable)
                .unwrap()
                .contains(r#"{"text":"1abc"}"#)
        );
    }
}
