//! When generated objects changed: times by arithmetic, in the order of the objects' numbers.

use super::generate::{Dice, SPAN};

/// A place in the order by last change: `updated_at` in seconds, then the object's number.
pub(crate) type Key = (i64, u64);

/// The times of the generated objects of one kind, all within [`SPAN`] before the epoch.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    pub(crate) seed: u64,
    /// Keeps the dice of different kinds of objects apart.
    pub(crate) dice: u64,
    /// How many objects there are.
    pub(crate) count: u64,
    /// Unix seconds.
    pub(crate) epoch: i64,
}

impl Timeline {
    /// When object `number` last changed. Never decreases with the number; some neighbours share a second.
    pub(crate) fn at(&self, number: u64) -> i64 {
        let dice = |number| Dice::new(self.seed, self.dice, number);
        let shares = number % 2 == 1 && dice(number).chance(1, 25);
        let number = if shares { number - 1 } else { number };
        let count = i128::from(self.count.max(1));
        let even = i128::from(number) * i128::from(SPAN) / count;
        let even = i64::try_from(even).unwrap_or(SPAN);
        // Room that cannot reach the next number's share of the span.
        let room = i64::try_from(i128::from(SPAN) / count).unwrap_or(SPAN);
        let jitter = dice(number).seconds(2, room);
        self.epoch
            .saturating_sub(SPAN)
            .saturating_add(even + jitter)
    }

    /// How many objects come before `key` in the order by last change.
    pub(crate) fn before(&self, key: Key) -> u64 {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if (self.at(middle), middle) < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}
