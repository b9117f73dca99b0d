//! Contacts at one moment, in the order by last change: generated ones, and over them those that were written.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::contact::{Contact, Standing};
use super::generator::{Generator, Key};

/// Written contacts, over the generated ones.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    pub(crate) records: BTreeMap<u64, Arc<Contact>>,
    /// Places of the written contacts that can be read.
    order: BTreeSet<Key>,
    /// How many of the records replace a generated contact.
    replaced: u64,
}

impl Overlay {
    /// Stores a contact.
    pub(crate) fn put(&mut self, generator: &Generator, contact: Arc<Contact>) {
        let number = contact.number;
        if contact.standing == Standing::Live {
            self.order.insert((contact.updated_at, number));
        }
        let live_at = (contact.standing == Standing::Live).then_some(contact.updated_at);
        match self.records.insert(number, contact) {
            Some(before) if live_at != Some(before.updated_at) => {
                self.order.remove(&(before.updated_at, number));
            }
            Some(_) => {}
            None if number < generator.contacts => self.replaced += 1,
            None => {}
        }
    }
}

/// Tags and companies that are no more, by id and by number: generated contacts still come with them.
#[derive(Debug, Default)]
pub(crate) struct Forgotten {
    pub(crate) tags: BTreeSet<u64>,
    pub(crate) companies: BTreeSet<u64>,
}

impl Forgotten {
    /// Takes from a contact what is no more.
    pub(crate) fn strip(&self, contact: &mut Contact) {
        contact.tags.retain(|tag| !self.tags.contains(tag));
        contact
            .companies
            .retain(|company| !self.companies.contains(company));
    }
}

/// Contacts at one moment, in the order by last change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ContactView<'a> {
    pub(crate) generator: &'a Generator,
    pub(crate) overlay: &'a Overlay,
    pub(crate) forgotten: &'a Forgotten,
}

/// A part of the order by last change: keys from `start` to before `end`.
pub(crate) type KeyRange = Range<Key>;

/// The whole order.
pub(crate) const ALL_KEYS: KeyRange = (i64::MIN, 0)..(i64::MAX, u64::MAX);

impl<'a> ContactView<'a> {
    /// A contact, whether it can be read or not; `None` when there never was one.
    pub(crate) fn contact(&self, number: u64) -> Option<Arc<Contact>> {
        match self.overlay.records.get(&number) {
            Some(contact) => Some(contact.clone()),
            None if number < self.generator.contacts => {
                let mut contact = self.generator.contact(number);
                self.forgotten.strip(&mut contact);
                Some(Arc::new(contact))
            }
            None => None,
        }
    }

    /// A contact that can be read.
    pub(crate) fn live(&self, number: u64) -> Option<Arc<Contact>> {
        self.contact(number)
            .filter(|contact| contact.standing == Standing::Live)
    }

    /// Whether a contact can be read, without generating it.
    pub(crate) fn is_live(&self, number: u64) -> bool {
        match self.overlay.records.get(&number) {
            Some(contact) => contact.standing == Standing::Live,
            None => number < self.generator.contacts,
        }
    }

    /// One more than the greatest number.
    pub(crate) fn numbers_end(&self) -> u64 {
        let written = self
            .overlay
            .records
            .last_key_value()
            .map_or(0, |(number, _)| number + 1);
        written.max(self.generator.contacts)
    }

    /// How many contacts can be read.
    pub(crate) fn count(&self) -> u64 {
        self.generator.contacts - self.overlay.replaced + self.overlay.order.len() as u64
    }

    /// How many readable contacts lie in a range; costs as much as contacts were written in it.
    pub(crate) fn count_in(&self, keys: &KeyRange) -> u64 {
        let generated = self.generated(keys);
        if generated.start > generated.end || keys.start >= keys.end {
            return 0;
        }
        let replaced = self.overlay.records.range(generated.clone()).count() as u64;
        let written = self.overlay.order.range(keys.clone()).count() as u64;
        generated.end - generated.start - replaced + written
    }

    /// Keys of the readable contacts in a range, oldest or newest change first. Nothing is generated but keys.
    pub(crate) fn walk(&self, keys: KeyRange, ascending: bool) -> Walk<'a> {
        // An empty range of keys may be written the wrong way round, which a set would not take.
        let keys = if keys.start < keys.end {
            keys
        } else {
            keys.start..keys.start
        };
        Walk {
            view: *self,
            generated: self.generated(&keys),
            written: self.overlay.order.range(keys),
            ascending,
            next_generated: None,
            next_written: None,
        }
    }

    /// Every readable contact's number, in no particular order.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u64> + 'a {
        let overlay = self.overlay;
        (0..self.generator.contacts)
            .filter(|number| !overlay.records.contains_key(number))
            .chain(overlay.order.iter().map(|(_, number)| *number))
    }

    /// Written contacts, readable or not.
    pub(crate) fn written(&self) -> impl Iterator<Item = &'a Arc<Contact>> + 'a {
        self.overlay.records.values()
    }

    fn generated(&self, keys: &KeyRange) -> Range<u64> {
        self.generator.contacts_before(keys.start)..self.generator.contacts_before(keys.end)
    }
}

/// A walk over keys: the generated ones, without the replaced, merged with the written ones.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    view: ContactView<'a>,
    generated: Range<u64>,
    written: std::collections::btree_set::Range<'a, Key>,
    ascending: bool,
    next_generated: Option<Key>,
    next_written: Option<Key>,
}

impl Iterator for Walk<'_> {
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
                self.next_generated = Some((self.view.generator.updated_at(number), number));
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
