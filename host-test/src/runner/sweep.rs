//! Sweeps: which rows of the output are gone at the provider, where nobody said so. A row that a whole walk did not give is
//! only a candidate; it is deleted when a reading by its key says that it is gone.

use std::time::Duration;

use super::walker::Walker;
use super::{PageSource, Runner};
use crate::clock::now_ms;
use crate::contract::connector::{Selection, StreamDescriptor, StreamModes};
use crate::contract::types::{Change, Entry};
use crate::output::{Addition, Output, OutputError};
use crate::report::{StreamReport, StreamStatus, SweepReport};

/// Keys that are asked for in one scan.
const KEYS_AT_ONCE: usize = 500;

/// When to sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sweep {
    /// Not at all.
    #[default]
    Never,
    /// When the last one is older than this. A stream that was just read whole needs none.
    Every(Duration),
    /// Now.
    Now,
}

impl Sweep {
    /// Whether a stream is to be swept whose last sweep was then, in milliseconds since 1970.
    pub(super) fn is_due(self, swept_at_ms: Option<i64>, now_ms: i64) -> bool {
        match self {
            Sweep::Never => false,
            Sweep::Now => true,
            Sweep::Every(age) => swept_at_ms.is_none_or(|at| {
                let passed = u64::try_from(now_ms.saturating_sub(at)).unwrap_or(0);
                Duration::from_millis(passed) >= age
            }),
        }
    }
}

impl<S: PageSource> Runner<'_, S> {
    /// Compares the output's rows of a stream with the provider's, and deletes those that are gone.
    pub(super) async fn sweep(
        &self,
        stream: &StreamDescriptor,
        output: &mut dyn Output,
        report: &mut StreamReport,
    ) -> Result<StreamStatus, OutputError> {
        let left_out = |reason: &str| {
            Some(SweepReport::LeftOut {
                reason: reason.to_owned(),
            })
        };
        if !stream.modes.contains(StreamModes::FULL | StreamModes::KEYS) {
            report.sweep = left_out("its rows cannot be read by their keys");
            return Ok(StreamStatus::Complete);
        }
        let Some(mut missed) = output.live_keys(&stream.name)? else {
            report.sweep = left_out("the output does not know which rows it has");
            return Ok(StreamStatus::Complete);
        };
        let held = missed.len() as u64;
        if !missed.is_empty() {
            let mut walker = Walker::new(self, stream, Selection::All, None, None);
            loop {
                let page = match walker.page(report).await {
                    Ok(page) => page,
                    Err(status) => return Ok(status),
                };
                for entry in page.entries.iter().filter(|entry| is_there(stream, entry)) {
                    missed.remove(&entry.key);
                }
                if !walker.go_on(page).await {
                    break;
                }
            }
        }
        let candidates: Vec<String> = missed.into_iter().collect();
        let mut deleted = 0;
        for keys in candidates.chunks(KEYS_AT_ONCE) {
            let keys = Selection::Keys(keys.to_vec());
            let mut walker = Walker::new(self, stream, keys, None, None);
            loop {
                let mut page = match walker.page(report).await {
                    Ok(page) => page,
                    Err(status) => return Ok(status),
                };
                page.entries
                    .retain(|entry| entry.stream == stream.name && entry.change == Change::Delete);
                output.add(Addition {
                    stream: &stream.name,
                    entries: &page.entries,
                    quarantined: &[],
                    now_ms: now_ms(),
                })?;
                let gone = page.entries.len() as u64;
                deleted += gone;
                report.deletes += gone;
                report.records += gone;
                if !walker.go_on(page).await {
                    break;
                }
            }
        }
        output.swept(&stream.name, now_ms())?;
        report.sweep = Some(SweepReport::Done {
            held,
            missed: candidates.len() as u64,
            deleted,
        });
        Ok(StreamStatus::Complete)
    }
}

fn is_there(stream: &StreamDescriptor, entry: &Entry) -> bool {
    entry.stream == stream.name && entry.change != Change::Delete
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_is_due_when_the_last_one_is_old_enough() {
        let week = Sweep::Every(Duration::from_secs(7));
        for (sweep, swept_at_ms, due) in [
            (Sweep::Never, None, false),
            (Sweep::Now, Some(10_000), true),
            (week, None, true),
            (week, Some(3_001), false),
            (week, Some(3_000), true),
            // A clock that was put back makes nothing due.
            (week, Some(99_000), false),
        ] {
            assert_eq!(
                sweep.is_due(swept_at_ms, 10_000),
                due,
                "{sweep:?} {swept_at_ms:?}"
            );
        }
    }
}
