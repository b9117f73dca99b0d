//! Which batch a row belongs to. The component's journal is one for each batch: a row that came with another batch the next
//! time would be a new one to it, and written twice. So a row stays in its batch, however the input grew or was cut.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use sha2::{Digest as _, Sha256};

use super::WriteOptions;
use crate::contract::connector::{ActionDescriptor, Rehearsal, Row};

/// How long to wait for another process that writes to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long rows are remembered after they were given last: longer than the component remembers what it did.
const KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// One value for each batch, not for each row: the digests of its rows' keys, one after another.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS write_batches (
        write_name BLOB NOT NULL,
        number     INTEGER NOT NULL,
        rows       BLOB NOT NULL,
        given_ms   INTEGER NOT NULL,
        PRIMARY KEY (write_name, number)
    ) WITHOUT ROWID;
";

/// Bytes of a digest that are kept.
const DIGEST: usize = 16;

type Key = [u8; DIGEST];

/// Rows that are given together.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchRows {
    /// The name of the batch.
    pub id: String,
    /// Its rows, as many as the action takes at most.
    pub rows: Vec<Row>,
}

/// Rows in batches, each full save the last one.
pub fn divide(rows: Vec<Row>, action: &ActionDescriptor, options: &WriteOptions) -> Vec<BatchRows> {
    let mut members = Members::new(size_of(action));
    group(rows, &mut members, &options.batch_id)
}

/// The same, each row in the batch in which it was when the write was given before, as a database remembers it. A rehearsal
/// leaves no trace there.
pub fn divide_as_before(
    database: &Path,
    connection: &str,
    rows: Vec<Row>,
    (action, options): (&ActionDescriptor, &WriteOptions),
    now_ms: i64,
) -> rusqlite::Result<Vec<BatchRows>> {
    let mut database = Connection::open(database)?;
    database.busy_timeout(BUSY_TIMEOUT)?;
    // Immediate: who gives the same rows at the same time must see what this one decides.
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    let default = action.modes.first().map(String::as_str);
    let mode = options.mode.as_deref().or(default).unwrap_or_default();
    // The id is the caller's, and may hold personal data.
    let write = digest(&[connection, &action.name, mode, &options.batch_id]);
    let mut members = Members::load(&transaction, &write, size_of(action))?;
    let batches = group(rows, &mut members, &options.batch_id);
    if options.rehearsal == Rehearsal::Off {
        members.store(&transaction, &write, now_ms)?;
        transaction.commit()?;
    }
    Ok(batches)
}

fn size_of(action: &ActionDescriptor) -> usize {
    let size = usize::try_from(action.batch_limit).unwrap_or(usize::MAX);
    size.max(1)
}

/// The batches in the order of their first rows; the rows of each in their own order.
fn group(rows: Vec<Row>, members: &mut Members, write: &str) -> Vec<BatchRows> {
    let mut batches: Vec<BatchRows> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for row in rows {
        let number = members.batch_of(&row.key);
        let place = *places.entry(number).or_insert_with(|| {
            batches.push(BatchRows {
                // The first one has a number too: so no write has the name of another one's batch.
                id: format!("{write}.{number}"),
                rows: Vec::new(),
            });
            batches.len() - 1
        });
        batches[place].rows.push(row);
    }
    batches
}

/// The keys of each batch's rows.
struct Members {
    size: usize,
    batches: Vec<Vec<u8>>,
    known: HashMap<Key, usize>,
    /// The first batch that is not stored as it is.
    changed: usize,
}

impl Members {
    fn new(size: usize) -> Members {
        Members {
            size,
            batches: Vec::new(),
            known: HashMap::new(),
            changed: 0,
        }
    }

    fn load(transaction: &Transaction<'_>, write: &Key, size: usize) -> rusqlite::Result<Members> {
        let mut members = Members::new(size);
        let mut stored = transaction
            .prepare("SELECT rows FROM write_batches WHERE write_name = ?1 ORDER BY number")?;
        for rows in stored.query_map([write.as_slice()], |row| row.get::<_, Vec<u8>>(0))? {
            let rows = rows?;
            let number = members.batches.len();
            let (keys, _) = rows.as_chunks::<DIGEST>();
            members.known.extend(keys.iter().map(|key| (*key, number)));
            members.batches.push(rows);
        }
        members.changed = members.batches.len();
        Ok(members)
    }

    /// The batch of a row: where it was before, else the last one as long as there is room.
    fn batch_of(&mut self, key: &str) -> usize {
        let key = digest(&[key]);
        if let Some(number) = self.known.get(&key) {
            return *number;
        }
        let full = self.size.saturating_mul(DIGEST);
        if self.batches.last().is_none_or(|rows| rows.len() >= full) {
            self.batches.push(Vec::new());
        }
        let number = self.batches.len() - 1;
        self.batches[number].extend_from_slice(&key);
        self.known.insert(key, number);
        self.changed = self.changed.min(number);
        number
    }

    fn store(
        &self,
        transaction: &Transaction<'_>,
        write: &Key,
        now_ms: i64,
    ) -> rusqlite::Result<()> {
        for (number, rows) in self.batches.iter().enumerate().skip(self.changed) {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO write_batches (write_name, number, rows, given_ms) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![write.as_slice(), number, rows, now_ms])?;
        }
        // All of a write's batches or none: their numbers have no gaps.
        transaction.execute(
            "UPDATE write_batches SET given_ms = ?2 WHERE write_name = ?1",
            params![write.as_slice(), now_ms],
        )?;
        transaction.execute(
            "DELETE FROM write_batches WHERE given_ms < ?1",
            [now_ms.saturating_sub(KEPT_MS)],
        )?;
        Ok(())
    }
}

/// A digest of texts; where one ends is a part of it.
fn digest(texts: &[&str]) -> Key {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.len().to_be_bytes());
        hash.update(text);
    }
    let mut digest = [0; DIGEST];
    digest.copy_from_slice(&hash.finalize()[..DIGEST]);
    digest
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::sample::{action, options, rows};
    use super::*;

    const DAY_MS: i64 = 24 * 3_600 * 1_000;

    struct Journal(written::Folder);

    impl Journal {
        fn new() -> Journal {
            Journal(written::Folder::new())
        }

        /// Each row with its batch.
        fn give(&self, id: &str, rows: Vec<Row>, now_ms: i64) -> Vec<(String, String)> {
            self.give_with(&options(id), rows, now_ms)
        }

        fn give_with(
            &self,
            options: &WriteOptions,
            rows: Vec<Row>,
            now_ms: i64,
        ) -> Vec<(String, String)> {
            let path = self.0.path().join("journal.db");
            let size = 3;
            let how = (&action(size), options);
            let batches = divide_as_before(&path, "a", rows, how, now_ms).unwrap();
            let mut given = Vec::new();
            for batch in batches {
                assert!(batch.rows.len() <= usize::try_from(size).unwrap());
                given.extend(
                    batch
                        .rows
                        .into_iter()
                        .map(|row| (row.key, batch.id.clone())),
                );
            }
            given
        }
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        let pair = |(key, id): &(&str, &str)| ((*key).to_owned(), (*id).to_owned());
        expected.iter().map(pair).collect()
    }

    #[test]
    fn a_row_stays_in_its_batch_however_the_input_grows_or_is_cut() {
        let journal = Journal::new();
        let first = pairs(&[("0", "w.0"), ("1", "w.0"), ("2", "w.0")]);
        assert_eq!(journal.give("w", rows(0..3), 0), first);
        let grown = pairs(&[
            ("0", "w.0"),
            ("1", "w.0"),
            ("2", "w.0"),
            ("3", "w.1"),
            ("4", "w.1"),
        ]);
        assert_eq!(journal.give("w", rows(0..5), 0), grown);
        let cut = pairs(&[("1", "w.0"), ("4", "w.1"), ("5", "w.1"), ("6", "w.2")]);
        let some: Vec<Row> = [1, 4, 5, 6]
            .into_iter()
            .flat_map(|one| rows(one..one + 1))
            .collect();
        assert_eq!(journal.give("w", some, 0), cut);
        // In another order too.
        let turned: Vec<Row> = [4, 1]
            .into_iter()
            .flat_map(|one| rows(one..one + 1))
            .collect();
        assert_eq!(
            journal.give("w", turned, 0),
            pairs(&[("4", "w.1"), ("1", "w.0")])
        );
        // Another write knows nothing of it.
        assert_eq!(
            journal.give("other", rows(4..5), 0),
            pairs(&[("4", "other.0")])
        );
    }

    #[test]
    fn without_a_journal_batches_are_full_save_the_last() {
        let batches = divide(rows(0..7), &action(3), &options("w"));
        let sizes: Vec<(&str, usize)> = batches
            .iter()
            .map(|batch| (batch.id.as_str(), batch.rows.len()))
            .collect();
        assert_eq!(sizes, [("w.0", 3), ("w.1", 3), ("w.2", 1)]);
    }

    #[test]
    fn a_rehearsal_decides_nothing_and_what_is_old_is_forgotten() {
        let journal = Journal::new();
        let rehearsed = WriteOptions {
            rehearsal: Rehearsal::ReadsOnly,
            ..options("w")
        };
        journal.give_with(&rehearsed, rows(5..6), 0);
        journal.give("w", rows(0..4), 0);
        assert_eq!(
            journal.give("w", rows(3..4), 20 * DAY_MS),
            pairs(&[("3", "w.1")])
        );
        // Given within the time: all of it is remembered from then on.
        assert_eq!(
            journal.give("w", rows(3..4), 45 * DAY_MS),
            pairs(&[("3", "w.1")])
        );
        journal.give("another", rows(0..1), 80 * DAY_MS);
        assert_eq!(
            journal.give("w", rows(3..4), 80 * DAY_MS),
            pairs(&[("3", "w.0")])
        );
    }
}
