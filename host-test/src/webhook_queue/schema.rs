//! The tables of a queue.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::{QueueError, Tally, failed};

/// The layout, kept in `PRAGMA user_version`.
const LAYOUT: i64 = 4;

const TABLES: &str = "
    -- The ids of deliveries, while they are remembered, in the order in which they came.
    CREATE TABLE IF NOT EXISTS deliveries (
        number INTEGER PRIMARY KEY,
        id TEXT UNIQUE NOT NULL,
        received_at_ms INTEGER NOT NULL
    );
    -- Deliveries that the output does not have yet; those with a problem it never will. A number is given once.
    CREATE TABLE IF NOT EXISTS waiting (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        topic TEXT NOT NULL,
        received_at_ms INTEGER NOT NULL,
        created_at_ms INTEGER,
        entries BLOB NOT NULL,
        problem TEXT
    );
    CREATE INDEX IF NOT EXISTS waiting_with_problem ON waiting (received_at_ms) WHERE problem IS NOT NULL;
    -- Rows to read again, when the deliveries up to a number are in the output: what they told must not be put over what
    -- is read. The generation counts up when a row is asked for once more.
    CREATE TABLE IF NOT EXISTS again (
        stream TEXT NOT NULL,
        key TEXT NOT NULL,
        generation INTEGER NOT NULL DEFAULT 0,
        after INTEGER NOT NULL,
        due_at_ms INTEGER NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (stream, key)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS again_by_time ON again (due_at_ms);
    CREATE TABLE IF NOT EXISTS intents (
        id TEXT PRIMARY KEY NOT NULL,
        trigger TEXT NOT NULL,
        source_stream TEXT NOT NULL,
        source_key TEXT NOT NULL,
        action TEXT NOT NULL,
        record BLOB NOT NULL,
        confirm INTEGER NOT NULL,
        state TEXT NOT NULL,
        created_at_ms INTEGER NOT NULL,
        changed_at_ms INTEGER NOT NULL,
        -- How often it was tried in vain, when it is to be tried (again), and what went wrong last.
        tries INTEGER NOT NULL DEFAULT 0,
        due_at_ms INTEGER NOT NULL DEFAULT 0,
        problem TEXT,
        -- Whether its record is what the provider had when it was to be carried out.
        is_fresh INTEGER NOT NULL DEFAULT 0,
        -- The write under way that may have set it off, and what is to be compared when that write is over.
        held_by INTEGER,
        origin TEXT,
        -- Whether it hands on what became of a row that set it off before.
        follows INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX IF NOT EXISTS intents_by_state ON intents (state, created_at_ms);
    CREATE INDEX IF NOT EXISTS intents_by_source ON intents (source_stream, source_key, trigger);
    -- Triggers: whether they are on by their connection's file, and by whoever switched them since.
    CREATE TABLE IF NOT EXISTS triggers (
        name TEXT PRIMARY KEY NOT NULL,
        by_file INTEGER,
        switched INTEGER,
        -- Whether later changes of a row that set it off are handed on.
        follows INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    -- Rows that set off a trigger that follows them, when they changed last, and when they are looked at (again).
    CREATE TABLE IF NOT EXISTS followed (
        trigger TEXT NOT NULL,
        stream TEXT NOT NULL,
        key TEXT NOT NULL,
        last_at_ms INTEGER,
        due_at_ms INTEGER,
        tries INTEGER NOT NULL DEFAULT 0,
        trace TEXT,
        PRIMARY KEY (stream, key, trigger)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS followed_by_time ON followed (due_at_ms) WHERE due_at_ms IS NOT NULL;
    -- What this host wrote, so that it is known when the provider tells of it. An open one has no end.
    CREATE TABLE IF NOT EXISTS own_writes (
        number INTEGER PRIMARY KEY,
        batch TEXT UNIQUE NOT NULL,
        from_ms INTEGER NOT NULL,
        until_ms INTEGER
    );
    -- When such a write was tried, as far as it may have been applied then. A try that is under way, or whose process died,
    -- has no end.
    CREATE TABLE IF NOT EXISTS own_tries (
        number INTEGER NOT NULL,
        from_ms INTEGER NOT NULL,
        until_ms INTEGER,
        PRIMARY KEY (number, from_ms)
    ) WITHOUT ROWID;
    -- The rows of such a write: hashes of the keys that it named, and of what came of it.
    CREATE TABLE IF NOT EXISTS own_rows (
        row BLOB NOT NULL,
        number INTEGER NOT NULL,
        made INTEGER NOT NULL,
        PRIMARY KEY (row, number)
    ) WITHOUT ROWID;
    -- What another system told. What was done needs its body no more; its id stays, while it is remembered.
    CREATE TABLE IF NOT EXISTS callbacks (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        id TEXT NOT NULL,
        received_at_ms INTEGER NOT NULL,
        body BLOB NOT NULL,
        state TEXT NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,
        due_at_ms INTEGER NOT NULL DEFAULT 0,
        problem TEXT,
        -- What it is about, as `turns` reads it; absent: nobody looked yet.
        objects BLOB,
        UNIQUE (name, id)
    );
    CREATE INDEX IF NOT EXISTS callbacks_by_state ON callbacks (state, due_at_ms);
    -- When rows changed that an output holds which does not know it. A row is the hash of its stream and key.
    CREATE TABLE IF NOT EXISTS row_times (
        row BLOB PRIMARY KEY NOT NULL,
        second INTEGER NOT NULL,
        gone INTEGER NOT NULL,
        patched INTEGER NOT NULL
    ) WITHOUT ROWID;
    -- Intents that were forgotten in time: what set them off is not to set them off again.
    CREATE TABLE IF NOT EXISTS past_intents (
        id TEXT PRIMARY KEY NOT NULL
    ) WITHOUT ROWID;
    -- What became of rows that this host wrote itself.
    CREATE TABLE IF NOT EXISTS outcomes (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at_ms INTEGER NOT NULL,
        cause TEXT UNIQUE NOT NULL,
        action TEXT NOT NULL,
        mode TEXT,
        status TEXT NOT NULL,
        object_id TEXT,
        request_id TEXT,
        problem TEXT
    );
    CREATE INDEX IF NOT EXISTS outcomes_by_time ON outcomes (at_ms);
    -- Where files are that rows named.
    CREATE TABLE IF NOT EXISTS copies (
        stream TEXT NOT NULL,
        key TEXT NOT NULL,
        place TEXT NOT NULL,
        PRIMARY KEY (stream, key, place)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS state (
        name TEXT PRIMARY KEY NOT NULL,
        value TEXT NOT NULL
    ) WITHOUT ROWID;
";

/// What the intents of layout 1 lack.
const SINCE_LAYOUT_1: &str = "
    ALTER TABLE intents ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE intents ADD COLUMN due_at_ms INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE intents ADD COLUMN problem TEXT;
    ALTER TABLE intents ADD COLUMN is_fresh INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE intents ADD COLUMN held_by INTEGER;
    ALTER TABLE intents ADD COLUMN origin TEXT;
    ALTER TABLE intents ADD COLUMN follows INTEGER NOT NULL DEFAULT 0;
";

/// Opens a database and makes the tables that are missing.
pub(super) fn open(path: &Path) -> Result<Connection, QueueError> {
    let failed = failed(path);
    let mut connection = Connection::open(path).map_err(&failed)?;
    let prepare = || {
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // Who is answered relies on it, even if the machine loses power.
        connection.pragma_update(None, "synchronous", "full")?;
        // Moving what was written to its place takes longer than writing it: seldom, and then much at once.
        connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
        connection.set_prepared_statement_cache_capacity(64);
        layout_of(&connection)
    };
    let found = prepare().map_err(&failed)?;
    if found > LAYOUT {
        return Err(QueueError::Layout {
            path: path.to_path_buf(),
            found,
            known: LAYOUT,
        });
    }
    if found < LAYOUT {
        make(&mut connection).map_err(&failed)?;
    }
    Ok(connection)
}

fn layout_of(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Makes the tables that are missing. Several processes may come to it at once.
fn make(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if layout_of(&transaction)? == 1 {
        transaction.execute_batch(SINCE_LAYOUT_1)?;
    }
    transaction.execute_batch(TABLES)?;
    if !transaction.column_exists(None, "callbacks", "objects")? {
        transaction.execute_batch("ALTER TABLE callbacks ADD COLUMN objects BLOB")?;
    }
    // Until layout 3 all tries of a write were one span.
    transaction.execute_batch(
        "INSERT OR IGNORE INTO own_tries (number, from_ms, until_ms) SELECT number, from_ms, until_ms FROM own_writes",
    )?;
    transaction.pragma_update(None, "user_version", LAYOUT)?;
    transaction.commit()
}

/// What was counted, and what came last.
pub(super) fn load_tally(connection: &Connection) -> rusqlite::Result<Tally> {
    let question = "SELECT value FROM state WHERE name = 'tally'";
    let stored: Option<String> = connection
        .query_row(question, [], |row| row.get(0))
        .optional()?;
    // Counters that make no sense begin anew.
    let tally = stored.and_then(|text| serde_json::from_str(&text).ok());
    Ok(tally.unwrap_or_default())
}

/// Stores what was counted.
pub(super) fn save_tally(transaction: &Transaction<'_>, tally: &Tally) -> rusqlite::Result<()> {
    let text = serde_json::to_string(tally)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO state (name, value) VALUES ('tally', ?1)")?
        .execute([text])?;
    Ok(())
}
