//! How far streams were read to their end, with triggers looking at their pages.

use rusqlite::{OptionalExtension as _, params};

use super::{Intents, QueueError};

impl Intents {
    /// Remembers that whatever changed in a stream before a time was read.
    pub fn set_read(&self, stream: &str, until_ms: i64) -> Result<(), QueueError> {
        self.transact(|transaction| {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO state (name, value) VALUES (?1, ?2)")?
                .execute(params![name_of(stream), until_ms.to_string()])?;
            Ok(())
        })
    }

    /// Until when everything that changed in a stream was read; `None` when it was never read to its end.
    pub fn read_until(&self, stream: &str) -> Result<Option<i64>, QueueError> {
        self.transact(|transaction| {
            let stored: Option<String> = transaction
                .prepare_cached("SELECT value FROM state WHERE name = ?1")?
                .query_row([name_of(stream)], |row| row.get(0))
                .optional()?;
            Ok(stored.and_then(|text| text.parse().ok()))
        })
    }
}

fn name_of(stream: &str) -> String {
    format!("read {stream}")
}
