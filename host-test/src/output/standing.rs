//! Which of two changes of a row is the newer one. Webhooks come late, twice and in any order; the time of the change decides.

use crate::contract::types::{Change, Entry};

/// When a row changed, and whether it was gone then. In whole seconds: some ways in know no more, and half a second must not
/// make the same change newer than itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowTime {
    /// Seconds since 1970.
    pub second: i64,
    /// Whether the change was the row's end.
    pub gone: bool,
}

impl RowTime {
    /// The time of a change in milliseconds since 1970.
    pub fn new(updated_at_ms: i64, gone: bool) -> RowTime {
        RowTime {
            second: updated_at_ms.div_euclid(1_000),
            gone,
        }
    }

    /// The time of an entry; `None` where the provider does not say.
    pub fn of(entry: &Entry) -> Option<RowTime> {
        RowChange::of(entry).time()
    }
}

/// A change of a row, without its document.
#[derive(Clone, Copy, Debug)]
pub struct RowChange<'a> {
    /// The stream of the row.
    pub stream: &'a str,
    /// Its key.
    pub key: &'a str,
    /// When it changed, in milliseconds since 1970; absent where the provider does not say.
    pub updated_at_ms: Option<i64>,
    /// What was done.
    pub change: Change,
}

impl<'a> RowChange<'a> {
    /// What an entry does.
    pub fn of(entry: &'a Entry) -> RowChange<'a> {
        RowChange {
            stream: &entry.stream,
            key: &entry.key,
            updated_at_ms: entry.updated_at_ms,
            change: entry.change,
        }
    }

    /// When it was; `None` where the provider does not say.
    pub fn time(&self) -> Option<RowTime> {
        let gone = self.change == Change::Delete;
        self.updated_at_ms.map(|ms| RowTime::new(ms, gone))
    }
}

/// How a change stands to what is held of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is as new, or newer, or nobody can say.
    Fits,
    /// It is older.
    Stale,
    /// It is of the same second, and the row is there by both: nothing tells which state came last.
    Tied,
    /// It is of the same second; by one of the two the row is there, by the other it is gone.
    Unclear,
}

impl Standing {
    /// Compares a change with what is held.
    pub fn of(new: Option<RowTime>, held: Option<RowTime>) -> Standing {
        match (new, held) {
            (Some(new), Some(held)) if new.second < held.second => Standing::Stale,
            (Some(new), Some(held)) if new.second == held.second && new.gone != held.gone => {
                Standing::Unclear
            }
            (Some(new), Some(held)) if new == held && !new.gone => Standing::Tied,
            _ => Standing::Fits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_decide_and_the_same_second_does_not() {
        let there = |ms| Some(RowTime::new(ms, false));
        let gone = |ms| Some(RowTime::new(ms, true));
        for (new, held, standing) in [
            (there(5_000), None, Standing::Fits),
            (None, there(5_000), Standing::Fits),
            (there(5_000), there(5_999), Standing::Tied),
            (there(4_999), there(5_000), Standing::Stale),
            (there(4_999), gone(5_000), Standing::Stale),
            (there(6_000), gone(5_000), Standing::Fits),
            (there(5_500), gone(5_000), Standing::Unclear),
            (gone(5_000), there(5_500), Standing::Unclear),
            (gone(5_000), gone(5_500), Standing::Fits),
            (there(-1), there(0), Standing::Stale),
        ] {
            assert_eq!(Standing::of(new, held), standing, "{new:?} {held:?}");
        }
    }
}
