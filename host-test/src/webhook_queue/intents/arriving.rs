//! Intents on their way in: each once, none of a trigger that is switched off, and none that this host set off itself.

use rusqlite::{Transaction, params};

use super::super::own_writes::{self, Origin, Trace};
use super::super::{QueueError, followed, switches};
use super::{IntentState, Intents};
use crate::contract::types::{Entry, Intent};

/// Where intents come from: what this host wrote itself sets off none.
#[derive(Clone, Copy, Debug)]
pub enum IntentSource<'a> {
    /// A delivery with these entries, and when the provider made it.
    Delivery(&'a [Entry], Option<i64>),
    /// A page with these entries.
    Page(&'a [Entry]),
    /// No change set them off: somebody asked for them, or time did.
    Asked,
}

impl IntentSource<'_> {
    /// When the row changed that set off an intent.
    fn time_of(&self, intent: &Intent) -> Option<i64> {
        let (entries, otherwise) = match self {
            IntentSource::Delivery(entries, created_at_ms) => (*entries, *created_at_ms),
            IntentSource::Page(entries) => (*entries, None),
            IntentSource::Asked => return None,
        };
        let mut rows = entries.iter();
        let row = rows
            .find(|entry| entry.stream == intent.source_stream && entry.key == intent.source_key);
        row.and_then(|entry| entry.updated_at_ms).or(otherwise)
    }
}

impl Intents {
    /// Stores intents, but those of triggers that are switched off and those that this host's own writes set off; gives how
    /// many of them are new.
    pub fn insert(
        &self,
        intents: &[Intent],
        source: IntentSource<'_>,
        now_ms: i64,
    ) -> Result<usize, QueueError> {
        self.transact(|transaction| insert_all(transaction, intents, source, now_ms))
    }
}

/// Stores intents in a transaction; gives how many of them are new.
pub(in crate::webhook_queue) fn insert_all(
    transaction: &Transaction<'_>,
    intents: &[Intent],
    source: IntentSource<'_>,
    now_ms: i64,
) -> rusqlite::Result<usize> {
    let mut new = Vec::new();
    let mut delivery = None;
    for intent in intents {
        if !matches!(source, IntentSource::Asked) && !switches::is_on(transaction, &intent.trigger)?
        {
            continue;
        }
        let trace = match source {
            IntentSource::Delivery(entries, created_at_ms) => Some(
                delivery
                    .get_or_insert_with(|| Trace::of_delivery(entries, created_at_ms))
                    .clone(),
            ),
            IntentSource::Page(entries) => Some(Trace::of_row(
                entries,
                &intent.source_stream,
                &intent.source_key,
            )),
            IntentSource::Asked => None,
        };
        let origin = match &trace {
            Some(trace) => own_writes::origin(transaction, trace)?,
            None => Origin::Foreign,
        };
        if origin == Origin::Own {
            tracing::info!(
                trigger = intent.trigger,
                "a write of this host sets off nothing"
            );
            continue;
        }
        let inserted = insert(transaction, intent, now_ms)?;
        if inserted {
            new.push(intent);
        }
        followed::follow(transaction, intent, source.time_of(intent))?;
        if let (true, Origin::Unclear(number), Some(trace)) = (inserted, origin, &trace) {
            own_writes::hold(transaction, &intent.id, number, trace)?;
        }
    }
    match source {
        IntentSource::Delivery(entries, created_at_ms) => {
            let trace = |_: &Entry| Trace::of_delivery(entries, created_at_ms);
            followed::note(transaction, entries, &new, trace, now_ms)?;
        }
        IntentSource::Page(entries) => {
            let trace = |entry: &Entry| Trace::of_row(entries, &entry.stream, &entry.key);
            followed::note(transaction, entries, &new, trace, now_ms)?;
        }
        IntentSource::Asked => {}
    }
    Ok(new.len())
}

/// Stores an intent; false when it was there before.
pub(in crate::webhook_queue) fn insert(
    transaction: &Transaction<'_>,
    intent: &Intent,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO intents (id, trigger, source_stream, source_key, action, record,
                confirm, state, created_at_ms, changed_at_ms)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9
             WHERE NOT EXISTS (SELECT 1 FROM past_intents WHERE id = ?1)",
        )?
        .execute(params![
            intent.id,
            intent.trigger,
            intent.source_stream,
            intent.source_key,
            intent.action,
            intent.record,
            intent.confirm,
            IntentState::first(intent).name(),
            now_ms
        ])?;
    Ok(inserted == 1)
}
