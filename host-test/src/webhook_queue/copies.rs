//! Which files were copied for a row: whoever erases the row needs to know where they are.

use rusqlite::params;

use super::{Intents, QueueError};

impl Intents {
    /// Remembers where files are that a row named: paths, or URLs of another place.
    pub fn keep_copies(
        &self,
        stream: &str,
        key: &str,
        places: &[String],
    ) -> Result<(), QueueError> {
        if places.is_empty() {
            return Ok(());
        }
        self.transact(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT OR IGNORE INTO copies (stream, key, place) VALUES (?1, ?2, ?3)",
            )?;
            for place in places {
                insert.execute(params![stream, key, place])?;
            }
            Ok(())
        })
    }
}
