//! Transforms: what a pipeline does with a value. A row of the table for each; code for what a row means.

mod lists;
mod mask;
mod phone;
mod seal;
mod text;
mod time;
mod transcript;
mod values;

use crate::prelude::*;
use alloc::borrow::Cow;

pub use mask::hidden;
pub use phone::is_country;
pub use seal::{SECRET_CHARACTERS, public_key};
pub use values::table;

use super::path::Type;
use crate::json::{self, Reader, quoted, unescaped};
use crate::mapping::packed::{Packer, Unpacker};
use records::is_written_plainly;

/// A value on its way through a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<'a> {
    /// The characters of a text.
    Text(Cow<'a, str>),
    /// Any other value, as it is written.
    Json(Cow<'a, str>),
}

impl<'a> Item<'a> {
    /// No value.
    pub const NULL: Item<'static> = Item::Json(Cow::Borrowed("null"));

    /// A value as it is written.
    pub fn of(json: &'a str) -> Self {
        let json = json.trim_ascii();
        let inside = match json.as_bytes() {
            [b'"', .., b'"'] => json.get(1..json.len() - 1),
            _ => None,
        };
        match inside {
            Some(inside) if is_written_plainly(inside) => Self::Text(Cow::Borrowed(inside)),
            Some(inside) => match unescaped(inside) {
                Some(text) => Self::Text(Cow::Owned(text)),
                None => Self::Json(Cow::Borrowed(json)),
            },
            None => Self::Json(Cow::Borrowed(json)),
        }
    }

    /// A text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A value that is written already.
    pub fn json(json: impl Into<Cow<'a, str>>) -> Self {
        Self::Json(json.into())
    }

    /// Its type; `null` is of any.
    pub fn kind(&self) -> Type {
        match self {
            Self::Text(_) => Type::Text,
            Self::Json(json) => Type::of(json),
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Json(json) if json == "null")
    }

    /// Whether it is a value that counts.
    pub fn is_filled(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Json(json) => json != "null" && json != "[]",
        }
    }

    /// The value as it is written.
    pub fn written(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Owned(quoted(text)),
            Self::Json(json) => Cow::Borrowed(json),
        }
    }
}

/// A value that a transform cannot take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odd;

/// How a transform is undone: with a value that it would make the same of again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// By nothing: its results stay what they are.
    Nothing,
    /// By the transform of this name, with the same arguments.
    With(&'static str),
    /// By the table read the other way.
    Table,
    /// It cannot be: what it took is not in what it gave.
    Never,
}

/// What stands behind a transform's name, or behind the name of its option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Nothing.
    Nothing,
    /// A text that may be left out.
    Text(&'static str),
    /// A text that has to be there.
    Needed,
    /// A whole number.
    Number,
    /// One of these names; the first one may be left out.
    Choice(&'static [&'static str]),
    /// One or several of these names.
    Choices(&'static [&'static str]),
    /// A table from texts to values.
    Table,
    /// A table from names to the names of fields.
    Names,
    /// An object with one member.
    One,
    /// Any value; may be left out.
    Value,
}

/// The pass of a record's value through a pipeline.
#[derive(Debug)]
pub struct Pass<'k> {
    /// The key of the record.
    pub key: &'k str,
    /// Whether something of the value was left out that a transform cannot take.
    pub odd: bool,
}

impl<'k> Pass<'k> {
    /// One that left nothing out yet.
    pub fn of(key: &'k str) -> Self {
        Self { key, odd: false }
    }
}

/// What a transform does: its arguments, a value that is not null, and the pass that it belongs to.
type Run = for<'a> fn(&[String], Item<'a>, &mut Pass) -> Result<Item<'a>, Odd>;

/// A transform: a row of the table.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What stands behind its name.
    pub main: Shape,
    /// A further key beside its name.
    pub option: Option<(&'static str, Shape)>,
    /// What it takes.
    pub takes: Type,
    /// What it gives.
    pub gives: Type,
    /// How it is undone.
    pub undo: Undo,
    /// What it does.
    run: Run,
}

const fn row(
    name: &'static str,
    main: Shape,
    takes: Type,
    gives: Type,
    undo: Undo,
    run: Run,
) -> Row {
    Row {
        name,
        main,
        option: None,
        takes,
        gives,
        undo,
        run,
    }
}

const fn with(row: Row, option: &'static str, shape: Shape) -> Row {
    Row {
        option: Some((option, shape)),
        ..row
    }
}

/// All transforms. The compiled form names them by their place: new ones go to the end.
#[rustfmt::skip]
pub const TRANSFORMS: &[Row] = &[
    row("trim", Shape::Nothing, Type::Text, Type::Text, Undo::Nothing, text::trim),
    row("lower", Shape::Nothing, Type::Text, Type::Text, Undo::Nothing, text::lower),
    row("upper", Shape::Nothing, Type::Text, Type::Text, Undo::Nothing, text::upper),
    row("split_name", Shape::Choice(&["first", "last"]), Type::Text, Type::Text, Undo::Never, text::split_name),
    with(row("join", Shape::Text(" "), Type::List, Type::Text, Undo::With("split"), lists::join), "of", Shape::Text("")),
    row("split", Shape::Needed, Type::Text, Type::List, Undo::With("join"), lists::split),
    row("phone", Shape::Text(""), Type::Any, Type::Text, Undo::Nothing, phone::e164),
    row("iso_date", Shape::Choice(&["second", "day"]), Type::Any, Type::Text, Undo::With("epoch"), time::iso_date),
    row("epoch", Shape::Choice(&["second", "day"]), Type::Any, Type::Number, Undo::With("iso_date"), time::epoch),
    row("number", Shape::Nothing, Type::Any, Type::Number, Undo::Nothing, values::number),
    row("boolean", Shape::Nothing, Type::Any, Type::Boolean, Undo::Nothing, values::boolean),
    row("text", Shape::Nothing, Type::Any, Type::Text, Undo::Nothing, values::text),
    with(row("map", Shape::Table, Type::Any, Type::Any, Undo::Table, values::map), "otherwise", Shape::Value),
    with(row("find", Shape::One, Type::List, Type::Any, Undo::Never, lists::find), "value", Shape::Text("")),
    row("pluck", Shape::Needed, Type::List, Type::List, Undo::Never, lists::pluck),
    row("pick", Shape::Names, Type::Any, Type::Any, Undo::Never, lists::pick),
    row("html_to_text", Shape::Nothing, Type::Text, Type::Text, Undo::Never, text::html_to_text),
    with(row("truncate", Shape::Number, Type::Text, Type::Text, Undo::Never, text::truncate), "ending", Shape::Text("")),
    row("slug", Shape::Nothing, Type::Text, Type::Text, Undo::Nothing, text::slug),
    row("hash", Shape::Needed, Type::Any, Type::Text, Undo::Never, seal::hash),
    with(row("encrypt", Shape::Needed, Type::Any, Type::Text, Undo::Never, seal::encrypt), "secret", Shape::Needed),
    row("mask", Shape::Choices(mask::KINDS), Type::Text, Type::Text, Undo::Never, mask::mask),
    row("transcript", Shape::Nothing, Type::List, Type::Text, Undo::Never, transcript::transcript),
    row("elapsed", Shape::Nothing, Type::List, Type::Number, Undo::Never, time::elapsed),
];

/// A transform with its arguments: that of the option first, where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    row: usize,
    arguments: Vec<String>,
}

impl Step {
    /// The transform of a name, with arguments that fit it.
    pub fn new(name: &str, arguments: Vec<String>) -> Option<Self> {
        let row = TRANSFORMS.iter().position(|row| row.name == name)?;
        Some(Self { row, arguments })
    }

    /// Its row of the table.
    pub fn row(&self) -> &'static Row {
        &TRANSFORMS[self.row.min(TRANSFORMS.len() - 1)]
    }

    /// Whether it takes all values of a rule's paths, as a list.
    pub fn takes_all(&self) -> bool {
        matches!(self.row().name, "join" | "transcript" | "elapsed")
    }

    /// The type of what it makes of a value of this type. What is made for single values is applied to each item of a list.
    pub fn makes_of(&self, took: Type) -> Type {
        match took == Type::List && self.row().takes != Type::List {
            true => Type::List,
            false => self.row().gives,
        }
    }

    /// Applies it. What is made for single values is applied to each item of a list; items of which it makes nothing are
    /// left out, and told where it cannot take them. Of a list, a table chooses: what is not in it is no error.
    ///
    /// # Errors
    /// When it cannot take the value, or nothing of it.
    pub fn run<'a>(&self, item: Item<'a>, pass: &mut Pass) -> Result<Item<'a>, Odd> {
        let row = self.row();
        let made = match &item {
            Item::Json(list) if row.takes != Type::List && item.kind() == Type::List => {
                let mut made = Vec::new();
                each(list, |json| match self.of_single(Item::of(json), pass) {
                    Ok(one) if one.is_null() => {}
                    Ok(one) => made.push(one.written().into_owned()),
                    Err(Odd) => pass.odd |= row.main != Shape::Table,
                });
                Ok(Item::json(json::list(made.into_iter())))
            }
            _ => self.of_single(item, pass),
        };
        match made {
            Ok(item) if pass.odd && !item.is_filled() => Err(Odd),
            made => made,
        }
    }

    /// The same for a value that is taken as it is.
    fn of_single<'a>(&self, item: Item<'a>, pass: &mut Pass) -> Result<Item<'a>, Odd> {
        let row = self.row();
        if item.is_null() {
            return Ok(item);
        }
        match row.takes.fits(item.kind()) {
            true => (row.run)(&self.arguments, item, pass),
            false => Err(Odd),
        }
    }

    /// The step that undoes it.
    ///
    /// # Errors
    /// Why there is none.
    pub fn undone(&self) -> Result<Option<Self>, &'static str> {
        match self.row().undo {
            Undo::Nothing => Ok(None),
            Undo::With(name) => Ok(Self::new(
                name,
                // `join` has an option before its separator.
                match name {
                    "join" => vec![String::new(), self.arguments.joined("")],
                    "split" => self.arguments.get(1..).unwrap_or_default().to_vec(),
                    _ => self.arguments.clone(),
                },
            )
            .filter(|_| name != "split" || self.arguments.first().is_some_and(String::is_empty))
            .filter(|_| name != "split" || self.arguments.get(1).is_some_and(|one| !one.is_empty()))
            .map(Some)
            .ok_or("what it joins cannot be told apart again")?),
            Undo::Table => values::undone(&self.arguments)
                .and_then(|arguments| Self::new("map", arguments))
                .map(Some)
                .ok_or("two entries of its table have the same result, or it has an `otherwise`"),
            Undo::Never => Err("what it took is not in what it gives"),
        }
    }

    /// Packs it.
    pub fn pack(&self, packer: &mut Packer) {
        packer.number(self.row);
        packer.texts(&self.arguments);
    }

    /// Reads what [`Step::pack`] wrote.
    pub fn unpack(unpacker: &mut Unpacker) -> Option<Self> {
        let row = unpacker.number()?;
        let arguments = unpacker.texts()?;
        (row < TRANSFORMS.len()).then_some(Self { row, arguments })
    }
}

/// Calls back with each item of a list, as it is written.
pub fn each<'a>(list: &'a str, mut item: impl FnMut(&'a str)) {
    each_of(list, &mut item);
}

/// The same, once in the component.
fn each_of<'a>(list: &'a str, item: &mut dyn FnMut(&'a str)) {
    let read = Reader::new(list).list(&mut |reader| {
        let place = reader.value()?;
        item(list.get(place).unwrap_or_default());
        Ok(())
    });
    // What is in a record is JSON; of anything else there are no items.
    read.unwrap_or_default();
}

/// An argument.
fn argument(arguments: &[String], at: usize) -> &str {
    arguments.get(at).map_or("", String::as_str)
}

#[cfg(test)]
mod tests;
