//! Numbers, truth values, and tables of values.

use super::{Item, Odd, Pass, argument};
use crate::json;
use crate::json::Reader;
use crate::mapping::condition::{same, written};
use crate::mapping::path::Type;
use crate::prelude::*;

/// A number, or a text that is one.
pub fn number<'a>(_: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let Item::Text(text) = &item else {
        return match item.kind() {
            Type::Number => Ok(item),
            _ => Err(Odd),
        };
    };
    let digits = text.trim();
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    if digits.is_empty() {
        return Ok(Item::NULL);
    }
    let mut reader = Reader::new(digits);
    let whole = Type::of(digits) == Type::Number
        && reader.value().is_ok_and(|place| place == (0..digits.len()));
    match whole {
        true => Ok(Item::json(digits.to_owned())),
        false => Err(Odd),
    }
}

/// A truth value, or a text or number that means one.
pub fn boolean<'a>(_: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let text = match &item {
        Item::Text(text) => text.trim().to_ascii_lowercase(),
        Item::Json(json) => json.to_string(),
    };
    match text.as_str() {
        "true" | "yes" | "on" | "1" => Ok(Item::json("true")),
        "false" | "no" | "off" | "0" => Ok(Item::json("false")),
        "" => Ok(Item::NULL),
        _ => Err(Odd),
    }
}

/// A text: a number or truth value as it is written.
pub fn text<'a>(_: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    match item {
        Item::Text(_) => Ok(item),
        Item::Json(json) => match Type::of(&json) {
            Type::Number | Type::Boolean => Ok(Item::text(json)),
            _ => Err(Odd),
        },
    }
}

/// The value that a table has for this one. A list in the table gives its items where the values of a list are mapped.
pub fn map<'a>(arguments: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let value = item.written();
    let mut entries = arguments.get(1..).unwrap_or_default().chunks(2);
    let found = entries.find(|entry| same(argument(entry, 0), &value));
    let found = found.map_or_else(|| argument(arguments, 0), |entry| argument(entry, 1));
    match Item::of(found) {
        Item::Json(json) if json.is_empty() => Err(Odd),
        Item::Json(json) => Ok(Item::json(json.into_owned())),
        Item::Text(text) => Ok(Item::text(text.into_owned())),
    }
}

/// The arguments of the table read the other way, where every result is the result of one value only.
pub fn undone(arguments: &[String]) -> Option<Vec<String>> {
    let (otherwise, table) = arguments.split_first()?;
    let results = || table.chunks(2).map(|entry| argument(entry, 1)).zip(0..);
    let unclear = results().any(|(result, at)| {
        let twice = results().take(at).any(|(other, _)| other == result);
        twice || matches!(Type::of(result), Type::Any | Type::List | Type::Object)
    });
    if unclear || !otherwise.is_empty() {
        return None;
    }
    let turned = table
        .chunks(2)
        .flat_map(|entry| [argument(entry, 1).to_owned(), argument(entry, 0).to_owned()]);
    Some([String::new()].into_iter().chain(turned).collect())
}

/// A table of a mapping as arguments: what is mapped, and to what.
pub fn table(object: &json::Object) -> Vec<String> {
    let entries = object.0.iter();
    entries
        .flat_map(|(from, to)| [json::quoted(from), written(to)])
        .collect()
}
