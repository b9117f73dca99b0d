//! Values at dotted paths of a record in another way, which tests compare with: a tree is made of the paths first.

use crate::prelude::*;
use crate::{Invalid, Name, Reader};

/// Dotted paths to look for. A field of the record itself is named by the first part of a path; further down a name may
/// hold dots itself, since names of custom attributes do.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    root: Node,
    count: usize,
}

/// What is looked for in one object or list, sorted by the keys of names.
#[derive(Clone, Debug, Default)]
struct Node(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    key: u32,
    name: String,
    /// The place in a list that it names.
    index: Option<usize>,
    /// The paths that end here.
    ends: Vec<usize>,
    /// Those that go on.
    deeper: Node,
}

impl Paths {
    /// Prepares to look for these paths; values are given in their order.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let wanted: Vec<(&str, usize)> = paths.into_iter().zip(0..).collect();
        Self {
            count: wanted.len(),
            root: Node::new(&wanted, false),
        }
    }

    /// The values at the paths, as they are written in the record.
    ///
    /// # Errors
    /// When the record is no JSON.
    pub fn pick<'a>(&self, record: &'a str) -> Result<Vec<Option<&'a str>>, Invalid> {
        let mut found = vec![None; self.count];
        self.root.pick(&mut Reader::new(record), &mut found)?;
        Ok(found)
    }
}

impl Node {
    /// Paths that come sorted are put at the end, one after the other.
    fn new(wanted: &[(&str, usize)], dotted: bool) -> Self {
        let mut node = Self::default();
        let mut rests: Vec<Vec<(&str, usize)>> = Vec::new();
        for (path, slot) in wanted {
            let dots = if dotted { usize::MAX } else { 1 };
            for (at, _) in path.match_indices('.').take(dots) {
                let entry = node.insert(&path[..at], &mut rests);
                rests[entry].push((&path[at + 1..], *slot));
            }
            if dotted || !path.contains('.') {
                let entry = node.insert(path, &mut rests);
                node.0[entry].ends.push(*slot);
            }
        }
        for (entry, rests) in node.0.iter_mut().zip(&rests) {
            if !rests.is_empty() {
                entry.deeper = Self::new(rests, true);
            }
        }
        node
    }

    /// The place of a name's entry, which is made where there is none yet.
    fn insert<T>(&mut self, name: &str, rests: &mut Vec<Vec<T>>) -> usize {
        if let Some(at) = self.0.iter().position(|entry| entry.name == name) {
            return at;
        }
        let key = key(name);
        let at = self.0.partition_point(|entry| entry.key < key);
        let index = name.parse().ok();
        let entry = Entry {
            key,
            name: name.to_owned(),
            // Not `01`, nor `+1`.
            index: index.filter(|index: &usize| index.to_string() == name),
            ends: Vec::new(),
            deeper: Self::default(),
        };
        self.0.insert(at, entry);
        rests.insert(at, Vec::new());
        at
    }

    #[inline]
    fn entry(&self, name: Name) -> Option<&Entry> {
        let key = match name.escaped {
            false => key(name.text),
            true => key(&name.unescaped()),
        };
        let at = self.0.partition_point(|entry| entry.key < key);
        let mut entries = self.0.get(at..)?.iter();
        entries
            .find(|entry| entry.key != key || name.is(&entry.name))
            .filter(|entry| entry.key == key)
    }

    /// As deep as the paths go.
    fn pick<'a>(
        &self,
        reader: &mut Reader<'a>,
        found: &mut [Option<&'a str>],
    ) -> Result<(), Invalid> {
        match reader.peek()? {
            b'{' => {
                let mut more = reader.open(b'{', b'}')?;
                while more {
                    let name: Name = reader.name()?;
                    take(self.entry(name), reader, found)?;
                    more = !reader.is_last(b'}')?;
                }
                Ok(())
            }
            b'[' => {
                let mut index: usize = 0;
                reader.list(&mut |reader| {
                    let entry = self.0.iter().find(|entry| entry.index == Some(index));
                    index += 1;
                    take(entry, reader, found)
                })
            }
            _ => reader.value().map(drop),
        }
    }
}

/// What tells most names apart: the length, the first and the last byte.
#[inline]
fn key(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let end = |byte: Option<&u8>| u32::from(byte.copied().unwrap_or_default());
    (bytes.len() as u32) << 16 | end(bytes.first()) << 8 | end(bytes.last())
}

fn take<'a>(
    entry: Option<&Entry>,
    reader: &mut Reader<'a>,
    found: &mut [Option<&'a str>],
) -> Result<(), Invalid> {
    let Some(entry) = entry else {
        return reader.value().map(drop);
    };
    reader.peek()?;
    let start = reader.place();
    if entry.deeper.0.is_empty() {
        reader.value()?;
    } else {
        entry.deeper.pick(reader, found)?;
    }
    let value = reader.text().get(start..reader.place());
    for slot in &entry.ends {
        if let Some(slot) = found.get_mut(*slot) {
            *slot = value;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_picked_at_any_depth() {
        let record = r#"{"a":{"b":[1,{"c":"x"}],"d.e":2},"f":null,"\u0067":3,"a2":4}"#;
        let paths = [
            "a.b.1.c", "a.d.e", "f", "g", "a.b", "a2", "h", "a.b.7", "f.x", "a.b.01",
        ];
        assert_eq!(
            Paths::new(paths).pick(record).unwrap(),
            [
                Some("\"x\""),
                Some("2"),
                Some("null"),
                Some("3"),
                Some("[1,{\"c\":\"x\"}]"),
                Some("4"),
                None,
                None,
                None,
                None
            ]
        );
        // Their length and their ends are the same.
        let alike = r#"{"abc":1,"adc":2,"a\u0065c":3,"afc":4}"#;
        assert_eq!(
            Paths::new(["adc", "aec", "abc", "agc"])
                .pick(alike)
                .unwrap(),
            [Some("2"), Some("3"), Some("1"), None]
        );
        assert!(Paths::new(["a"]).pick("{\"a\":").is_err());
        assert_eq!(Paths::new(["a"]).pick("[7]"), Ok(vec![None]));
    }
}
