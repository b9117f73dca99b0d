//! Who belongs to the workspace, and who is away: the generated teammates, and what became of them.

use std::collections::{BTreeMap, BTreeSet};

use super::errors::ApiError;
use super::generator::{FIRST_ADMIN_ID, Generator};

/// What was changed of the teammates, by their indexes.
#[derive(Debug, Default)]
pub(crate) struct Teammates {
    added: u64,
    removed: BTreeSet<u64>,
    away: BTreeMap<u64, Away>,
}

/// Whether a teammate is away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Away {
    pub(crate) enabled: bool,
    /// Whether new conversations go to others meanwhile.
    pub(crate) reassign: bool,
    pub(crate) reason: Option<String>,
}

impl Teammates {
    /// The indexes of those who belong to the workspace.
    pub(crate) fn indexes(&self, generator: &Generator) -> impl Iterator<Item = u64> + '_ {
        let end = generator.admins.saturating_add(self.added);
        (0..end).filter(|index| !self.removed.contains(index))
    }

    /// The index of the teammate with this id.
    ///
    /// # Errors
    /// 404 when nobody has it.
    pub(crate) fn find(&self, generator: &Generator, wanted: &str) -> Result<u64, ApiError> {
        let wanted: Option<i64> = wanted.parse().ok();
        let mut indexes = self.indexes(generator);
        indexes
            .find(|index| Some(FIRST_ADMIN_ID.saturating_add_unsigned(*index)) == wanted)
            .ok_or_else(|| ApiError::new(404, "admin_not_found", "Admin not found"))
    }

    /// Adds somebody; gives the index.
    pub(crate) fn add(&mut self, generator: &Generator) -> u64 {
        let index = generator.admins.saturating_add(self.added);
        self.added += 1;
        index
    }

    /// Removes somebody.
    pub(crate) fn remove(&mut self, index: u64) {
        self.removed.insert(index);
    }

    /// Lets somebody go away or come back; says whether that is a change.
    pub(crate) fn set_away(&mut self, index: u64, away: Away) -> bool {
        let changed = self.away(index) != away;
        self.away.insert(index, away);
        changed
    }

    /// Whether a teammate is away; of the generated ones every fourth is.
    pub(crate) fn away(&self, index: u64) -> Away {
        let generated = || Away {
            enabled: index % 4 == 3,
            ..Away::default()
        };
        self.away.get(&index).cloned().unwrap_or_else(generated)
    }

    /// Why a teammate is away; an empty text when that is not known.
    pub(crate) fn reason(&self, index: u64) -> String {
        self.away(index).reason.unwrap_or_default()
    }
}
