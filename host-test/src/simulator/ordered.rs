//! Records of a kind at one moment, in the order by last change: generated ones, and over them those that were written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use super::generator::Generator;
use super::timeline::{Key, Timeline};

/// What is kept in the order by last change.
pub(crate) trait Record: Sized {
    /// What is no more, and is taken from every record at once: generated ones still come with it.
    type Forgotten: Debug + Default;

    /// How many are generated, and when they changed.
    fn timeline(generator: &Generator) -> Timeline;
    /// The generated one with this number.
    fn generate(generator: &Generator, number: u64) -> Self;
    fn number(&self) -> u64;
    fn updated_at(&self) -> i64;
    /// Whether it can be read.
    fn is_live(&self) -> bool;
    /// Takes from it what is no more.
    fn strip(&mut self, _: &Self::Forgotten) {}
}

/// Written records, over the generated ones.
#[derive(Debug)]
pub(crate) struct Overlay<R> {
    records: BTreeMap<u64, Arc<R>>,
    /// Places of the written records that can be read.
    order: BTreeSet<Key>,
    /// How many of the records replace a generated one.
    replaced: u64,
}

impl<R> Default for Overlay<R> {
    fn default() -> Overlay<R> {
        Overlay {
            records: BTreeMap::new(),
            order: BTreeSet::new(),
            replaced: 0,
        }
    }
}

impl<R: Record> Overlay<R> {
    /// A record that was written.
    pub(crate) fn written(&self, number: u64) -> Option<&Arc<R>> {
        self.records.get(&number)
    }

    /// The records that were written.
    pub(crate) fn records_mut(&mut self) -> impl Iterator<Item = &mut Arc<R>> {
        self.records.values_mut()
    }

    /// Stores a record.
    pub(crate) fn put(&mut self, generator: &Generator, record: Arc<R>) {
        let number = record.number();
        let live_at = record.is_live().then(|| record.updated_at());
        if let Some(live_at) = live_at {
            self.order.insert((live_at, number));
        }
        match self.records.insert(number, record) {
            Some(before) if live_at != Some(before.updated_at()) => {
                self.order.remove(&(before.updated_at(), number));
            }
            Some(_) => {}
            None if number < R::timeline(generator).count => self.replaced += 1,
            None => {}
        }
    }
}

/// Records at one moment, in the order by last change.
#[derive(Debug)]
pub(crate) struct OrderedView<'a, R: Record> {
    pub(crate) generator: &'a Generator,
    pub(crate) overlay: &'a Overlay<R>,
    pub(crate) forgotten: &'a R::Forgotten,
}

impl<R: Record> Clone for OrderedView<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R: Record> Copy for OrderedView<'_, R> {}

/// A part of the order by last change: keys from `start` to before `end`.
pub(crate) type KeyRange = Range<Key>;

/// The whole order.
pub(crate) const ALL_KEYS: KeyRange = (i64::MIN, 0)..(i64::MAX, u64::MAX);

impl<'a, R: Record> OrderedView<'a, R> {
    /// A record, whether it can be read or not; `None` when there never was one.
    pub(crate) fn record(self, number: u64) -> Option<Arc<R>> {
        match self.overlay.records.get(&number) {
            Some(record) => Some(record.clone()),
            None if number < self.generated_count() => {
                let mut record = R::generate(self.generator, number);
                record.strip(self.forgotten);
                Some(Arc::new(record))
            }
            None => None,
        }
    }

    /// A record that can be read.
    pub(crate) fn live(self, number: u64) -> Option<Arc<R>> {
        self.record(number).filter(|record| record.is_live())
    }

    /// Whether a record can be read, without generating it.
    pub(crate) fn is_live(self, number: u64) -> bool {
        match self.overlay.records.get(&number) {
            Some(record) => record.is_live(),
            None => number < self.generated_count(),
        }
    }

    /// One more than the greatest number.
    pub(crate) fn numbers_end(self) -> u64 {
        let written = self.overlay.records.last_key_value();
        let written = written.map_or(0, |(number, _)| number + 1);
        written.max(self.generated_count())
    }

    /// How many records can be read.
    pub(crate) fn count(self) -> u64 {
        self.generated_count() - self.overlay.replaced + self.overlay.order.len() as u64
    }

    /// How many readable records lie in a range; costs as much as records were written in it.
    pub(crate) fn count_in(self, keys: &KeyRange) -> u64 {
        let generated = self.generated(keys);
        if generated.start > generated.end || keys.start >= keys.end {
            return 0;
        }
        let replaced = self.overlay.records.range(generated.clone()).count() as u64;
        let written = self.overlay.order.range(keys.clone()).count() as u64;
        generated.end - generated.start - replaced + written
    }

    /// Keys of the readable records in a range, oldest or newest change first. Nothing is generated but keys.
    pub(crate) fn walk(self, keys: KeyRange, ascending: bool) -> Walk<'a, R> {
        // An empty range of keys may be written the wrong way round, which a set would not take.
        let keys = if keys.start < keys.end {
            keys
        } else {
            keys.start..keys.start
        };
        Walk {
            view: self,
            generated: self.generated(&keys),
            written: self.overlay.order.range(keys),
            ascending,
            next_generated: None,
            next_written: None,
        }
    }

    /// Every readable record's number, in no particular order.
    pub(crate) fn numbers(self) -> impl Iterator<Item = u64> + 'a {
        self.unwritten()
            .chain(self.overlay.order.iter().map(|(_, number)| *number))
    }

    /// Numbers of the generated records that nothing was written over.
    pub(crate) fn unwritten(self) -> impl Iterator<Item = u64> + 'a {
        let overlay = self.overlay;
        (0..self.generated_count()).filter(|number| !overlay.records.contains_key(number))
    }

    /// Written records, readable or not.
    pub(crate) fn written(self) -> impl Iterator<Item = &'a Arc<R>> + 'a {
        self.overlay.records.values()
    }

    fn timeline(self) -> Timeline {
        R::timeline(self.generator)
    }

    fn generated_count(self) -> u64 {
        self.timeline().count
    }

    fn generated(self, keys: &KeyRange) -> Range<u64> {
        let timeline = self.timeline();
        timeline.before(keys.start)..timeline.before(keys.end)
    }
}

/// A walk over keys: the generated ones, without the replaced, merged with the written ones.
#[derive(Debug)]
pub(crate) struct Walk<'a, R: Record> {
    view: OrderedView<'a, R>,
    generated: Range<u64>,
    written: std::collections::btree_set::Range<'a, Key>,
    ascending: bool,
    next_generated: Option<Key>,
    next_written: Option<Key>,
}

impl<R: Record> Iterator for Walk<'_, R> {
    type Item = Key;

    fn next(&mut self) -> Option<Key> {
        while self.next_generated.is_none() {
            let number = if self.ascending {
                self.generated.next()
            } else {
                self.generated.next_back()
            };
            let Some(number) = number else { break };
            if !self.view.overlay.records.contains_key(&number) {
                self.next_generated = Some((self.view.timeline().at(number), number));
            }
        }
        if self.next_written.is_none() {
            self.next_written = if self.ascending {
                self.written.next().copied()
            } else {
                self.written.next_back().copied()
            };
        }
        let take_generated = match (self.next_generated, self.next_written) {
            (Some(generated), Some(written)) => (generated < written) == self.ascending,
            (generated, _) => generated.is_some(),
        };
        if take_generated {
            self.next_generated.take()
        } else {
            self.next_written.take()
        }
    }
}
