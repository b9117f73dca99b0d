//! What a table holds of a row before an entry is applied to it.

use rusqlite::{OptionalExtension as _, Transaction};

use super::rows::quoted;
use crate::contract::types::Entry;
use crate::output::{RowTime, Standing};

/// How much of a row is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Partial {
    /// The provider gave all of it.
    Whole = 0,
    /// The provider gave all of it, and patches changed fields since.
    Patched = 1,
    /// Nothing but patches: the other fields are missing until the row is read again.
    OnlyPatches = 2,
}

/// A row as it is held.
pub(super) struct HeldRow {
    pub(super) updated_at_ms: Option<i64>,
    pub(super) deleted: bool,
    pub(super) partial: Partial,
    pub(super) data: String,
    /// The number of the scan, the addition or the delivery that wrote it last.
    pub(super) written_by: i64,
}

impl HeldRow {
    /// The row of an entry.
    pub(super) fn find(
        transaction: &Transaction<'_>,
        entry: &Entry,
    ) -> rusqlite::Result<Option<HeldRow>> {
        // The data is of use to patches, to what comes below them, and to what is of the same second.
        transaction
            .prepare_cached(&format!(
                "SELECT updated_at_ms, deleted, partial, written_by,
                    CASE WHEN ?2 OR partial = 2 OR updated_at_ms / 1000 = ?3 / 1000 THEN data ELSE '' END
                 FROM {} WHERE key = ?1",
                quoted(&entry.stream)
            ))?
            .query_row(
                (
                    &entry.key,
                    entry.change == crate::contract::types::Change::Patch,
                    entry.updated_at_ms,
                ),
                |row| {
                    Ok(HeldRow {
                        updated_at_ms: row.get(0)?,
                        deleted: row.get(1)?,
                        partial: match row.get(2)? {
                            0 => Partial::Whole,
                            1 => Partial::Patched,
                            _ => Partial::OnlyPatches,
                        },
                        written_by: row.get(3)?,
                        data: row.get(4)?,
                    })
                },
            )
            .optional()
    }

    /// How an entry stands to it.
    pub(super) fn standing(&self, entry: &Entry) -> Standing {
        let held = self.updated_at_ms.map(|at| RowTime::new(at, self.deleted));
        Standing::of(RowTime::of(entry), held)
    }
}
