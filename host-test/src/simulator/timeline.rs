//! When the generated objects of a kind changed: in the order of their numbers, over the two years before the epoch.

use super::generate::{Dice, SPAN};

/// A place in the order by last change: `updated_at` in seconds, then the object's number.
pub(crate) type Key = (i64, u64);

/// The last changes of the generated objects of a kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    pub(crate) seed: u64,
    /// Keeps the dice of different kinds of objects apart.
    pub(crate) dice: u64,
    /// How many objects are generated.
    pub(crate) count: u64,
    pub(crate) epoch: i64,
}

impl Timeline {
    /// When object `number` last changed. Never decreases with the number; some neighbours share a second.
    pub(crate) fn at(self, number: u64) -> i64 {
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

    /// How many generated objects come before `key` in the order by last change.
    pub(crate) fn before(self, key: Key) -> u64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(count: u64) -> Timeline {
        Timeline {
            seed: 1,
            dice: 1,
            count,
            epoch: 1_767_225_600,
        }
    }

    #[test]
    fn changes_are_in_order_and_some_share_a_second() {
        let timeline = timeline(5_000);
        let times: Vec<i64> = (0..5_000).map(|number| timeline.at(number)).collect();
        assert!(times.is_sorted());
        assert!(times.windows(2).filter(|pair| pair[0] == pair[1]).count() > 100);
        assert!(times[0] >= timeline.epoch - SPAN && times[4_999] < timeline.epoch);
    }

    #[test]
    fn the_place_of_a_key_is_found() {
        let timeline = timeline(1_000_000);
        for number in [0, 1, 499_999, 500_000, 999_999] {
            assert_eq!(timeline.before((timeline.at(number), number)), number);
        }
        assert_eq!(timeline.before((i64::MAX, 0)), 1_000_000);
        assert_eq!(timeline.before((i64::MIN, 0)), 0);
    }
}
