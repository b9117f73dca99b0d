//! A conversation as text, in order.

use crate::prelude::*;
use alloc::borrow::Cow;

use records::values_at;

use super::time::iso_date;
use super::{Item, Odd, Pass, each};
use records::html::with_pictures;

/// What is looked at of a message, sorted.
const MEMBERS: [&str; 5] = [
    "author.name",
    "author.type",
    "body",
    "created_at",
    "part_type",
];

/// The messages among a list of them: who wrote each and when, and its text without markup. What says nothing (somebody was
/// assigned, the conversation was closed) is left out; notes are marked, since they were not for the requester.
pub fn transcript<'a>(_: &[String], item: Item<'a>, pass: &mut Pass) -> Result<Item<'a>, Odd> {
    let mut messages: Vec<(i64, String)> = Vec::new();
    let Item::Json(list) = &item else {
        return Err(Odd);
    };
    each(list, |message| {
        let values = values_at(&MEMBERS, message);
        let Ok([name, kind, body, at, part]) = values.as_deref() else {
            return;
        };
        let body = text(*body)
            .map(|body| with_pictures(&body))
            .unwrap_or_default();
        if body.is_empty() {
            return;
        }
        let at = at.unwrap_or("null");
        let author = text(*name).or_else(|| text(*kind));
        let author = author.unwrap_or_default();
        let note = match text(*part).as_deref() {
            Some("note") => " (note)",
            _ => "",
        };
        let comma = if author.is_empty() && note.is_empty() {
            ""
        } else {
            ", "
        };
        let when = match iso_date(&[], Item::of(at), pass) {
            Ok(Item::Text(time)) => format!("{comma}{time}"),
            _ => String::new(),
        };
        let second = at.parse().unwrap_or(i64::MIN);
        // Most come in order already; those of one second stay in theirs.
        let after = messages.iter().rposition(|message| message.0 <= second);
        let message = [&*author, note, &*when, ":\n", &*body].joined("");
        messages.insert(after.map_or(0, |at| at + 1), (second, message));
    });
    let texts: Vec<String> = messages.into_iter().map(|message| message.1).collect();
    Ok(match texts.is_empty() {
        true => Item::NULL,
        false => Item::text(texts.joined("\n\n")),
    })
}

/// A text that is not empty.
fn text(value: Option<&str>) -> Option<Cow<'_, str>> {
    match Item::of(value?) {
        Item::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}
