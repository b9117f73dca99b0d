//! How much was read, by minute.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Row, Transaction, params};

use super::{Database, DatabaseError, signed, unsigned};

/// What happened in a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// Minutes since 1970.
    pub minute: i64,
    /// Entries given to outputs.
    pub records: u64,
    /// Runs that did not end well.
    pub failures: u64,
}

pub(super) fn add(
    transaction: &Transaction<'_>,
    now_ms: i64,
    connection: &str,
    records: u64,
    failed: bool,
) -> rusqlite::Result<()> {
    if records == 0 && !failed {
        return Ok(());
    }
    transaction
        .prepare_cached(
            "INSERT INTO minutes (minute, connection, records, failures) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (minute, connection) DO UPDATE SET
                records = records + excluded.records, failures = failures + excluded.failures",
        )?
        .execute(params![
            now_ms.div_euclid(60_000),
            connection,
            signed(records),
            failed
        ])?;
    Ok(())
}

impl Database {
    /// What happened in each minute since then, of one connection or of all; minutes without anything are left out.
    pub fn minutes(
        &self,
        connection: Option<&str>,
        since_ms: i64,
    ) -> Result<Vec<Minute>, DatabaseError> {
        self.use_it(|database| {
            let mut statement = database.prepare_cached(
                "SELECT minute, sum(records), sum(failures) FROM minutes
                 WHERE minute >= ?1 AND (?2 IS NULL OR connection = ?2) GROUP BY minute ORDER BY minute",
            )?;
            let rows =
                statement.query_map(params![since_ms.div_euclid(60_000), connection], minute)?;
            rows.collect()
        })
    }

    /// The same for each of these connections, in one walk; those without anything are left out.
    pub fn minutes_of(
        &self,
        connections: &[&str],
        since_ms: i64,
    ) -> Result<BTreeMap<String, Vec<Minute>>, DatabaseError> {
        let wanted: BTreeSet<&str> = connections.iter().copied().collect();
        let mut all: BTreeMap<String, Vec<Minute>> = BTreeMap::new();
        self.use_it(|database| {
            let mut statement = database.prepare_cached(
                "SELECT minute, records, failures, connection FROM minutes WHERE minute >= ?1 ORDER BY minute",
            )?;
            let mut rows = statement.query([since_ms.div_euclid(60_000)])?;
            while let Some(row) = rows.next()? {
                let connection: String = row.get(3)?;
                if wanted.contains(connection.as_str()) {
                    all.entry(connection).or_default().push(minute(row)?);
                }
            }
            Ok(())
        })?;
        Ok(all)
    }
}

fn minute(row: &Row<'_>) -> rusqlite::Result<Minute> {
    Ok(Minute {
        minute: row.get(0)?,
        records: unsigned(row.get(1)?),
        failures: unsigned(row.get(2)?),
    })
}
