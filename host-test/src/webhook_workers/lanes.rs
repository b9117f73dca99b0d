//! Which deliveries may go side by side. Those that have a row in common go one behind the other, and so does what hangs
//! together through others: a delivery of two rows ties whatever changes one of them to whatever changes the other.

use std::collections::HashMap;

use crate::webhook_queue::QueuedDelivery;

/// Spreads deliveries over at most so many lanes, each in order; gives their places. Where rows are tied, lanes are fewer.
pub(super) fn lanes(deliveries: &[QueuedDelivery], most: usize) -> Vec<Vec<usize>> {
    if most <= 1 || deliveries.len() <= 1 {
        return vec![(0..deliveries.len()).collect()];
    }
    let mut groups = Groups::new(deliveries.len());
    let mut by_row: HashMap<(&str, &str), usize> = HashMap::new();
    for (index, delivery) in deliveries.iter().enumerate() {
        for entry in &delivery.entries {
            let row = (entry.stream.as_str(), entry.key.as_str());
            let other = *by_row.entry(row).or_insert(index);
            groups.join(index, other);
        }
    }
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    for index in 0..deliveries.len() {
        members.entry(groups.first(index)).or_default().push(index);
    }
    // Long groups first, so that the lanes become equally long.
    let mut members: Vec<Vec<usize>> = members.into_values().collect();
    members.sort_by_key(|group| (std::cmp::Reverse(group.len()), group[0]));
    let mut lanes = vec![Vec::new(); most.min(members.len())];
    for group in members {
        if let Some(shortest) = lanes.iter_mut().min_by_key(|lane| lane.len()) {
            shortest.extend(group);
        }
    }
    for lane in &mut lanes {
        lane.sort_unstable();
    }
    lanes
}

/// Which deliveries hang together.
struct Groups {
    /// A delivery of the same group that came earlier, or the delivery itself.
    before: Vec<usize>,
}

impl Groups {
    fn new(count: usize) -> Groups {
        Groups {
            before: (0..count).collect(),
        }
    }

    /// The first delivery of a group.
    fn first(&mut self, mut index: usize) -> usize {
        while self.before[index] != index {
            self.before[index] = self.before[self.before[index]];
            index = self.before[index];
        }
        index
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        self.before[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::super::tests::delivery;
    use super::*;

    proptest! {
        #[test]
        fn rows_keep_their_order_and_nothing_is_lost(
            rows in prop::collection::vec(prop::collection::vec(0_u8..40, 0..4), 0..60),
            most in 1_usize..9,
        ) {
            let deliveries: Vec<QueuedDelivery> = rows
                .iter()
                .zip(1..)
                .map(|(rows, number)| {
                    let keys: Vec<String> = rows.iter().map(u8::to_string).collect();
                    delivery(number, &keys)
                })
                .collect();
            let lanes = lanes(&deliveries, most);
            prop_assert!(lanes.len() <= most);
            let mut all: Vec<usize> = lanes.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..rows.len()).collect::<Vec<_>>());
            let mut lanes_of: BTreeMap<u8, BTreeSet<usize>> = BTreeMap::new();
            for (lane, number) in lanes.iter().zip(0..) {
                prop_assert!(lane.is_sorted());
                for row in lane.iter().flat_map(|index| &rows[*index]) {
                    lanes_of.entry(*row).or_default().insert(number);
                }
            }
            for (row, lanes) in lanes_of {
                prop_assert!(lanes.len() == 1, "row {} is in {:?}", row, lanes);
            }
        }

        #[test]
        fn what_is_apart_is_spread_evenly(count in 1_i64..200, most in 1_usize..9) {
            let deliveries: Vec<QueuedDelivery> =
                (0..count).map(|number| delivery(number, &[number.to_string()])).collect();
            let lanes = lanes(&deliveries, most);
            let lengths = lanes.iter().map(Vec::len);
            let (least, longest) = (lengths.clone().min(), lengths.max());
            prop_assert!(longest.zip(least).is_some_and(|(longest, least)| longest - least <= 1));
        }
    }
}
