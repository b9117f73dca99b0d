//! The ids of the deliveries that a database has.

use rusqlite::{Transaction, params};

/// Stores the id of a delivery; false when it is there already.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    id: &str,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let inserted = transaction
        .prepare_cached("INSERT OR IGNORE INTO _deliveries (id, received_at_ms) VALUES (?1, ?2)")?
        .execute(params![id, now_ms])?;
    Ok(inserted == 1)
}

/// Forgets deliveries from before a time.
pub(super) fn forget(transaction: &Transaction<'_>, before_ms: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM _deliveries WHERE received_at_ms < ?1")?
        .execute([before_ms])?;
    Ok(())
}
