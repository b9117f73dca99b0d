//! A conversation as text, in order.

use super::html::plain;
use super::time::iso_date;
use super::{Item, Odd, each};
use crate::mapping::path::value_at;
use crate::prelude::*;

/// The messages among a list of them: who wrote each and when, and its text without markup. What says nothing (somebody was
/// assigned, the conversation was closed) is left out; notes are marked, since they were not for the requester.
pub fn transcript<'a>(_: &[String], item: Item<'a>, key: &str) -> Result<Item<'a>, Odd> {
    let mut messages: Vec<(i64, String)> = Vec::new();
    let Item::Json(list) = &item else {
        return Err(Odd);
    };
    each(list, |message| {
        let text = |path| match value_at(message, path).map(Item::of) {
            Some(Item::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        };
        let body = text("body").map(|body| plain(&body)).unwrap_or_default();
        if body.is_empty() {
            return;
        }
        let at = value_at(message, "created_at").unwrap_or("null");
        let author = text("author.name").or_else(|| text("author.type"));
        let author = author.unwrap_or_default();
        let note = match text("part_type").as_deref() {
            Some("note") => " (note)",
            _ => "",
        };
        let when = match iso_date(&[], Item::of(at), key) {
            Ok(Item::Text(time)) => format!(", {time}"),
            _ => String::new(),
        };
        let second = at.parse().unwrap_or(i64::MIN);
        // Most come in order already; those of one second stay in theirs.
        let after = messages.iter().rposition(|message| message.0 <= second);
        let message = format!("{author}{note}{when}:\n{body}");
        messages.insert(after.map_or(0, |at| at + 1), (second, message));
    });
    let texts: Vec<String> = messages.into_iter().map(|message| message.1).collect();
    Ok(match texts.is_empty() {
        true => Item::NULL,
        false => Item::text(texts.join("\n\n")),
    })
}
