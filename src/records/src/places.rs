//! Values at a few dotted paths of a record. Nothing is made of the paths beforehand, as [`Paths`](crate::Paths) does for many
//! records: a look at one record costs no more than reading it.

use crate::prelude::*;
use alloc::borrow::Cow;
use core::cmp::Ordering;

use crate::bytes::same;
use crate::{Invalid, Outline, Reader};

/// The values at paths, which are sorted and different, as they are written in the record. The paths mean what they mean to
/// [`Paths`](crate::Paths).
///
/// # Errors
/// When the record is no JSON.
pub fn values_at<'a>(paths: &[&str], record: &'a str) -> Result<Vec<Option<&'a str>>, Invalid> {
    values_next(paths, &mut Reader::new(record))
}

/// The same of the record that comes next.
///
/// # Errors
/// When it is no JSON.
pub fn values_next<'a>(
    paths: &[&str],
    reader: &mut Reader<'a>,
) -> Result<Vec<Option<&'a str>>, Invalid> {
    let mut found = vec![None; paths.len()];
    pick(reader, paths, 0, &mut found)?;
    Ok(found)
}

/// The value at a path, as it is written in the record; `None` as well when the record is no JSON.
pub fn value_at<'a>(record: &'a str, path: &str) -> Option<&'a str> {
    let mut found = [None];
    pick(&mut Reader::new(record), &[path], 0, &mut found).ok()?;
    found[0]
}

/// The same of a record that was read one level deep: only the fields that paths name are looked into.
pub fn values_in<'a>(paths: &[&str], record: &Outline<'a>) -> Vec<Option<&'a str>> {
    let mut found = vec![None; paths.len()];
    let first = |path: &str| {
        path.bytes()
            .position(|byte| byte == b'.')
            .unwrap_or(path.len())
    };
    let mut start = 0;
    while let Some(path) = paths.get(start) {
        let field = path.get(..first(path)).unwrap_or_default();
        let alike = |path: &&&str| path.get(..first(path)) == Some(field);
        let end = start + paths[start..].iter().take_while(alike).count();
        let exact = paths[start].len() == field.len();
        for value in record.all(field) {
            if exact {
                found[start] = Some(value);
            }
            let deeper = start + usize::from(exact)..end;
            if let (Some(paths @ [_, ..]), Some(found)) =
                (paths.get(deeper.clone()), found.get_mut(deeper))
            {
                // It was read before.
                let _ = pick(&mut Reader::new(value), paths, field.len() + 1, found);
            }
            if record.unique {
                break;
            }
        }
        start = end;
    }
    found
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
    use crate::Paths;

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
                if let Ok(expected) = &expected && record.starts_with('{') {
                    let outline = Outline::next(&mut Reader::new(&record)).unwrap();
                    prop_assert_eq!(&values_in(&paths, &outline), expected);
                }
                for (at, path) in paths.iter().enumerate() {
                    let one = expected.as_ref().ok().and_then(|found| found[at]);
                    prop_assert_eq!(value_at(&record, path), one);
                }
            }
        }
    }
}
