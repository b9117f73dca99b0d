//! An output that does not know when its rows changed, and that is given nothing that is older than what it has: the queue
//! remembers what came while there was one, and before the first delivery the output is looked through for all the rest.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use super::row_times::{Noted, RowHash, RowTimes, save};
use super::{Queue, QueueError};
use crate::clock::now_ms;
use crate::contract::types::{Change, Entry};
use crate::output::{
    Addition, Commit, Delivered, Delivery, Output, OutputError, QuarantinedRow, RowChange, RowTime,
    ScanStart, Standing,
};
use crate::position::{Checked, LastRun, State};

/// Lines, behind somebody who remembers when their rows changed.
pub struct OrderedOutput {
    output: Box<dyn Output>,
    queue: Queue,
    times: RowTimes,
    /// Whether everything is known that the output can say. Looking it through reads all of it, which a sync has no use for.
    looked_through: bool,
    /// Rows that changed longer ago are not stored when they are read: no delivery that is older is taken.
    window_ms: i64,
}

impl OrderedOutput {
    /// Puts itself before an output, unless that knows the times of its rows.
    pub fn before(
        output: Box<dyn Output>,
        queue: &Queue,
        window: Duration,
    ) -> Result<Box<dyn Output>, QueueError> {
        if output.knows_row_times() {
            return Ok(output);
        }
        Ok(Box::new(OrderedOutput {
            times: queue.read(RowTimes::load)?,
            output,
            queue: queue.clone(),
            looked_through: false,
            window_ms: i64::try_from(window.as_millis()).unwrap_or(i64::MAX),
        }))
    }

    /// Learns from the output what nobody remembered: rows that were read while no queue was there, or long ago.
    fn look_through(&mut self) -> Result<(), OutputError> {
        if !self.looked_through {
            let times = &mut self.times;
            self.output.row_changes(&mut |change| {
                // The queue has no use for it: the output says it again.
                times.note(change);
                times.forget();
            })?;
            self.looked_through = true;
        }
        Ok(())
    }

    /// Leaves out of a reading what is older than what is there, and remembers the rest. It is remembered first: when
    /// the output fails, the reading comes again.
    ///
    /// `asked`: the rows were read for their own sake, and win over what patches made of them.
    fn read<'a>(&mut self, entries: &'a [Entry], asked: bool) -> Cow<'a, [Entry]> {
        let stale = |times: &RowTimes, entry: &Entry| {
            let held = times.of(entry);
            let wins =
                asked && entry.change == Change::Upsert && held.is_some_and(|held| held.patched);
            let held = held.map(|held| held.time);
            !wins && Standing::of(RowTime::of(entry), held) == Standing::Stale
        };
        let left_out = entries.iter().filter(|entry| stale(&self.times, entry));
        let left_out = left_out.count() as u64;
        let fresh: Cow<'a, [Entry]> = match left_out {
            0 => Cow::Borrowed(entries),
            _ => {
                self.queue.count(|counts| counts.stale += left_out);
                let fresh = entries.iter().filter(|entry| !stale(&self.times, entry));
                Cow::Owned(fresh.cloned().collect())
            }
        };
        let recent = now_ms().saturating_sub(self.window_ms);
        let mut noted = Vec::new();
        for entry in fresh.iter() {
            let old = entry.updated_at_ms.is_some_and(|at| at < recent);
            let stored = !old || self.times.of(entry).is_some();
            if stored || self.looked_through {
                let told = self.times.note(RowChange::of(entry));
                noted.extend(told.filter(|_| stored));
            }
        }
        self.keep(noted);
        fresh
    }

    /// Stores what was noted with the next transaction.
    fn keep(&mut self, noted: Vec<(RowHash, Noted)>) {
        let forgotten = self.times.forget();
        if noted.is_empty() && forgotten.is_none() {
            return;
        }
        let asked = self
            .queue
            .shared
            .writer
            .send(move |transaction| save(transaction, &noted, forgotten));
        if asked.is_err() {
            tracing::warn!("the queue has ended: times of rows are not remembered");
        }
    }
}

impl Output for OrderedOutput {
    fn state(&self) -> &State {
        self.output.state()
    }

    fn begin(&mut self, stream: &str, start: ScanStart) -> Result<(), OutputError> {
        self.output.begin(stream, start)
    }

    fn commit(&mut self, page: Commit<'_>) -> Result<(), OutputError> {
        let entries = self.read(page.entries, false);
        self.output.commit(Commit {
            entries: &entries,
            ..page
        })
    }

    fn add(&mut self, addition: Addition<'_>) -> Result<(), OutputError> {
        let entries = self.read(addition.entries, true);
        self.output.add(Addition {
            entries: &entries,
            ..addition
        })
    }

    fn live_keys(&self, stream: &str) -> Result<Option<BTreeSet<String>>, OutputError> {
        self.output.live_keys(stream)
    }

    fn swept(&mut self, stream: &str, now_ms: i64) -> Result<(), OutputError> {
        self.output.swept(stream, now_ms)
    }

    fn quarantined(&self, stream: &str) -> Result<Vec<QuarantinedRow>, OutputError> {
        self.output.quarantined(stream)
    }

    fn quarantine(&self) -> Option<String> {
        self.output.quarantine()
    }

    fn ended(&mut self, stream: &str, run: LastRun) -> Result<(), OutputError> {
        self.output.ended(stream, run)
    }

    fn keep_checked(&mut self, checked: Option<Checked>) -> Result<(), OutputError> {
        self.output.keep_checked(checked)
    }

    fn deliver(&mut self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError> {
        self.look_through()?;
        let mut noted = Vec::new();
        let mut told = vec![Delivered::default(); deliveries.len()];
        let mut fresh: Vec<Vec<Entry>> = Vec::with_capacity(deliveries.len());
        for (delivery, told) in deliveries.iter().zip(&mut told) {
            let mut kept = Vec::with_capacity(delivery.entries.len());
            for entry in delivery.entries {
                let held = self.times.of(entry).map(|held| held.time);
                let standing = Standing::of(RowTime::of(entry), held);
                // Patches are read again in any case.
                let tied = standing == Standing::Tied && entry.change == Change::Upsert;
                if tied || standing == Standing::Unclear {
                    told.unclear.push((entry.stream.clone(), entry.key.clone()));
                }
                match standing {
                    Standing::Stale => told.stale += 1,
                    // What is gone stays gone until somebody asks.
                    Standing::Unclear if held.is_some_and(|held| held.gone) => {}
                    Standing::Unclear | Standing::Tied | Standing::Fits => {
                        noted.extend(self.times.note(RowChange::of(entry)));
                        kept.push(entry.clone());
                    }
                }
            }
            fresh.push(kept);
        }
        let given: Vec<Delivery<'_>> = deliveries
            .iter()
            .zip(&fresh)
            .map(|(delivery, entries)| Delivery {
                entries,
                ..*delivery
            })
            .collect();
        let delivered = self.output.deliver(&given)?;
        self.keep(noted);
        let merged = delivered.into_iter().zip(told).map(|(delivered, told)| {
            // Of what was stored before, nothing is told twice.
            match delivered.new {
                true => Delivered { new: true, ..told },
                false => delivered,
            }
        });
        Ok(merged.collect())
    }

    fn knows_row_times(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        self.output.describe()
    }
}
