//! Normalisation of records by patch lists: a record is checked in passing, only the values whose form differs from the
//! declared type are rewritten, everything between them is copied as it came. No tree of values is built.

use crate::prelude::*;
use alloc::borrow::Cow;
use core::cell::RefCell;
use core::ops::Range;

use crate::bytes::{leading_digits, same};
use crate::timestamp::{self, NoTime};
use crate::{Field, Invalid, Kind, Name, Reader, unescaped};

/// What records of one kind are declared to be.
#[derive(Clone, Debug)]
pub struct Shape {
    fields: &'static [Field],
    /// Where the fields of the key are among the declared fields.
    key: Vec<Option<usize>>,
    /// Where the cursor field is.
    cursor: Option<usize>,
    /// For each field, whether an entry needs it.
    noted: Vec<bool>,
    /// Whether rows of other streams stay where they are embedded.
    embedded: bool,
    /// Whether they are given beside the record.
    aside: bool,
    /// Whether it is told where values are.
    placed: bool,
    /// A member that is put before the record's own; empty: none.
    first: String,
    /// Memory for a payload.
    spare: RefCell<String>,
}

/// Where in a payload a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// Where it begins.
    pub start: usize,
    /// Where it ends; 0: there is none.
    pub end: usize,
    /// Where, among all places, those of its own fields begin, if it is an object that has some declared; 0: they are not known.
    pub fields: usize,
}

/// The most places before an object whose fields' places are told. No kind of record has as many, unless a name comes twice.
const MOST_PLACES: usize = 500;

/// A record in its canonical form, with what an entry needs of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalized {
    /// The fields of the key, as far as the record has them.
    pub key: Vec<Option<String>>,
    /// The cursor field in Unix seconds.
    pub updated_at: Option<i64>,
    /// The canonical JSON.
    pub payload: String,
    /// Declared fields whose value could not be read as their type and was left as it came.
    pub odd: Vec<&'static str>,
    /// Fields that are not declared, by their dotted paths.
    pub unknown: Vec<String>,
    /// The rows of another stream that the record embeds, as they came, where they are asked for.
    pub aside: Option<String>,
    /// Where in the payload the values of the declared fields are, in the order of these, and behind them those of their own
    /// fields, if that was asked for.
    pub places: Vec<Place>,
}

impl Shape {
    /// Records with these fields, some of which are the key, and one the time of change.
    pub fn new(fields: &'static [Field], key: &[&str], cursor: Option<&str>) -> Self {
        let place = |name: &str| {
            fields
                .iter()
                .position(|field| same(field.name().as_bytes(), name.as_bytes()))
        };
        let key: Vec<Option<usize>> = key.iter().map(|name| place(name)).collect();
        let cursor = cursor.and_then(place);
        let mut noted = vec![false; fields.len()];
        for index in key.iter().chain([&cursor]).flatten() {
            noted[*index] = true;
        }
        Self {
            fields,
            key,
            cursor,
            noted,
            embedded: false,
            aside: false,
            placed: false,
            first: String::new(),
            spare: RefCell::default(),
        }
    }

    /// The same, with a member (as it is written in JSON) put before the record's own.
    pub fn with_first(self, first: String) -> Self {
        Self { first, ..self }
    }

    /// The same, with rows of other streams given beside the record.
    pub fn with_aside(self) -> Self {
        Self {
            aside: true,
            ..self
        }
    }

    /// The same, with rows of other streams left where they are embedded.
    pub fn with_embedded(self) -> Self {
        Self {
            embedded: true,
            ..self
        }
    }

    /// The same, and it is told where the values are: who looks for some of them need not read the record again.
    pub fn with_places(self) -> Self {
        Self {
            placed: true,
            ..self
        }
    }

    /// Takes a payload that nobody needs any more: its memory becomes that of the next one.
    pub fn reuse(&self, payload: String) {
        self.spare.replace(payload);
    }

    /// Normalises the value that comes next; nothing when it is no object.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn read(&self, reader: &mut Reader) -> Result<Option<Normalized>, Invalid> {
        if reader.peek()? != b'{' {
            return reader.value().map(|_| None);
        }
        let start = reader.place();
        let mut pass = Pass {
            shape: self,
            patches: Vec::new(),
            odd: Vec::new(),
            unknown: Vec::new(),
            key: vec![None; self.key.len()],
            updated_at: None,
            aside: None,
            placed: self.placed && self.first.is_empty(),
            places: Vec::new(),
            moved: 0_usize.wrapping_sub(start),
        };
        pass.object(self.fields, reader, None)?;
        let document = reader.text().get(start..reader.place()).unwrap_or_default();
        Ok(Some(Normalized {
            payload: pass.apply(document, start),
            key: pass.key,
            updated_at: pass.updated_at,
            odd: pass.odd,
            unknown: pass.unknown,
            aside: pass.aside,
            places: pass.places,
        }))
    }
}

/// A span of the text and what stands there instead.
struct Patch {
    start: usize,
    end: usize,
    text: Cow<'static, str>,
}

/// What is found on the way through one record.
struct Pass<'n> {
    shape: &'n Shape,
    patches: Vec<Patch>,
    odd: Vec<&'static str>,
    unknown: Vec<String>,
    key: Vec<Option<String>>,
    updated_at: Option<i64>,
    aside: Option<String>,
    /// Whether it is told where values are; and where they are.
    placed: bool,
    places: Vec<Place>,
    /// What has to be added to a place of the document for that of the payload.
    moved: usize,
}

impl Pass<'_> {
    /// Takes an object. Gives where the places of its fields begin; 0 where somebody who looks for them has to read it, for they
    /// are not told, or are not all that a path can lead to.
    fn object(
        &mut self,
        fields: &'static [Field],
        reader: &mut Reader,
        within: Option<&'static str>,
    ) -> Result<usize, Invalid> {
        let first = self.places.len();
        let placed = self.placed && first <= MOST_PLACES;
        if placed {
            self.places.resize(first + fields.len(), Place::default());
        }
        let mut all = placed;
        // Objects of one kind list their fields in one order: the next field is nearly always the one expected.
        let mut expected = 0;
        let mut more = reader.open(b'{', b'}')?;
        while more {
            let written = fields.get(expected).map(|field| field.written);
            if !written.is_some_and(|written| reader.take_expected(written)) {
                let name = reader.name()?;
                let Some(index) = find(fields, expected, name) else {
                    all = false;
                    self.note_unknown(name, within);
                    reader.value()?;
                    more = !reader.is_last(b'}')?;
                    continue;
                };
                expected = index;
            }
            reader.peek()?;
            let start = self.moved.wrapping_add(reader.place());
            // The one place that takes a value, so that it is compiled into this loop.
            let inner = self.field(fields, expected, reader, within)?;
            if placed && let Some(place) = self.places.get_mut(first + expected) {
                all &= place.end == 0;
                *place = Place {
                    start,
                    end: self.moved.wrapping_add(reader.place()),
                    fields: inner,
                };
            }
            expected += 1;
            more = !reader.is_last(b'}')?;
        }
        Ok(if all { first } else { 0 })
    }

    /// Takes the value of a field. Gives what [`Pass::object`] gives.
    #[inline(always)]
    fn field(
        &mut self,
        fields: &'static [Field],
        index: usize,
        reader: &mut Reader,
        within: Option<&'static str>,
    ) -> Result<usize, Invalid> {
        let field = &fields[index];
        let first = reader.peek()?;
        match (*field.kind, first) {
            (Kind::Nested(inner), b'{') => return self.object(inner, reader, Some(field.name())),
            (Kind::Elsewhere, _) if self.shape.embedded || self.shape.aside => {
                return self.elsewhere(reader).map(|()| 0);
            }
            (Kind::Attributes | Kind::Object | Kind::List | Kind::Nested(_) | Kind::Any, _) => {
                return reader.value().map(|_| 0);
            }
            _ => {}
        }
        let noted = within.is_none() && self.shape.noted.get(index) == Some(&true);
        // Most values are text or null, which needs no second look.
        if !noted && (first == b'n' || (*field.kind == Kind::Text && first == b'"')) {
            return reader.scalar(first).map(|()| 0);
        }
        let place = reader.value()?;
        let json = reader.text().get(place.clone()).unwrap_or_default();
        if noted {
            self.note(index, json);
        }
        match canonical(*field.kind, json) {
            Ok(None) => {}
            Ok(Some(text)) => self.patch(place, text),
            Err(Odd) => {
                if !self.odd.contains(&field.name()) {
                    self.odd.push(field.name());
                }
            }
        }
        Ok(0)
    }

    /// Takes rows of another stream.
    #[cold]
    fn elsewhere(&mut self, reader: &mut Reader) -> Result<(), Invalid> {
        let place = reader.value()?;
        let json = reader.text().get(place.clone()).unwrap_or_default();
        if json == "null" {
            return Ok(());
        }
        if self.shape.aside {
            self.aside = Some(json.to_owned());
        }
        if !self.shape.embedded {
            self.patch(place, Cow::Borrowed("null"));
        }
        Ok(())
    }

    /// Notes what has to stand in place of a value.
    fn patch(&mut self, Range { start, end }: Range<usize>, text: Cow<'static, str>) {
        self.moved = self
            .moved
            .wrapping_add(text.len())
            .wrapping_sub(end - start);
        self.patches.push(Patch { start, end, text });
    }

    #[cold]
    fn note_unknown(&mut self, name: Name, within: Option<&'static str>) {
        let name = name.unescaped();
        self.unknown.push(match within {
            Some(within) => format!("{within}.{name}"),
            None => name,
        });
    }

    /// Notes a field that the entry needs.
    fn note(&mut self, index: usize, json: &str) {
        if self.shape.cursor == Some(index) {
            self.updated_at = timestamp::parse(json).unwrap_or(None);
        }
        let part = self
            .shape
            .key
            .iter()
            .position(|place| *place == Some(index));
        if let Some(part) = part {
            let text = match json.as_bytes().first() {
                Some(b'"') => json.get(1..json.len() - 1).and_then(unescaped),
                Some(b'0'..=b'9' | b'-') => Some(json.to_owned()),
                _ => None,
            };
            self.key[part] = text.filter(|text| !text.is_empty());
        }
    }

    /// Patches are found in the order of the text, since it is read once from front to back.
    fn apply(&self, document: &str, offset: usize) -> String {
        let first = &*self.shape.first;
        let grown: usize = self.patches.iter().map(|patch| patch.text.len()).sum();
        let mut out = self.shape.spare.take();
        out.clear();
        out.reserve(document.len() + grown + first.len() + 1);
        let mut done = 0;
        if let Some(own) = document.get(1..).filter(|_| !first.is_empty()) {
            out.push('{');
            out.push_str(first);
            if !own.trim_ascii_start().starts_with('}') {
                out.push(',');
            }
            done = 1;
        }
        for patch in &self.patches {
            let as_it_came = document.get(done..patch.start - offset);
            out.push_str(as_it_came.unwrap_or_default());
            out.push_str(&patch.text);
            done = patch.end - offset;
        }
        out.push_str(document.get(done..).unwrap_or_default());
        out
    }
}

/// The declared field of a name, looked for from the expected place on, then before it.
fn find(fields: &[Field], expected: usize, name: Name) -> Option<usize> {
    let (before, after) = fields.split_at(expected.min(fields.len()));
    let index = after.iter().position(|field| name.is(field.name()));
    index
        .map(|index| index + before.len())
        .or_else(|| before.iter().position(|field| name.is(field.name())))
}

/// A value that cannot be read as the declared type.
struct Odd;

/// What must stand in place of a value: nothing (`Ok(None)`) when its form is the declared one already.
fn canonical(kind: Kind, json: &str) -> Result<Option<Cow<'static, str>>, Odd> {
    let first = json.as_bytes().first().copied().unwrap_or(b'n');
    if first == b'n' {
        return Ok(None);
    }
    match kind {
        Kind::Text => match first {
            b'"' => Ok(None),
            b'{' | b'[' => Err(Odd),
            _ => Ok(Some(Cow::Owned(["\"", json, "\""].joined("")))),
        },
        Kind::Reference => match json {
            "0" | "\"0\"" | "\"\"" => Ok(Some(Cow::Borrowed("null"))),
            _ => canonical(Kind::Text, json),
        },
        Kind::Epoch => {
            if is_integer(json) {
                return Ok(None);
            }
            let text = match timestamp::parse(json).map_err(|NoTime| Odd)? {
                Some(seconds) => Cow::Owned(seconds.to_string()),
                None => Cow::Borrowed("null"),
            };
            Ok(Some(text))
        }
        Kind::Integer => match json.as_bytes() {
            _ if is_integer(json) => Ok(None),
            b"\"\"" => Ok(Some(Cow::Borrowed("null"))),
            [b'"', inner @ .., b'"'] if core::str::from_utf8(inner).is_ok_and(is_integer) => {
                Ok(Some(Cow::Owned(json[1..json.len() - 1].to_owned())))
            }
            // A fraction is kept: cutting it would invent a value.
            [b'0'..=b'9' | b'-', ..] => Ok(None),
            _ => Err(Odd),
        },
        Kind::Boolean => match json {
            "true" | "false" => Ok(None),
            "\"true\"" => Ok(Some(Cow::Borrowed("true"))),
            "\"false\"" => Ok(Some(Cow::Borrowed("false"))),
            _ => Err(Odd),
        },
        Kind::Wrapped(&(name, field)) => match first {
            b'{' => Ok(None),
            b'"' if json == "\"\"" => Ok(Some(Cow::Borrowed("null"))),
            b'"' => Ok(Some(Cow::Owned(format!(
                "{{\"type\":\"{name}\",\"{field}\":{json}}}"
            )))),
            _ => Err(Odd),
        },
        Kind::Elsewhere => Ok(Some(Cow::Borrowed("null"))),
        Kind::Attributes | Kind::Object | Kind::List | Kind::Nested(_) | Kind::Any => Ok(None),
    }
}

/// Whether this is a JSON integer that fits 64 bits.
fn is_integer(json: &str) -> bool {
    let digits = json.strip_prefix('-').unwrap_or(json);
    !digits.is_empty()
        && digits.len() <= 18
        && leading_digits(digits.as_bytes()) == digits.len()
        && (digits.len() == 1 || !digits.starts_with('0'))
}
