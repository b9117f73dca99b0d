//! Lists and what is in them.

use super::{Item, Odd, Pass, argument, each};
use crate::json::{self, Members};
use crate::mapping::condition::same;
use crate::mapping::path::{Type, value_at};
use crate::prelude::*;
use records::search::parted;

/// The text of an item: of a text its characters, of a number or truth value what is written.
fn text_of(json: &str) -> Option<String> {
    match Item::of(json) {
        Item::Text(text) => Some(text.into_owned()),
        Item::Json(json) if matches!(Type::of(&json), Type::Number | Type::Boolean) => {
            Some(json.into_owned())
        }
        Item::Json(_) => None,
    }
}

fn list_of<'i>(item: &'i Item) -> &'i str {
    match item {
        Item::Json(list) => list,
        Item::Text(_) => "[]",
    }
}

/// The texts of a list's items, or of a field of theirs, with a separator between them.
pub fn join<'a>(arguments: &[String], item: Item<'a>, pass: &mut Pass) -> Result<Item<'a>, Odd> {
    let (of, separator) = (argument(arguments, 0), argument(arguments, 1));
    let mut texts = Vec::new();
    each(list_of(&item), |json| {
        let found = match of {
            "" => Some(json),
            of => value_at(json, of),
        };
        let found = found.filter(|found| *found != "null");
        let text = found.and_then(text_of);
        pass.odd |= found.is_some() && text.is_none();
        texts.extend(text.filter(|text| !text.is_empty()));
    });
    Ok(match texts.is_empty() {
        true => Item::NULL,
        false => Item::text(texts.joined(separator)),
    })
}

/// The texts between separators.
pub fn split<'a>(arguments: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let Item::Text(text) = &item else {
        return Err(Odd);
    };
    let mut parts = Vec::new();
    let mut rest = Some(&**text);
    while let Some(text) = rest {
        let (part, behind) = match parted(text, argument(arguments, 0)) {
            Some((part, behind)) => (part, Some(behind)),
            None => (text, None),
        };
        if !part.is_empty() {
            parts.push(json::quoted(part));
        }
        rest = behind;
    }
    Ok(match parts.is_empty() {
        true => Item::NULL,
        false => Item::json(json::list(parts.into_iter())),
    })
}

/// The first object of a list whose field has a value, or a field of it.
pub fn find<'a>(arguments: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let (value, field, wanted) = (
        argument(arguments, 0),
        argument(arguments, 1),
        argument(arguments, 2),
    );
    let mut found = None;
    each(list_of(&item), |json| {
        if found.is_none() && value_at(json, field).is_some_and(|known| same(wanted, known)) {
            found = match value {
                "" => Some(json.to_owned()),
                path => value_at(json, path).map(str::to_owned),
            };
        }
    });
    Ok(owned(found))
}

/// A value that is written already.
fn owned(json: Option<String>) -> Item<'static> {
    let Some(json) = json else { return Item::NULL };
    match Item::of(&json) {
        Item::Text(text) => Item::text(text.into_owned()),
        Item::Json(_) => Item::json(json),
    }
}

/// A field of each object of a list; where that is a list itself, its items.
pub fn pluck<'a>(arguments: &[String], item: Item<'a>, pass: &mut Pass) -> Result<Item<'a>, Odd> {
    let mut found = Vec::new();
    each(list_of(&item), |json| {
        pass.odd |= !matches!(Type::of(json), Type::Object | Type::Any);
        match value_at(json, argument(arguments, 0)) {
            Some(list) if list.starts_with('[') => {
                each(list, |item| found.push(item.to_owned()));
            }
            Some("null") | None => {}
            Some(value) => found.push(value.to_owned()),
        }
    });
    Ok(Item::json(json::list(found.into_iter())))
}

/// Fields of an object under other names.
pub fn pick<'a>(arguments: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    if item.kind() != Type::Object {
        return Err(Odd);
    }
    let object = list_of(&item);
    let mut members = Members::default();
    for pair in arguments.chunks(2) {
        if let Some(value) = value_at(object, argument(pair, 1)) {
            members.json(argument(pair, 0), value);
        }
    }
    Ok(Item::json(members.object()))
}
