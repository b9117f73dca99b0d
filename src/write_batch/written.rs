//! What was written last, so that a row that says the same again is not written again.
//!
//! There are two kinds of records: under an object's id a digest of the row that wrote it, and under what a row names an
//! object by, that id. So a write by any name and in any mode makes the same record out of date. Many records share a
//! state key: one for each would be a host call for each.

use sha1::{Digest, Sha1};

use super::journal::FORMAT;
use crate::contract::state::{Change, Swapped};

/// How long a record is believed, in seconds: what others change in Intercom is not seen here.
const WEEK: i64 = 7 * 24 * 3_600;

/// Bytes in a value, at most: the oldest records make room. All values together have room beside the journals then.
const MOST_BYTES: usize = 200_000;

/// The bytes of a record before its content: mark, Unix seconds, length of the content.
const HEAD: usize = 8 + 4 + 1;

/// A digest: of a name, or of a row.
pub type Mark = [u8; 8];

/// The digest of some texts.
pub fn mark<'a>(texts: impl IntoIterator<Item = &'a str>) -> Mark {
    let mut hash = Sha1::new();
    for text in texts {
        hash.update(text);
        hash.update([0]);
    }
    let mut mark = [0; 8];
    for (into, from) in mark.iter_mut().zip(hash.finalize()) {
        *into = from;
    }
    mark
}

/// The records of an action, as far as a batch needs them.
pub struct Written {
    action: &'static str,
    wanted: Vec<u8>,
    loaded: Vec<(u8, Option<Vec<u8>>)>,
    /// What is to be remembered, or forgotten.
    news: Vec<(Mark, Option<Vec<u8>>)>,
    storing: Vec<Change>,
}

impl Written {
    /// The records of an action, still to be loaded.
    pub fn of(action: &'static str) -> Self {
        Self {
            action,
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
        Some((record.get(HEAD..)?, at)).filter(|_| at + WEEK > now)
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
        self.news.retain(|(known, _)| *known != mark);
        self.news.push((mark, record));
    }

    /// The changes that store what is new.
    pub fn changes(&mut self, now: i64) -> Vec<Change> {
        self.storing.clear();
        for (at, loaded) in &self.loaded {
            let news = || self.news.iter().filter(|(mark, _)| place(*mark) == *at);
            let is_kept = |record: &&[u8]| {
                time(record) + WEEK > now && news().all(|(mark, _)| !record.starts_with(mark))
            };
            let kept = records(loaded.as_deref()).filter(is_kept);
            let new = news().filter_map(|(_, record)| record.as_deref());
            let all: Vec<&[u8]> = kept.chain(new).collect();
            let mut room = MOST_BYTES;
            let fits = |record: &&&[u8]| {
                room = room.saturating_sub(record.len());
                room > 0
            };
            let first = all.len() - all.iter().rev().take_while(fits).count();
            let mut value = vec![FORMAT];
            value.extend(all.iter().skip(first).flat_map(|record| record.iter()));
            let value = Some(value).filter(|value| value.len() > 1);
            if value != *loaded && news().next().is_some() {
                self.storing.push(Change {
                    key: self.key(*at),
                    expected: loaded.clone(),
                    value,
                    ttl_ms: u64::try_from(WEEK * 1_000).ok(),
                });
            }
        }
        self.storing.clone()
    }

    /// Takes over how storing went; false: it has to be tried again.
    pub fn stored(&mut self, swapped: Option<Swapped>) -> bool {
        let changes = std::mem::take(&mut self.storing);
        let (now, is_over) = match swapped {
            Some(Swapped::Stale(current)) => (
                current
                    .into_iter()
                    .map(|one| (one.key, one.value))
                    .collect(),
                false,
            ),
            Some(Swapped::Done) => (
                changes
                    .into_iter()
                    .map(|one| (one.key, one.value))
                    .collect(),
                true,
            ),
            None => (Vec::new(), true),
        };
        for (key, value) in now {
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

    fn key(&self, place: u8) -> String {
        format!("written/{}/{place}", self.action)
    }
}

/// Which of the 128 values holds a record.
fn place(mark: Mark) -> u8 {
    mark[0] / 2
}

/// The records in a value, up to the first one that is none.
fn records(value: Option<&[u8]>) -> impl Iterator<Item = &[u8]> {
    let mut rest = match value.and_then(<[u8]>::split_first) {
        Some((&FORMAT, rest)) => rest,
        _ => &[],
    };
    std::iter::from_fn(move || {
        let length = usize::from(*rest.get(HEAD - 1)?);
        let (record, after) = rest.split_at_checked(HEAD + length)?;
        rest = after;
        Some(record)
    })
}

/// The time of a record.
fn time(record: &[u8]) -> i64 {
    match record.get(8..12).and_then(|bytes| bytes.try_into().ok()) {
        Some(bytes) => u32::from_le_bytes(bytes).into(),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::state::Current;

    fn loaded(value: Option<Vec<u8>>, marks: &[Mark]) -> Written {
        let mut written = Written::of("contacts");
        for mark in marks {
            written.want(*mark);
        }
        while written.next_key().is_some() {
            written.load(value.clone());
        }
        written
    }

    const ONE: Mark = [1; 8];
    const NOW: i64 = 1_700_000_000;

    #[test]
    fn what_is_stored_is_read_again_until_its_week_is_over() {
        let mut written = loaded(None, &[ONE]);
        assert_eq!(written.get(ONE, NOW), None);
        written.note(ONE, b"content", NOW);
        let changes = written.changes(NOW);
        assert_eq!(changes[0].key, "written/contacts/0");
        let again = loaded(changes[0].value.clone(), &[ONE]);
        assert_eq!(again.get(ONE, NOW + 5), Some((&b"content"[..], NOW)));
        assert_eq!(again.get(ONE, NOW + WEEK), None);
        assert_eq!(again.get([2; 8], NOW), None);
    }

    #[test]
    fn a_stale_value_is_taken_over_and_what_is_new_is_stored_into_it() {
        let other: Mark = [1, 0, 0, 0, 0, 0, 0, 9];
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
            let [high, low] = number.to_be_bytes();
            written.note([0, 0, 0, 0, 0, 0, high, low], &[7; 100], NOW);
        }
        let value = written.changes(NOW).remove(0).value.unwrap();
        assert!(value.len() <= MOST_BYTES + 1, "{}", value.len());
        let full = loaded(Some(value), &[[0; 8]]);
        assert_eq!(full.get([0; 8], NOW), None);
        assert!(full.get([0, 0, 0, 0, 0, 0, 7, 207], NOW).is_some());
    }

    #[test]
    fn a_damaged_value_holds_what_comes_before_the_damage() {
        let mut written = loaded(None, &[ONE]);
        written.note(ONE, b"content", NOW);
        let mut value = written.changes(NOW).remove(0).value.unwrap();
        value.extend([3; 13]);
        assert!(loaded(Some(value), &[ONE]).get(ONE, NOW).is_some());
        assert_eq!(loaded(Some(vec![b'9', 1]), &[ONE]).get(ONE, NOW), None);
    }
}
