//! Values at dotted paths of a record. A field of the record itself is named by the first part of a path; further down a name may
//! hold dots itself, since names of custom attributes do.

use crate::prelude::*;
use alloc::borrow::Cow;
use core::cmp::Ordering;
use core::ops::Range;

use crate::bytes::same;
use crate::{Field, Invalid, Kind, Place, Reader};

/// The values at paths, which are sorted and different, as they are written in the record.
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

/// Where paths lead among declared fields, found once for all records that come with the places of these fields' values. Such a
/// record is not read again, but for what is not declared within a value. Fields of its own that are not declared are missing.
#[derive(Clone, Debug, Default)]
pub struct Routes(Vec<Route>);

/// Where paths lead that begin with the same field.
#[derive(Clone, Debug)]
struct Route {
    /// The place of the field among those declared.
    field: usize,
    /// The path that ends with it, by its place among all.
    exact: Option<usize>,
    /// Those that lead into it, and the byte from which on they do.
    deeper: Range<usize>,
    from: usize,
    /// Where they lead, if its own fields are declared.
    inner: Routes,
}

impl Routes {
    /// Where paths lead, which are sorted and different.
    pub fn new(paths: &[&str], fields: &[Field]) -> Self {
        Self::within(paths, 0..paths.len(), 0, fields)
    }

    /// Where some of the paths lead from a byte on.
    fn within(paths: &[&str], some: Range<usize>, from: usize, fields: &[Field]) -> Self {
        let mut routes = Vec::new();
        let mut start = some.start;
        let paths_of = paths.get(..some.end).unwrap_or_default();
        while let Some(path) = paths_of.get(start) {
            let rest = path.get(from..).unwrap_or_default();
            let dot = rest.bytes().position(|byte| byte == b'.');
            let name = rest.get(..dot.unwrap_or(rest.len())).unwrap_or_default();
            let behind = from + name.len();
            let alike = |path: &&&str| {
                let path = path.as_bytes();
                let own = path.get(from..behind);
                matches!(path.get(behind), None | Some(b'.'))
                    && own.is_some_and(|own| same(own, name.as_bytes()))
            };
            let end = start + 1 + paths_of[start + 1..].iter().take_while(alike).count();
            let is_it = |field: &Field| {
                // Most differ in their length.
                field.written.len() == name.len() + 3
                    && same(field.name().as_bytes(), name.as_bytes())
            };
            if let Some(field) = fields.iter().position(is_it) {
                let exact = (path.len() == behind).then_some(start);
                let deeper = start + exact.iter().count()..end;
                let inner = match *fields[field].kind {
                    Kind::Nested(inner) => Self::within(paths, deeper.clone(), behind + 1, inner),
                    _ => Self::default(),
                };
                routes.push(Route {
                    field,
                    exact,
                    deeper,
                    from: behind + 1,
                    inner,
                });
            }
            start = end;
        }
        Self(routes)
    }

    /// The values at the paths, as they are written in a record.
    pub fn values<'a>(
        &self,
        paths: &[&str],
        record: &'a str,
        places: &[Place],
    ) -> Vec<Option<&'a str>> {
        let mut found = vec![None; paths.len()];
        self.find(paths, record, places, 0, &mut found);
        found
    }

    /// Finds the values in an object, the places of whose fields begin at `first`.
    fn find<'a>(
        &self,
        paths: &[&str],
        record: &'a str,
        places: &[Place],
        first: usize,
        found: &mut [Option<&'a str>],
    ) {
        for route in &self.0 {
            let place = places.get(first + route.field);
            let Some(place) = place.filter(|place| place.end > 0) else {
                continue;
            };
            let value = record.get(place.start..place.end);
            if let Some(slot) = route.exact.and_then(|slot| found.get_mut(slot)) {
                *slot = value;
            }
            if place.fields > 0 && !route.inner.0.is_empty() {
                route.inner.find(paths, record, places, place.fields, found);
            } else if let (Some(paths @ [_, ..]), Some(found)) = (
                paths.get(route.deeper.clone()),
                found.get_mut(route.deeper.clone()),
            ) {
                // It was read before.
                let mut reader = Reader::new(value.unwrap_or_default());
                let _ = pick(&mut reader, paths, route.from, found);
            }
        }
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
    use crate::paths::Paths;
    use crate::{Shape, fields};

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
            let routes = Routes::new(&paths, FIELDS);
            let found = routes.values(&paths, &read.payload, &read.places);
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
