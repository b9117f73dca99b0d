//! What was written last, so that a row that says the same again is not written again, and whose object is known is not
//! looked for again.
//!
//! There are two kinds of records: under an object's id a digest of the row that wrote it, and under what a row names an
//! object by, that id. So a write by any name and in any mode makes the same record out of date. Many records share a
//! state key: one for each would be a host call for each.

use super::journal::{FORMAT, digest};
use crate::contract::state::{Change, Current, Swapped};
use crate::prelude::*;

/// How long it is believed that an object is known by a name, in seconds: what others change in Intercom is not seen here.
pub const HOUR: i64 = 3_600;

/// How long it is believed what an object holds.
pub const WEEK: i64 = 7 * 24 * 3_600;

/// Bytes in a value, at most: the oldest records make room. All values together have room beside the journals then.
const MOST_BYTES: usize = 100_000;

/// The bytes of a record before its content: mark, Unix seconds, length of the content.
const HEAD: usize = MARK + 4 + 1;

/// The bytes of a mark.
pub const MARK: usize = 16;

/// The digest of a name or a row: hexadecimal digits, so that the first two of them name the value that holds it.
pub type Mark = [u8; MARK];

/// The digest of a text.
pub fn mark(text: &str) -> Mark {
    let mut mark = [0; MARK];
    for (into, digit) in mark.iter_mut().zip(digest(text.as_bytes()).bytes()) {
        *into = digit;
    }
    mark
}

/// Which value: the first two digits of its records' marks.
type Place = [u8; 2];

/// The records of an action, as far as a batch needs them.
pub struct Written {
    action: &'static str,
    /// How long records are kept, in seconds.
    age: i64,
    wanted: Vec<Place>,
    loaded: Vec<(Place, Option<Vec<u8>>)>,
    /// What is to be remembered, or forgotten, in the order of the marks.
    news: Vec<(Mark, Option<Vec<u8>>)>,
    storing: Vec<Change>,
}

impl Written {
    /// The records of an action that are kept for some seconds, still to be loaded.
    pub fn of(action: &'static str, age: i64) -> Self {
        Self {
            action,
            age,
            wanted: Vec::new(),
            loaded: Vec::new(),
            news: Vec::new(),
            storing: Vec::new(),
        }
    }

    /// Wants a record to be loaded.
    pub fn want(&mut self, mark: Mark) {
        let place = place(mark);
        let known = self.loaded.iter().any(|(known, _)| *known == place);
        if !known && !self.wanted.contains(&place) {
            self.wanted.push(place);
        }
    }

    /// The next state key to load.
    pub fn next_key(&self) -> Option<String> {
        self.wanted.last().map(|place| self.key(*place))
    }

    /// Takes over the value of that key.
    pub fn load(&mut self, value: Option<Vec<u8>>) {
        if let Some(place) = self.wanted.pop() {
            self.loaded.push((place, value));
        }
    }

    /// The content of a record, and its time in Unix seconds.
    pub fn get(&self, mark: Mark, now: i64) -> Option<(&[u8], i64)> {
        let (_, value) = self
            .loaded
            .iter()
            .find(|(known, _)| *known == place(mark))?;
        let record = records(value.as_deref()).find(|record| record.starts_with(&mark))?;
        let at = time(record);
        Some((record.get(HEAD..)?, at)).filter(|_| at + self.age > now)
    }

    /// Remembers a record.
    pub fn note(&mut self, mark: Mark, content: &[u8], at: i64) {
        let seconds = u32::try_from(at).unwrap_or_default();
        let Ok(length) = u8::try_from(content.len()) else {
            return;
        };
        let mut record = mark.to_vec();
        record.extend(seconds.to_le_bytes());
        record.push(length);
        record.extend(content);
        self.change(mark, Some(record));
    }

    /// Forgets a record, if there is one.
    pub fn forget(&mut self, mark: Mark) {
        self.change(mark, None);
    }

    fn change(&mut self, mark: Mark, record: Option<Vec<u8>>) {
        match self.news.binary_search_by_key(&mark, |(known, _)| *known) {
            Ok(at) => self.news[at].1 = record,
            Err(at) => self.news.insert(at, (mark, record)),
        }
    }

    /// The changes that store what is new.
    pub fn changes(&mut self, now: i64) -> Vec<Change> {
        self.storing.clear();
        for (at, loaded) in &self.loaded {
            let mut value = vec![FORMAT];
            let mut is_new = false;
            let first = self.news.partition_point(|(mark, _)| place(*mark) < *at);
            let news = self.news.get(first..).unwrap_or_default();
            let news = news.iter().take_while(|(mark, _)| place(*mark) == *at);
            for record in records(loaded.as_deref()) {
                let replaced = news.clone().any(|(mark, _)| record.starts_with(mark));
                is_new |= replaced;
                if !replaced && time(record) + self.age > now {
                    value.extend(record);
                }
            }
            for record in news.filter_map(|(_, record)| record.as_ref()) {
                is_new = true;
                value.extend(record);
            }
            while value.len() > MOST_BYTES {
                let first = records(Some(&value)).next().map_or(0, <[u8]>::len);
                value.drain(1..=first);
            }
            if is_new {
                self.storing.push(Change {
                    key: self.key(*at),
                    expected: loaded.clone(),
                    value: Some(value).filter(|value| value.len() > 1),
                    ttl_ms: Some(self.age as u64 * 1_000),
                });
            }
        }
        self.storing.clone()
    }

    /// Takes over how storing went; false: it has to be tried again.
    pub fn stored(&mut self, swapped: Option<Swapped>) -> bool {
        let (now, is_over): (Vec<Current>, bool) = match swapped {
            Some(Swapped::Stale(current)) => (current, false),
            Some(Swapped::Done) => {
                let current = |change: Change| Current {
                    key: change.key,
                    value: change.value,
                };
                let changes = core::mem::take(&mut self.storing);
                (changes.into_iter().map(current).collect(), true)
            }
            None => (Vec::new(), true),
        };
        for Current { key, value } in now {
            let place = (0..self.loaded.len()).find(|at| self.key(self.loaded[*at].0) == key);
            if let Some(at) = place {
                self.loaded[at].1 = value;
            }
        }
        if is_over {
            self.news.clear();
        }
        is_over
    }

    fn key(&self, [first, second]: Place) -> String {
        let digits = [first, second].map(char::from);
        let mut key = format!("written/{}/", self.action);
        key.extend(digits);
        key
    }
}

/// Which of the 256 values holds a record.
fn place(mark: Mark) -> Place {
    [mark[0], mark[1]]
}

/// The records in a value, up to the first one that is none.
fn records(value: Option<&[u8]>) -> impl Iterator<Item = &[u8]> {
    let mut rest = match value.and_then(<[u8]>::split_first) {
        Some((&FORMAT, rest)) => rest,
        _ => &[],
    };
    core::iter::from_fn(move || {
        let length = usize::from(*rest.get(HEAD - 1)?);
        let (record, after) = rest.split_at_checked(HEAD + length)?;
        rest = after;
        Some(record)
    })
}

/// The time of a record.
fn time(record: &[u8]) -> i64 {
    match record
        .get(MARK..MARK + 4)
        .and_then(|bytes| bytes.try_into().ok())
    {
        Some(bytes) => u32::from_le_bytes(bytes).into(),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(value: Option<Vec<u8>>, marks: &[Mark]) -> Written {
        let mut written = Written::of("contacts", WEEK);
        for mark in marks {
            written.want(*mark);
        }
        while written.next_key().is_some() {
            written.load(value.clone());
        }
        written
    }

    const ONE: Mark = *b"0011111111111111";
    const NOW: i64 = 1_700_000_000;

    fn numbered(number: u16) -> Mark {
        format!("00{number:014}").into_bytes().try_into().unwrap()
    }

    #[test]
    fn what_is_stored_is_read_again_until_its_week_is_over() {
        let mut written = loaded(None, &[ONE]);
        assert_eq!(written.get(ONE, NOW), None);
        written.note(ONE, b"content", NOW);
        let changes = written.changes(NOW);
        assert_eq!(changes[0].key, "written/contacts/00");
        let again = loaded(changes[0].value.clone(), &[ONE]);
        assert_eq!(again.get(ONE, NOW + 5), Some((&b"content"[..], NOW)));
        assert_eq!(again.get(ONE, NOW + WEEK), None);
        assert_eq!(again.get([b'2'; MARK], NOW), None);
    }

    #[test]
    fn a_stale_value_is_taken_over_and_what_is_new_is_stored_into_it() {
        let other: Mark = *b"0022222222222222";
        let mut theirs = loaded(None, &[other]);
        theirs.note(other, b"theirs", NOW);
        let value = theirs.changes(NOW).remove(0).value;
        let mut written = loaded(None, &[ONE]);
        written.note(ONE, b"ours", NOW);
        let change = written.changes(NOW).remove(0);
        let current = Current {
            key: change.key,
            value: value.clone(),
        };
        assert!(!written.stored(Some(Swapped::Stale(vec![current]))));
        let change = written.changes(NOW).remove(0);
        assert_eq!(change.expected, value);
        assert!(written.stored(Some(Swapped::Done)));
        let both = loaded(change.value, &[ONE, other]);
        assert_eq!(both.get(ONE, NOW), Some((&b"ours"[..], NOW)));
        assert_eq!(both.get(other, NOW), Some((&b"theirs"[..], NOW)));
        assert!(written.changes(NOW).is_empty());
    }

    #[test]
    fn what_is_forgotten_leaves_no_value_and_the_oldest_make_room() {
        let mut written = loaded(None, &[ONE]);
        written.note(ONE, b"content", NOW);
        let value = written.changes(NOW).remove(0).value;
        let mut written = loaded(value, &[ONE]);
        written.forget(ONE);
        assert_eq!(written.changes(NOW)[0].value, None);
        for number in 0..2_000_u16 {
            written.note(numbered(number), &[7; 100], NOW);
        }
        let value = written.changes(NOW).remove(0).value.unwrap();
        assert!(value.len() <= MOST_BYTES + 1, "{}", value.len());
        let full = loaded(Some(value), &[numbered(0)]);
        assert_eq!(full.get(numbered(0), NOW), None);
        assert!(full.get(numbered(1_999), NOW).is_some());
    }

    #[test]
    fn a_damaged_value_holds_what_comes_before_the_damage() {
        let mut written = loaded(None, &[ONE]);
        written.note(ONE, b"content", NOW);
        let mut value = written.changes(NOW).remove(0).value.unwrap();
        value.extend([30; HEAD]);
        assert!(loaded(Some(value), &[ONE]).get(ONE, NOW).is_some());
        assert_eq!(loaded(Some(vec![b'9', 1]), &[ONE]).get(ONE, NOW), None);
    }
}
