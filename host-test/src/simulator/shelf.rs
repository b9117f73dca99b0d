//! The objects of one kind, of which nothing is remembered but when they changed: generated ones by arithmetic, changed
//! ones from memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::generate::{Dice, SPAN};
use super::timeline::{Key, Timeline};

/// What is known of one object; everything else about it is a function of this.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) number: u64,
    /// Unix seconds.
    pub(crate) created_at: i64,
    /// Unix seconds.
    pub(crate) updated_at: i64,
    /// How often it was changed since it was created or generated.
    pub(crate) revision: u64,
    /// Whether it is in the other one of two states than the dice say, such as not published.
    pub(crate) turned: bool,
    /// What a request wrote over the rest, by the names of the fields.
    pub(crate) fields: Option<Arc<Map<String, Value>>>,
    pub(crate) dice: Dice,
}

/// What a write left.
#[derive(Clone, Copy, Debug)]
struct Written {
    created_at: i64,
    updated_at: i64,
    revision: u64,
    turned: bool,
    deleted: bool,
}

/// The objects of one kind.
///
/// What is written is never older than the epoch, and what is generated always is: in the order by last change, everything
/// written comes after everything generated.
#[derive(Debug)]
pub(crate) struct Shelf {
    timeline: Timeline,
    created: u64,
    written: BTreeMap<u64, Written>,
    /// What requests wrote, by the numbers of the objects.
    fields: BTreeMap<u64, Arc<Map<String, Value>>>,
    /// The written ones that are not deleted, by last change.
    order: BTreeSet<Key>,
}

/// Every place in the order.
pub(crate) const ALL: Range<Key> = (i64::MIN, 0)..(i64::MAX, u64::MAX);

impl Shelf {
    pub(crate) fn new(timeline: Timeline) -> Shelf {
        Shelf {
            timeline,
            created: 0,
            written: BTreeMap::new(),
            fields: BTreeMap::new(),
            order: BTreeSet::new(),
        }
    }

    /// An object that was not deleted.
    pub(crate) fn item(&self, number: u64) -> Option<Item> {
        let dice = Dice::new(self.timeline.seed, self.timeline.dice, number);
        match self.written.get(&number) {
            Some(written) => (!written.deleted).then_some(Item {
                number,
                created_at: written.created_at,
                updated_at: written.updated_at,
                revision: written.revision,
                turned: written.turned,
                fields: self.fields.get(&number).cloned(),
                dice,
            }),
            None if number < self.timeline.count => {
                let updated_at = self.timeline.at(number);
                Some(Item {
                    number,
                    created_at: updated_at - dice.seconds(3, SPAN),
                    updated_at,
                    revision: 0,
                    turned: false,
                    fields: None,
                    dice,
                })
            }
            None => None,
        }
    }

    /// The objects over which requests wrote something.
    pub(crate) fn written_over(&self) -> impl Iterator<Item = Item> + '_ {
        self.fields.keys().filter_map(|number| self.item(*number))
    }

    /// One more than the greatest number.
    pub(crate) fn end(&self) -> u64 {
        self.timeline.count.saturating_add(self.created)
    }

    /// Numbers of the objects within a range of the order, the last changed first.
    pub(crate) fn newest(&self, range: Range<Key>) -> impl Iterator<Item = u64> + '_ {
        let generated = self.timeline.before(range.start)..self.timeline.before(range.end);
        let generated = generated.rev();
        let written = self.written_in(range).rev().map(|(_, number)| *number);
        written.chain(generated.filter(|number| !self.written.contains_key(number)))
    }

    /// How many objects are within a range of the order.
    pub(crate) fn count(&self, range: Range<Key>) -> u64 {
        let generated = self.timeline.before(range.start)..self.timeline.before(range.end);
        let overwritten = match generated.is_empty() {
            true => 0,
            false => self.written.range(generated.clone()).count() as u64,
        };
        let written = self.written_in(range).count() as u64;
        generated.end.saturating_sub(generated.start) - overwritten + written
    }

    fn written_in(&self, range: Range<Key>) -> impl DoubleEndedIterator<Item = &Key> {
        // A set refuses a range that ends before it starts.
        let end = range.end.max(range.start);
        self.order.range(range.start..end)
    }

    /// Adds an object, at `now` in Unix seconds.
    pub(crate) fn create(&mut self, now: i64) -> u64 {
        let number = self.end();
        self.created += 1;
        let now = now.max(self.timeline.epoch);
        self.put(
            number,
            Written {
                created_at: now,
                updated_at: now,
                revision: 0,
                turned: false,
                deleted: false,
            },
        );
        number
    }

    /// Changes an object, at `now` in Unix seconds; says whether there is one.
    pub(crate) fn touch(&mut self, number: u64, now: i64) -> bool {
        self.change(number, now, |_| {})
    }

    /// Writes fields over what an object has; says whether there is one.
    pub(crate) fn write(&mut self, number: u64, now: i64, fields: Map<String, Value>) -> bool {
        let known = self.fields.entry(number).or_default();
        Arc::make_mut(known).extend(fields);
        self.touch(number, now)
    }

    /// Brings an object into the other one of its two states, at `now` in Unix seconds; says whether there is one.
    pub(crate) fn turn(&mut self, number: u64, now: i64) -> bool {
        self.change(number, now, |written| written.turned = !written.turned)
    }

    /// Deletes an object; says whether there was one.
    pub(crate) fn delete(&mut self, number: u64, now: i64) -> bool {
        self.change(number, now, |written| written.deleted = true)
    }

    fn change(&mut self, number: u64, now: i64, edit: impl FnOnce(&mut Written)) -> bool {
        let Some(item) = self.item(number) else {
            return false;
        };
        let mut written = Written {
            created_at: item.created_at,
            updated_at: now.max(self.timeline.epoch),
            revision: item.revision + 1,
            turned: item.turned,
            deleted: false,
        };
        edit(&mut written);
        self.put(number, written);
        true
    }

    fn put(&mut self, number: u64, written: Written) {
        if let Some(before) = self.written.insert(number, written) {
            self.order.remove(&(before.updated_at, number));
        }
        if !written.deleted {
            self.order.insert((written.updated_at, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: i64 = 1_767_225_600;

    fn shelf(count: u64) -> Shelf {
        Shelf::new(Timeline {
            seed: 1,
            dice: 2,
            count,
            epoch: EPOCH,
        })
    }

    #[test]
    fn changes_move_objects_to_the_front_and_deletions_take_them_away() {
        let mut shelf = shelf(50);
        assert!(shelf.touch(3, EPOCH + 5) && shelf.delete(4, EPOCH + 6));
        let created = shelf.create(EPOCH + 9);
        let numbers: Vec<u64> = shelf.newest(ALL).collect();
        assert_eq!(&numbers[..3], [created, 3, 49]);
        assert_eq!(numbers.len(), 50);
        assert!(!numbers.contains(&4) && shelf.item(4).is_none());
        assert!(!shelf.touch(4, EPOCH + 10) && !shelf.delete(99, EPOCH + 10));
        let times: Vec<i64> = numbers
            .iter()
            .filter_map(|number| Some(shelf.item(*number)?.updated_at))
            .collect();
        assert!(times.len() == 50 && times.is_sorted_by(|one, next| one >= next));
    }

    #[test]
    fn what_is_counted_is_what_is_given() {
        let mut shelf = shelf(50);
        shelf.touch(3, EPOCH + 5);
        shelf.delete(40, EPOCH + 6);
        shelf.touch(41, EPOCH + 7);
        let middle = shelf.timeline.at(25);
        for range in [
            ALL,
            (middle, 0)..(i64::MAX, 0),
            (i64::MIN, 0)..(middle, 0),
            (middle, 0)..(EPOCH + 6, 0),
            (EPOCH, 0)..(middle, 0),
        ] {
            let given = shelf.newest(range.clone()).count() as u64;
            assert_eq!(shelf.count(range.clone()), given, "{range:?}");
        }
        assert_eq!(shelf.count(ALL), 49);
    }

    #[test]
    fn an_object_keeps_when_it_was_created() {
        let mut shelf = shelf(5);
        let before = shelf.item(2).unwrap();
        assert!(before.created_at <= before.updated_at);
        shelf.touch(2, EPOCH + 1);
        let after = shelf.item(2).unwrap();
        assert_eq!(after.created_at, before.created_at);
        assert_eq!((after.updated_at, after.revision), (EPOCH + 1, 1));
    }
}
