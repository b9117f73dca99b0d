//! Rows to read again: each once, however many deliveries told a part of it.

use rusqlite::{Transaction, params};

use super::{Queue, QueueError, WebhookCounts, lock};

/// A row to read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowAgain {
    /// Its stream.
    pub stream: String,
    /// Its key.
    pub key: String,
    /// How often it was tried in vain.
    pub tries: u32,
    /// Counts how often it was asked for: what was asked for meanwhile is read once more.
    generation: i64,
}

/// Asks for a row to be read when the deliveries up to a number are in the output.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    (stream, key): (&str, &str),
    after: i64,
    now_ms: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO again (stream, key, after, due_at_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (stream, key) DO UPDATE SET
                generation = generation + 1, after = max(after, excluded.after)",
        )?
        .execute(params![stream, key, after, now_ms])?;
    Ok(())
}

impl Queue {
    /// Rows that are to be read now, those that wait longest first: so many, of one stream. The output has every delivery
    /// that told of them.
    pub fn rows_again(&self, now_ms: i64, most: u32) -> Result<Vec<RowAgain>, QueueError> {
        self.read(|connection| {
            let waiting: Option<i64> = connection
                .prepare_cached("SELECT min(number) FROM waiting WHERE problem IS NULL")?
                .query_row([], |row| row.get(0))?;
            let mut statement = connection.prepare_cached(
                "SELECT stream, key, tries, generation FROM again
                 WHERE due_at_ms <= ?1 AND after < ?2 AND stream =
                    (SELECT stream FROM again WHERE due_at_ms <= ?1 AND after < ?2 ORDER BY due_at_ms LIMIT 1)
                 ORDER BY due_at_ms LIMIT ?3",
            )?;
            let before = waiting.unwrap_or(i64::MAX);
            let rows = statement.query_map(params![now_ms, before, most], |row| {
                Ok(RowAgain {
                    stream: row.get(0)?,
                    key: row.get(1)?,
                    tries: row.get(2)?,
                    generation: row.get(3)?,
                })
            })?;
            rows.collect()
        })
    }

    /// Whether any row is to be read, now or later.
    pub fn has_rows_again(&self) -> Result<bool, QueueError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM again)")?
                .query_row([], |row| row.get(0))
        })
    }

    /// The rows were read, or given up, and are counted as that; those that were asked for meanwhile stay.
    pub async fn rows_read(
        &self,
        rows: Vec<RowAgain>,
        count: fn(&mut WebhookCounts, u64),
    ) -> Result<(), QueueError> {
        let tally = self.shared.tally.clone();
        self.write(move |transaction| {
            let mut delete = transaction.prepare_cached(
                "DELETE FROM again WHERE stream = ?1 AND key = ?2 AND generation = ?3",
            )?;
            let mut stays = transaction
                .prepare_cached("UPDATE again SET tries = 0 WHERE stream = ?1 AND key = ?2")?;
            for row in &rows {
                if delete.execute(params![row.stream, row.key, row.generation])? == 0 {
                    stays.execute(params![row.stream, row.key])?;
                }
            }
            lock(&tally).count(|counts| count(counts, rows.len() as u64));
            Ok(())
        })
        .await
    }

    /// The rows could not be read: they are tried again then, in milliseconds since 1970.
    pub async fn rows_put_off(&self, rows: Vec<RowAgain>, until_ms: i64) -> Result<(), QueueError> {
        self.write(move |transaction| {
            let mut put_off = transaction.prepare_cached(
                "UPDATE again SET due_at_ms = ?3, tries = tries + 1 WHERE stream = ?1 AND key = ?2",
            )?;
            for row in &rows {
                put_off.execute(params![row.stream, row.key, until_ms])?;
            }
            Ok(())
        })
        .await
    }
}
