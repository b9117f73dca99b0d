//! Which triggers are on: by their connection's file, and by whoever switched them since. What is switched holds at once,
//! in every process.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Intents, QueueError};

/// Whether a trigger is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switch {
    /// By the connection's file; absent: it was not in it when the file was read last.
    pub by_file: Option<bool>,
    /// By whoever switched it; absent: nobody did.
    pub switched: Option<bool>,
}

impl Switch {
    /// Whether it is on.
    pub fn is_on(self) -> bool {
        self.switched.or(self.by_file).unwrap_or(true)
    }
}

/// Whether a trigger is on.
pub(super) fn is_on(transaction: &Transaction<'_>, name: &str) -> rusqlite::Result<bool> {
    let on: Option<Option<bool>> = transaction
        .prepare_cached("SELECT coalesce(switched, by_file) FROM triggers WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(on.flatten().unwrap_or(true))
}

impl Intents {
    /// Says what the connection's file says of its triggers: whether each is on, and whether it follows its rows. What
    /// somebody switched stays.
    pub fn declare<'a>(
        &self,
        triggers: impl IntoIterator<Item = (&'a str, bool, bool)>,
    ) -> Result<(), QueueError> {
        self.transact(|transaction| {
            transaction.execute("UPDATE triggers SET by_file = NULL, follows = 0", [])?;
            for (name, on, follows) in triggers {
                transaction
                    .prepare_cached(
                        "INSERT INTO triggers (name, by_file, follows) VALUES (?1, ?2, ?3)
                         ON CONFLICT (name) DO UPDATE SET by_file = excluded.by_file, follows = excluded.follows",
                    )?
                    .execute(params![name, on, follows])?;
            }
            transaction.execute(
                "DELETE FROM triggers WHERE by_file IS NULL AND switched IS NULL",
                [],
            )?;
            Ok(())
        })
    }

    /// Switches a trigger on or off.
    pub fn switch(&self, name: &str, on: bool) -> Result<(), QueueError> {
        self.transact(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO triggers (name, switched) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET switched = excluded.switched",
                )?
                .execute(params![name, on])?;
            Ok(())
        })
    }

    /// Which triggers are on.
    pub fn switches(&self) -> Result<BTreeMap<String, Switch>, QueueError> {
        self.transact(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT name, by_file, switched FROM triggers")?;
            let rows = statement.query_map([], |row| {
                let switch = Switch {
                    by_file: row.get(1)?,
                    switched: row.get(2)?,
                };
                Ok((row.get(0)?, switch))
            })?;
            rows.collect()
        })
    }
}
