//! An SQLite database with one table for each stream: every page and its position in one transaction.
//!
//! A row knows the scan that wrote it last. Before a scan writes over a row of an earlier scan, the old row goes into
//! `_undo`; when the walk starts over, the scan's rows are deleted and the old ones put back.

mod deliveries;
mod held_row;
mod quarantine;
mod rows;
mod schema;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::rows::{Outcome, Writing};
use super::{
    Addition, Commit, Delivered, Delivery, Output, OutputError, QuarantinedRow, ScanStart,
};
use crate::contract::types::Entry;
use crate::position::{Checked, Heard, LastRun, State, StateLock, StreamState};

/// How long a delivery is remembered. The provider gives up repeating one within hours.
const DELIVERY_MEMORY_MS: i64 = 7 * 24 * 3_600 * 1_000;

/// A database of streams, with their positions.
pub struct Sqlite {
    path: PathBuf,
    connection: Connection,
    state: State,
    /// The highest number that a scan or a delivery has had.
    counter: i64,
    tables: BTreeSet<String>,
    /// The rows that are held because they are no records.
    held: quarantine::Held,
    _lock: StateLock,
}

impl Sqlite {
    /// Opens a database, made when it does not exist. No other process may write to it meanwhile; reading is free.
    pub fn open(path: &Path) -> Result<Sqlite, OutputError> {
        let lock = StateLock::take(path)?;
        let failed = |source| OutputError::Database {
            path: path.to_path_buf(),
            source,
        };
        let connection = Connection::open(path).map_err(failed)?;
        schema::prepare(&connection, path)?;
        let (state, counter) = schema::load(&connection).map_err(failed)?;
        let tables = schema::tables(&connection).map_err(failed)?;
        let held = quarantine::held(&connection).map_err(failed)?;
        Ok(Sqlite {
            path: path.to_path_buf(),
            connection,
            state,
            counter,
            tables,
            held,
            _lock: lock,
        })
    }

    /// Reads the state of a database for a look at it. Absent: there is no such database.
    pub fn read_state(path: &Path) -> Result<Option<State>, OutputError> {
        if !path.exists() {
            return Ok(None);
        }
        let failed = |source| OutputError::Database {
            path: path.to_path_buf(),
            source,
        };
        let connection =
            Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
                .map_err(failed)?;
        schema::load(&connection)
            .map(|(state, _)| Some(state))
            .map_err(failed)
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> OutputError + use<> {
        let path = self.path.clone();
        move |source| OutputError::Database {
            path: path.clone(),
            source,
        }
    }

    /// Does some work in one transaction; what it changed in `tables` or `stream` is the caller's to keep afterwards.
    fn transact<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &mut BTreeSet<String>) -> Result<T, OutputError>,
    ) -> Result<T, OutputError> {
        let failed = self.failed();
        let mut tables = self.tables.clone();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&failed)?;
        let result = work(&transaction, &mut tables)?;
        transaction.commit().map_err(&failed)?;
        self.tables = tables;
        Ok(result)
    }

    fn stream(&self, name: &str) -> StreamState {
        self.state.streams.get(name).cloned().unwrap_or_default()
    }

    /// Holds rows that are no records, and lets those go that came as records.
    fn keep_quarantine(
        transaction: &Transaction<'_>,
        held: &quarantine::Held,
        page: Addition<'_>,
        scan: i64,
    ) -> rusqlite::Result<()> {
        if !held.is_empty() {
            for Entry { stream, key, .. } in page.entries {
                if held.contains(&(stream.clone(), key.clone())) {
                    quarantine::release(transaction, stream, key)?;
                }
            }
        }
        let mut rows = page.quarantined.iter();
        rows.try_for_each(|row| quarantine::hold(transaction, row, scan, page.now_ms))
    }

    /// Looks again which rows are held, where that may have changed.
    fn look_at_quarantine(&mut self, quarantined: &[QuarantinedRow]) -> Result<(), OutputError> {
        if !self.held.is_empty() || !quarantined.is_empty() {
            self.held = quarantine::held(&self.connection).map_err(self.failed())?;
        }
        Ok(())
    }

    fn number(scan: u64) -> i64 {
        i64::try_from(scan).unwrap_or(i64::MAX)
    }
}

impl Output for Sqlite {
    fn state(&self) -> &State {
        &self.state
    }

    fn begin(&mut self, name: &str, start: ScanStart) -> Result<(), OutputError> {
        let failed = self.failed();
        let mut stream = self.stream(name);
        let old_scan = Sqlite::number(stream.scan);
        // Deliveries and additions have taken numbers since a scan that is resumed: it keeps its own.
        let is_new = start != ScanStart::Resumed { same_scan: true };
        let counter = self.counter + i64::from(is_new);
        if is_new {
            stream.scan = u64::try_from(counter).unwrap_or_default();
        }
        if start == ScanStart::Anew {
            stream.positions.clear();
        }
        self.transact(|transaction, tables| {
            rows::make_table(transaction, tables, name).map_err(&failed)?;
            if start == ScanStart::Anew {
                rows::empty_table(transaction, name).map_err(&failed)?;
                quarantine::empty(transaction, name).map_err(&failed)?;
            }
            if is_new {
                rows::forget_undo(transaction, old_scan).map_err(&failed)?;
            }
            schema::save_counter(transaction, counter).map_err(&failed)?;
            schema::save_stream(transaction, name, &stream).map_err(&failed)
        })?;
        self.counter = counter;
        self.state.streams.insert(name.to_owned(), stream);
        Ok(())
    }

    fn commit(&mut self, page: Commit<'_>) -> Result<(), OutputError> {
        let failed = self.failed();
        schema::wait_for_disk(&self.connection, false).map_err(&failed)?;
        let mut stream = self.stream(page.stream);
        let scan = Sqlite::number(stream.scan);
        stream.store(page.position.clone(), page.now_ms);
        stream.records += page.entries.len() as u64;
        let path = self.path.clone();
        let held = std::mem::take(&mut self.held);
        let brought = Addition {
            stream: page.stream,
            entries: page.entries,
            quarantined: page.quarantined,
            now_ms: page.now_ms,
        };
        let stored = self.transact(|transaction, tables| {
            if page.restarted {
                quarantine::take_back(transaction, scan).map_err(&failed)?;
                for table in tables.iter() {
                    rows::roll_back(transaction, table, scan).map_err(&failed)?;
                }
            }
            let writing = Writing::Scan(scan);
            for entry in page.entries {
                rows::make_table(transaction, tables, &entry.stream).map_err(&failed)?;
                let outcome = rows::take(transaction, entry, writing, &path)?;
                stream.stale += u64::from(outcome == Outcome::Stale);
            }
            Sqlite::keep_quarantine(transaction, &held, brought, scan).map_err(&failed)?;
            if page.complete_snapshot {
                rows::delete_beyond(transaction, page.stream, scan).map_err(&failed)?;
            }
            if page.position.next.is_none() {
                rows::forget_undo(transaction, scan).map_err(&failed)?;
            }
            schema::save_stream(transaction, page.stream, &stream).map_err(&failed)
        });
        self.held = held;
        stored?;
        self.state.streams.insert(page.stream.to_owned(), stream);
        self.look_at_quarantine(page.quarantined)
    }

    fn add(&mut self, addition: Addition<'_>) -> Result<(), OutputError> {
        let failed = self.failed();
        let mut stream = self.stream(addition.stream);
        stream.records += addition.entries.len() as u64;
        // A number of its own: no scan that starts over takes these rows back.
        let counter = self.counter + 1;
        let path = self.path.clone();
        let held = std::mem::take(&mut self.held);
        schema::wait_for_disk(&self.connection, true).map_err(&failed)?;
        let stored = self.transact(|transaction, tables| {
            let writing = Writing::Addition(counter);
            for entry in addition.entries {
                rows::make_table(transaction, tables, &entry.stream).map_err(&failed)?;
                let outcome = rows::take(transaction, entry, writing, &path)?;
                stream.stale += u64::from(outcome == Outcome::Stale);
            }
            Sqlite::keep_quarantine(transaction, &held, addition, counter).map_err(&failed)?;
            stream.quarantined =
                quarantine::count(transaction, addition.stream).map_err(&failed)?;
            schema::save_counter(transaction, counter).map_err(&failed)?;
            schema::save_stream(transaction, addition.stream, &stream).map_err(&failed)
        });
        self.held = held;
        stored?;
        self.counter = counter;
        self.state
            .streams
            .insert(addition.stream.to_owned(), stream);
        self.look_at_quarantine(addition.quarantined)
    }

    fn live_keys(&self, stream: &str) -> Result<Option<BTreeSet<String>>, OutputError> {
        if !self.tables.contains(stream) {
            return Ok(Some(BTreeSet::new()));
        }
        let keys = rows::live_keys(&self.connection, stream).map_err(self.failed())?;
        Ok(Some(keys))
    }

    fn swept(&mut self, name: &str, now_ms: i64) -> Result<(), OutputError> {
        let failed = self.failed();
        let mut stream = self.stream(name);
        stream.swept_at_ms = Some(now_ms);
        self.transact(|transaction, _| {
            schema::save_stream(transaction, name, &stream).map_err(&failed)
        })?;
        self.state.streams.insert(name.to_owned(), stream);
        Ok(())
    }

    fn quarantined(&self, stream: &str) -> Result<Vec<QuarantinedRow>, OutputError> {
        quarantine::rows(&self.connection, stream).map_err(self.failed())
    }

    fn quarantine(&self) -> Option<String> {
        Some(format!("the table _quarantine of {}", self.path.display()))
    }

    fn ended(&mut self, name: &str, run: LastRun) -> Result<(), OutputError> {
        let failed = self.failed();
        let mut stream = self.stream(name);
        stream.last = Some(run);
        stream.quarantined = quarantine::count(&self.connection, name).map_err(&failed)?;
        self.transact(|transaction, _| {
            schema::save_stream(transaction, name, &stream).map_err(&failed)
        })?;
        self.state.streams.insert(name.to_owned(), stream);
        // A database that rests keeps none of its pages in memory: a platform has many of them open at a time.
        schema::give_back_memory(&self.connection).map_err(&failed)
    }

    fn keep_checked(&mut self, checked: Option<Checked>) -> Result<(), OutputError> {
        let failed = self.failed();
        let workspace = checked
            .as_ref()
            .map(|checked| checked.workspace_id.clone())
            .or_else(|| self.state.workspace_id.clone());
        self.transact(|transaction, _| {
            schema::save_checked(transaction, checked.as_ref()).map_err(&failed)?;
            schema::save_workspace(transaction, workspace.as_deref()).map_err(&failed)
        })?;
        self.state.checked = checked;
        self.state.workspace_id = workspace;
        Ok(())
    }

    fn deliver(&mut self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError> {
        let failed = self.failed();
        let mut counter = self.counter;
        let path = self.path.clone();
        let mut webhooks = self.state.webhooks.clone().unwrap_or_default();
        for Delivery { topic, now_ms, .. } in deliveries {
            webhooks.hear(Heard::Delivery { topic }, *now_ms);
        }
        let oldest = deliveries.iter().map(|delivery| delivery.now_ms).min();
        // Whoever has them on the way to here forgets them afterwards.
        schema::wait_for_disk(&self.connection, true).map_err(&failed)?;
        let delivered = self.transact(|transaction, tables| {
            let mut delivered = Vec::with_capacity(deliveries.len());
            for delivery in deliveries {
                let Delivery { id, now_ms, .. } = delivery;
                let mut told = Delivered {
                    new: deliveries::insert(transaction, id, *now_ms).map_err(&failed)?,
                    ..Delivered::default()
                };
                if told.new {
                    counter += 1;
                    for entry in delivery.entries {
                        rows::make_table(transaction, tables, &entry.stream).map_err(&failed)?;
                        let writing = Writing::Delivery(counter);
                        let outcome = rows::take(transaction, entry, writing, &path)?;
                        told.stale += u64::from(outcome == Outcome::Stale);
                        if matches!(outcome, Outcome::Tied | Outcome::Unclear) {
                            told.unclear.push((entry.stream.clone(), entry.key.clone()));
                        }
                    }
                }
                delivered.push(told);
            }
            if let Some(oldest) = oldest {
                deliveries::forget(transaction, oldest - DELIVERY_MEMORY_MS).map_err(&failed)?;
            }
            schema::save_webhooks(transaction, &webhooks).map_err(&failed)?;
            schema::save_counter(transaction, counter).map_err(&failed)?;
            Ok(delivered)
        })?;
        self.counter = counter;
        self.state.webhooks = Some(webhooks);
        Ok(delivered)
    }

    fn knows_row_times(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }
}

#[cfg(test)]
mod tests;
