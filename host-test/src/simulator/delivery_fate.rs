//! What becomes of a notification on its way: usually nothing. Which ones are hit is a function of the seed and of the
//! order in which things happen.

use clap::Args;
use serde::{Deserialize, Serialize};

use super::generate::Dice;

/// Of how many notifications in a hundred something becomes on their way.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryDisturbance {
    /// Notifications that are lost, in percent
    #[arg(id = "webhook-lost", long = "webhook-lost", value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    pub lost: u8,

    /// Notifications that are sent twice, in percent
    #[arg(id = "webhook-doubled", long = "webhook-doubled", value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    pub doubled: u8,

    /// Notifications that are sent after later ones, in percent
    #[arg(id = "webhook-reordered", long = "webhook-reordered", value_name = "PERCENT", default_value_t = 0, value_parser = percent())]
    pub reordered: u8,
}

fn percent() -> clap::builder::RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(0..=100)
}

/// What became of a notification on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryFate {
    /// It was sent at once.
    #[default]
    Sent,
    /// It was never sent.
    Lost,
    /// It was sent twice, as if each were the only one.
    Doubled,
    /// It was sent after later ones.
    Reordered,
}

/// Dice that no generated object has.
const DICE: u64 = 3_000;

impl DeliveryDisturbance {
    /// The fate of a notification by its number in the order of the changes. It has one at most.
    pub(crate) fn fate(self, seed: u64, number: u64) -> DeliveryFate {
        let roll = Dice::new(seed, DICE, number).roll(1, 100);
        let (lost, doubled) = (u64::from(self.lost), u64::from(self.doubled));
        let doubled = lost + doubled;
        let reordered = doubled + u64::from(self.reordered);
        match roll {
            _ if roll < lost => DeliveryFate::Lost,
            _ if roll < doubled => DeliveryFate::Doubled,
            _ if roll < reordered => DeliveryFate::Reordered,
            _ => DeliveryFate::Sent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fates_come_about_as_often_as_they_should_and_always_the_same() {
        let disturbance = DeliveryDisturbance {
            lost: 5,
            doubled: 10,
            reordered: 20,
        };
        let fates: Vec<_> = (0..10_000)
            .map(|number| disturbance.fate(7, number))
            .collect();
        for (fate, percent) in [
            (DeliveryFate::Lost, 5),
            (DeliveryFate::Doubled, 10),
            (DeliveryFate::Reordered, 20),
            (DeliveryFate::Sent, 65),
        ] {
            let count = fates.iter().filter(|other| **other == fate).count();
            let expected = percent * 100;
            assert!(count.abs_diff(expected) < 150, "{fate:?}: {count}");
        }
        let again: Vec<_> = (0..10_000)
            .map(|number| disturbance.fate(7, number))
            .collect();
        assert_eq!(fates, again);
        let undisturbed = DeliveryDisturbance::default();
        assert!((0..1_000).all(|number| undisturbed.fate(7, number) == DeliveryFate::Sent));
    }
}
