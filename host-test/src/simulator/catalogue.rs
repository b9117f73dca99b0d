//! The smaller kinds of objects, which differ in little but their data.

use serde::{Deserialize, Serialize};

use super::catalogue_table::{Row, TABLE};
use super::options::Options;
use super::shelf::Shelf;
use super::timeline::Timeline;
use super::workspace::uuid;

/// A kind of object of the catalogue; its name in JSON is in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogueKind {
    /// Articles of the help centres.
    Articles,
    /// Articles for teammates.
    InternalArticles,
    /// Collections of articles.
    Collections,
    /// Help centres.
    HelpCenters,
    /// News items.
    NewsItems,
    /// Feeds that show news items.
    Newsfeeds,
    /// Calls by phone.
    Calls,
    /// Instances of custom objects, of every type.
    CustomObjects,
    /// Replies that are kept for use again.
    Macros,
    /// Brands.
    Brands,
    /// Addresses that email is sent from.
    Emails,
    /// Reasons for being away.
    AwayStatusReasons,
    /// Types of subscriptions.
    SubscriptionTypes,
    /// What teammates did.
    ActivityLogs,
}

/// The dice of the kinds are numbered from here.
const FIRST_DICE: u64 = 1_000;
/// What makes ids of activity logs differ from those of requests.
const ACTIVITY_SALT: u64 = 0x6163_7469;

impl CatalogueKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = CatalogueKind> {
        TABLE.iter().map(|row| row.kind)
    }

    pub(crate) fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The id of object `number`.
    pub(crate) fn id(self, seed: u64, number: u64) -> String {
        match self {
            CatalogueKind::ActivityLogs => uuid(seed ^ ACTIVITY_SALT, number),
            _ => self.row().first_id.saturating_add(number).to_string(),
        }
    }

    /// The number that an id leads to; `None` when it cannot be one of this kind.
    pub(crate) fn number(self, id: &str) -> Option<u64> {
        let number: u64 = id.parse().ok()?;
        let number = number.checked_sub(self.row().first_id)?;
        (self != CatalogueKind::ActivityLogs && self.id(0, number) == id).then_some(number)
    }
}

/// The objects of every kind.
#[derive(Debug)]
pub(crate) struct Catalogue([Shelf; TABLE.len()]);

impl Catalogue {
    pub(crate) fn new(options: &Options) -> Catalogue {
        Catalogue(TABLE.each_ref().map(|row| {
            Shelf::new(Timeline {
                seed: options.seed,
                dice: FIRST_DICE + row.kind as u64,
                count: (row.count)(options),
                epoch: options.epoch,
            })
        }))
    }

    pub(crate) fn shelf(&self, kind: CatalogueKind) -> &Shelf {
        &self.0[kind as usize]
    }

    pub(crate) fn shelf_mut(&mut self, kind: CatalogueKind) -> &mut Shelf {
        &mut self.0[kind as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_kind_at_its_place() {
        for (place, kind) in CatalogueKind::all().enumerate() {
            assert_eq!(kind as usize, place);
            assert_eq!(kind.row().kind, kind);
        }
        assert_eq!(CatalogueKind::ActivityLogs as usize + 1, TABLE.len());
    }

    #[test]
    fn ids_lead_back_to_their_numbers() {
        for kind in CatalogueKind::all() {
            let id = kind.id(7, 12);
            let expected = (kind != CatalogueKind::ActivityLogs).then_some(12);
            assert_eq!(kind.number(&id), expected, "{kind:?}");
            for text in ["", "0", "x", "+39", "99999999999999999999"] {
                assert_eq!(kind.number(text), None, "{kind:?} {text}");
            }
        }
    }
}
