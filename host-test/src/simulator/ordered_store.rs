//! Records of a kind as they are, and as the search index has them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::generator::Generator;
use super::ordered::{OrderedView, Overlay, Record};

/// Generated records by arithmetic, written ones from memory, and what search knows of them.
#[derive(Debug)]
pub(crate) struct OrderedStore<R: Record> {
    generator: Generator,
    current: Overlay<R>,
    /// What search sees; unused while writes reach it at once.
    indexed: Overlay<R>,
    /// Writes on their way into the index: from when (milliseconds) each is seen, in that order.
    pending: VecDeque<(i64, Arc<R>)>,
    lag: i64,
    created: u64,
    forgotten: R::Forgotten,
}

impl<R: Record> OrderedStore<R> {
    /// The generated records; writes reach search after `lag` milliseconds.
    pub(crate) fn new(generator: Generator, lag: i64) -> OrderedStore<R> {
        OrderedStore {
            generator,
            current: Overlay::default(),
            indexed: Overlay::default(),
            pending: VecDeque::new(),
            lag,
            created: 0,
            forgotten: R::Forgotten::default(),
        }
    }

    pub(crate) fn generator(&self) -> &Generator {
        &self.generator
    }

    /// The records as they are.
    pub(crate) fn current(&self) -> OrderedView<'_, R> {
        OrderedView {
            generator: &self.generator,
            overlay: &self.current,
            forgotten: &self.forgotten,
        }
    }

    /// The records as search knows them.
    pub(crate) fn indexed(&self) -> OrderedView<'_, R> {
        let overlay = if self.lag == 0 {
            &self.current
        } else {
            &self.indexed
        };
        OrderedView {
            generator: &self.generator,
            overlay,
            forgotten: &self.forgotten,
        }
    }

    /// A record that was written.
    pub(crate) fn written(&self, number: u64) -> Option<&Arc<R>> {
        self.current.written(number)
    }

    /// Whether [`OrderedStore::index`] has something to do at `now` (milliseconds).
    pub(crate) fn index_is_due(&self, now: i64) -> bool {
        self.pending
            .front()
            .is_some_and(|(visible_at, _)| *visible_at <= now)
    }

    /// Lets search see what was written long enough before `now` (milliseconds).
    pub(crate) fn index(&mut self, now: i64) {
        while self.index_is_due(now) {
            if let Some((_, record)) = self.pending.pop_front() {
                self.indexed.put(&self.generator, record);
            }
        }
    }

    /// Takes from every record what is no more; none of them counts as changed.
    pub(crate) fn forget(&mut self, forget: impl FnOnce(&mut R::Forgotten))
    where
        R: Clone,
    {
        forget(&mut self.forgotten);
        let written = self.current.records_mut();
        let indexed = self.indexed.records_mut();
        let pending = self.pending.iter_mut().map(|(_, record)| record);
        for record in written.chain(indexed).chain(pending) {
            Arc::make_mut(record).strip(&self.forgotten);
        }
    }

    /// The number for a record to be created; every call gives another one.
    pub(crate) fn next_number(&mut self) -> u64 {
        let number = R::timeline(&self.generator)
            .count
            .saturating_add(self.created);
        self.created += 1;
        number
    }

    /// Stores a record, at `now` in milliseconds.
    pub(crate) fn put(&mut self, record: R, now: i64) {
        let record = Arc::new(record);
        if self.lag > 0 {
            self.pending
                .push_back((now.saturating_add(self.lag), record.clone()));
        }
        self.current.put(&self.generator, record);
    }
}
