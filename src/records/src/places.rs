//! Values at a few dotted paths of a record. Nothing is made of the paths beforehand, as [`Paths`](crate::Paths) does for many
//! records: a look at one record costs no more than reading it.

use crate::prelude::*;
use alloc::borrow::Cow;
use core::cmp::Ordering;

use crate::bytes::same;
use crate::{Field, Invalid, Kind, Place, Reader};

/// The values at paths, which are sorted and different, as they are written in the record. The paths mean what they mean to
/// [`Paths`](crate::Paths).
///
/// # Errors
/// When the record is no JSON.
pub fn values_at<'a>(paths: &[&str], record: &'a str) -> Result<Vec<Option<&'a str>>, Invalid> {
    let mut found = vec![None; paths.len()];
    pick(&mut Reader::new(record), paths, 0, &mut found)?;
    Ok(found)
}

/// The value at a path, as it is written in the record; `None` as well when the record is no JSON.
pub fn value_at<'a>(record: &'a str, path: &str) -> Option<&'a str> {
    let mut found = [None];
    pick(&mut Reader::new(record), &[path], 0, &mut found).ok()?;
    found[0]
}

/// The same of a record that came with the places of its declared fields' values: it is not read again, but for what is not
/// declared within a value. Fields of its own that are not declared are missing.
pub fn values_placed<'a>(
    paths: &[&str],
    record: &'a str,
    fields: &[Field],
    places: &[Place],
) -> Vec<Option<&'a str>> {
    let mut found = vec![None; paths.len()];
    let placed = Placed { record, places };
    placed.pick(paths, 0, fields, 0, &mut found);
    found
}

/// A record, and where its values are.
struct Placed<'a, 'p> {
    record: &'a str,
    places: &'p [Place],
}

impl<'a> Placed<'a, '_> {
    /// Picks what the paths name from this byte on: fields whose places begin at `first`.
    fn pick(
        &self,
        paths: &[&str],
        from: usize,
        fields: &[Field],
        first: usize,
        found: &mut [Option<&'a str>],
    ) {
        let mut start = 0;
        while let Some(path) = paths.get(start) {
            let rest = path.get(from..).unwrap_or_default();
            let dot = rest.bytes().position(|byte| byte == b'.');
            let name = rest.get(..dot.unwrap_or(rest.len())).unwrap_or_default();
            let behind = from + name.len();
            // They begin alike up to this name.
            let alike = |path: &&&str| {
                let path = path.as_bytes();
                let own = path.get(from..behind);
                matches!(path.get(behind), None | Some(b'.'))
                    && own.is_some_and(|own| same(own, name.as_bytes()))
            };
            let end = start + 1 + paths[start + 1..].iter().take_while(alike).count();
            let exact = path.len() == behind;
            let deeper = start + usize::from(exact)..end;
            if let Some((field, place, value)) = self.value(name, fields, first) {
                if exact {
                    found[start] = Some(value);
                }
                let from = behind + 1;
                match (paths.get(deeper.clone()), found.get_mut(deeper)) {
                    (Some(paths @ [_, ..]), Some(found)) => match (*field.kind, place.fields) {
                        (Kind::Nested(inner), first @ 1..) => {
                            self.pick(paths, from, inner, first, found);
                        }
                        _ => {
                            // It was read before.
                            let _ = pick(&mut Reader::new(value), paths, from, found);
                        }
                    },
                    _ => {}
                }
            }
            start = end;
        }
    }

    /// The value of a field, where the record has it.
    fn value<'f>(
        &self,
        name: &str,
        fields: &'f [Field],
        first: usize,
    ) -> Option<(&'f Field, Place, &'a str)> {
        let is_it = |field: &Field| {
            // Most differ in their length.
            field.written.len() == name.len() + 3 && same(field.name().as_bytes(), name.as_bytes())
        };
        let at = fields.iter().position(is_it)?;
        let place = *self.places.get(first + at)?;
        let value = self.record.get(place.start..place.end)?;
        (!value.is_empty()).then_some((&fields[at], place, value))
    }
}

/// Looks into the value that comes next for what the paths name from this byte on.
fn pick<'a>(
    reader: &mut Reader<'a>,
    paths: &[&str],
    from: usize,
    found: &mut [Option<&'a str>],
) -> Result<(), Invalid> {
    match reader.peek()? {
        b'{' => {
            let mut more = reader.open(b'{', b'}')?;
            while more {
                let name = reader.name()?;
                let name = match name.escaped {
                    false => Cow::Borrowed(name.text),
                    true => Cow::Owned(name.unescaped()),
                };
                take(reader, &name, paths, from, found)?;
                more = !reader.is_last(b'}')?;
            }
            Ok(())
        }
        b'[' => {
            let mut index: usize = 0;
            reader.list(&mut |reader| {
                let mut digits = [0; 20];
                let name = decimal(index, &mut digits);
                index += 1;
                take(reader, name, paths, from, found)
            })
        }
        _ => reader.value().map(drop),
    }
}

/// Takes the value of a member.
#[inline(never)]
fn take<'a>(
    reader: &mut Reader<'a>,
    name: &str,
    paths: &[&str],
    from: usize,
    found: &mut [Option<&'a str>],
) -> Result<(), Invalid> {
    let (mut end, mut deeper) = (None, 0..0);
    for (at, path) in paths.iter().enumerate() {
        let rest = path.as_bytes().get(from..).unwrap_or_default();
        match rest.first().cmp(&name.as_bytes().first()) {
            _ if name.is_empty() => {}
            Ordering::Less => continue,
            Ordering::Equal => {}
            // They are sorted.
            Ordering::Greater => break,
        }
        let Some((first, behind)) = rest.split_at_checked(name.len()) else {
            continue;
        };
        match behind.first() {
            _ if !same(first, name.as_bytes()) => {}
            None => end = Some(at),
            // What begins alike stands side by side.
            Some(b'.') if deeper.is_empty() => deeper = at..at + 1,
            Some(b'.') => deeper.end = at + 1,
            Some(_) => {}
        }
    }
    // A field of the record itself is named by the first part of a path.
    if from == 0 && (end.is_some() || !deeper.is_empty()) && name.contains('.') {
        (end, deeper) = (None, 0..0);
    }
    reader.peek()?;
    let start = reader.place();
    match (paths.get(deeper.clone()), found.get_mut(deeper)) {
        (Some(paths), Some(found)) if !paths.is_empty() => {
            pick(reader, paths, from + name.len() + 1, found)?;
        }
        _ => {
            reader.value()?;
        }
    }
    if let Some(slot) = end.and_then(|at| found.get_mut(at)) {
        *slot = reader.text().get(start..reader.place());
    }
    Ok(())
}

/// A number in digits.
fn decimal(mut number: usize, digits: &mut [u8; 20]) -> &str {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return str::from_utf8(&digits[at..]).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Paths, Shape, fields};

    /// Objects in which names meet: with dots, escaped, empty, twice, and in lists.
    fn records() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec!["1", "null", "\"x\"", "[]", "{}", " 7 "]);
        leaf.prop_map(str::to_owned)
            .prop_recursive(4, 30, 6, |inner| {
                let name = prop::sample::select(vec![
                    "a", "b", "c", "a.b", "b.c", "a-b", "", "0", "1", "\\u0061",
                ]);
                prop_oneof![
                    prop::collection::vec((name, inner.clone()), 0..6).prop_map(|members| {
                        let members = members
                            .iter()
                            .map(|(name, value)| format!("\"{name}\":{value}"));
                        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
                    }),
                    prop::collection::vec(inner, 0..4)
                        .prop_map(|items| format!("[{}]", items.join(","))),
                ]
            })
    }

    proptest! {
        #[test]
        fn values_are_those_that_paths_find(
            record in records(),
            paths in prop::collection::btree_set("[abc01]([.-][abc01]){0,3}", 0..8),
            cut in any::<prop::sample::Index>(),
        ) {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let cut: String = record.chars().take(cut.index(record.len() + 1)).collect();
            for record in [record, cut] {
                let expected = Paths::new(paths.iter().copied()).pick(&record);
                prop_assert_eq!(values_at(&paths, &record), expected.clone());
                for (at, path) in paths.iter().enumerate() {
                    let one = expected.as_ref().ok().and_then(|found| found[at]);
                    prop_assert_eq!(value_at(&record, path), one);
                }
            }
        }

        #[test]
        fn values_are_those_whose_places_are_known(
            members in prop::collection::btree_map("[abc]", records(), 0..4),
            paths in prop::collection::btree_set("[abc]([.-][abc01]){0,3}", 0..8),
        ) {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let members = members.iter().map(|(name, value)| format!("\"{name}\": {value}"));
            let record = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
            let shape = Shape::new(FIELDS, &[], None).with_places();
            let read = shape.read(&mut Reader::new(&record)).unwrap().unwrap();
            let found = values_placed(&paths, &read.payload, FIELDS, &read.places);
            prop_assert_eq!(Ok(found), values_at(&paths, &read.payload));
        }
    }

    /// Objects within objects, and values whose form changes.
    const FIELDS: &[Field] = fields! {
        "a": Kind::Nested(fields! {
            "c": Kind::Text,
            "b": Kind::Nested(fields! { "a": Kind::Any, "b": Kind::Reference, "0": Kind::Text }),
        }),
        "b": Kind::Object,
        "c": Kind::Nested(fields! { "a": Kind::Text, "b": Kind::Any, "c": Kind::List, "0": Kind::Integer }),
    };
}
