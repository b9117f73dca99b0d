//! The envelope of a notification, read in one pass: the item inside it is checked and left as it stands.

use crate::intercom::timestamp;
use crate::json::{self, Invalid, Outline, Reader, unescaped};
use crate::prelude::*;

/// What an envelope says.
#[derive(Debug, Default, PartialEq)]
pub struct Notification<'a> {
    /// The notification's id; some topics have none.
    pub id: Option<String>,
    /// What it is about.
    pub topic: String,
    /// The workspace's id.
    pub app_id: Option<String>,
    /// When it was made, in Unix seconds.
    pub created_at: Option<i64>,
    /// The item; absent when it is null or there is none.
    pub item: Option<Outline<'a>>,
}

impl<'a> Notification<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// What is wrong with it and where, in words that hold none of its content.
    pub fn read(body: &'a [u8]) -> Result<Self, String> {
        let text = json::text(body)?;
        let mut notification = Self::default();
        let mut reader = Reader::new(text);
        let object = matches!(reader.peek(), Ok(b'{'));
        let read = match object {
            true => notification.members(&mut reader),
            false => reader.value().map(drop),
        };
        if let Err(Invalid { at }) = read.and_then(|()| reader.end()) {
            return Err(format!("it is not JSON (byte {at} of {})", text.len()));
        }
        if notification.topic.is_empty() {
            return Err("it is no object with a `topic`".to_owned());
        }
        Ok(notification)
    }

    fn members(&mut self, reader: &mut Reader<'a>) -> Result<(), Invalid> {
        let text = reader.text();
        reader.object(&mut |reader, name| {
            if name.is("data") && reader.peek()? == b'{' {
                return reader.object(&mut |reader, name| {
                    if !name.is("item") {
                        return reader.value().map(drop);
                    }
                    self.item = Some(Outline::next(reader)?).filter(|item| item.text != "null");
                    Ok(())
                });
            }
            let json = text.get(reader.value()?).unwrap_or_default();
            if name.is("topic") {
                self.topic = word(json).unwrap_or_default();
            } else if name.is("id") {
                self.id = word(json);
            } else if name.is("app_id") {
                self.app_id = word(json);
            } else if name.is("created_at") {
                self.created_at = timestamp::parse(json).unwrap_or_default();
            }
            Ok(())
        })
    }
}

/// A text that is not empty.
fn word(json: &str) -> Option<String> {
    let written = json.strip_prefix('"')?.strip_suffix('"')?;
    unescaped(written).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_in_any_order_and_the_last_one_rules() {
        let body = br#" {"topic":"x","data":{"item":{"a":[1]}, "type":"t"},"id":null,"t\u006fpic":"contact.created","app_id":"w","created_at":"2024-06-27T12:52:57Z"} "#;
        let notification = Notification::read(body).unwrap();
        assert_eq!(
            notification,
            Notification {
                id: None,
                topic: "contact.created".into(),
                app_id: Some("w".into()),
                created_at: Some(1_719_492_777),
                item: Some(Outline::next(&mut Reader::new(r#"{"a":[1]}"#)).unwrap()),
            }
        );
    }

    #[test]
    fn nothing_but_a_notification_is_read() {
        for (body, reason) in [
            (&b""[..], "it is not JSON (byte 0 of 0)"),
            (b"\xff", "it is not UTF-8"),
            (br#"{"topic":"x"} {"#, "it is not JSON (byte 14 of 15)"),
            (br#"{"topic":"x""#, "it is not JSON (byte 12 of 12)"),
            (br#"["topic"]"#, "it is no object with a `topic`"),
            (br#"{"topic":7}"#, "it is no object with a `topic`"),
            (br#"{"id":"x"}"#, "it is no object with a `topic`"),
        ] {
            assert_eq!(Notification::read(body).unwrap_err(), reason);
        }
        for data in ["null", "[]", "{}", r#"{"item":null}"#] {
            let body = format!(r#"{{"topic":"x","data":{data}}}"#);
            assert_eq!(Notification::read(body.as_bytes()).unwrap().item, None);
        }
    }
}
