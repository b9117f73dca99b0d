//! Texts.

use super::{Item, Odd, Pass, argument};
use crate::letters::{lower_of, upper_of};
use crate::prelude::*;
use records::search;

/// The characters of a text.
fn characters<'i>(item: &'i Item) -> &'i str {
    match item {
        Item::Text(text) | Item::Json(text) => text,
    }
}

pub fn trim<'a>(_: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let trimmed = characters(&item).trim();
    if trimmed.len() == characters(&item).len() {
        return Ok(item);
    }
    Ok(Item::text(trimmed.to_owned()))
}

pub fn lower<'a>(_: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let text = characters(&item);
    // Most e-mail addresses are already.
    let lower = text
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if lower {
        return Ok(item);
    }
    Ok(Item::text(text.chars().map(lower_of).collect::<String>()))
}

pub fn upper<'a>(_: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let text = characters(&item).replace('ß', "SS");
    Ok(Item::text(text.chars().map(upper_of).collect::<String>()))
}

/// The first word of a name, or everything behind it.
pub fn split_name<'a>(arguments: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let name = characters(&item).trim();
    let (first, last) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
    let part = match argument(arguments, 0) {
        "last" => last.trim_start(),
        _ => first,
    };
    Ok(match part {
        "" => Item::NULL,
        part => Item::text(part.to_owned()),
    })
}

/// At most so many characters, an ending among them where some are cut.
pub fn truncate<'a>(arguments: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let most: usize = argument(arguments, 1).parse().map_err(|_| Odd)?;
    let text = characters(&item);
    if text.len() <= most || search::characters(text) <= most {
        return Ok(item);
    }
    let ending: String = argument(arguments, 0).chars().take(most).collect();
    let kept = most - search::characters(&ending);
    let mut cut: String = text.chars().take(kept).collect();
    cut.push_str(&ending);
    Ok(Item::text(cut))
}

/// Text without markup; pictures are their addresses.
pub fn html_to_text<'a>(_: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    match &item {
        Item::Text(text) => Ok(Item::text(records::html::with_pictures(text))),
        Item::Json(_) => Err(Odd),
    }
}

/// A name for machines: letters and digits of ASCII, `-` and `_`; everything else becomes `_`.
pub fn slug<'a>(_: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let one = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => letter,
        _ => '_',
    };
    Ok(Item::text(
        characters(&item).chars().map(one).collect::<String>(),
    ))
}
