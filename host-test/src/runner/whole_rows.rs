//! Rows that triggers have to see whole: a page shows them without what hangs on them, such as what was said in a
//! conversation, so they are read by their keys as well. A webhook that was lost is made up for only by that.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{IntentKeeper, PageSource, Runner, Slice};
use crate::contract::connector::{Page, Selection, StreamDescriptor};
use crate::contract::types::Change;
use crate::output::OutputError;
use crate::report::{StreamReport, StreamStatus};

/// Rows that are asked for in one call: as many as the component asks for side by side.
const AT_ONCE: usize = 25;

/// Triggers that have to see whole rows, and who keeps what they want.
type Seers<'a> = (&'a dyn IntentKeeper, BTreeSet<String>);

impl<S: PageSource> Runner<'_, S> {
    /// Has triggers look at the whole rows of a page, and keeps what they want. What they make of the rows as the page has
    /// them is dropped: they did not see all. A status says why the rows could not be read; the page comes again then.
    ///
    /// A first reading asks for none of its rows: that would be a request for each that there ever was.
    pub(super) async fn see_whole_rows(
        &self,
        stream: &StreamDescriptor,
        is_first: bool,
        page: &mut Page,
        report: &mut StreamReport,
    ) -> Result<StreamStatus, OutputError> {
        let Some((keeper, triggers)) = self.who_sees_whole_rows(stream)? else {
            return Ok(StreamStatus::Complete);
        };
        if is_first {
            tell_unseen(&triggers, report);
            return Ok(StreamStatus::Complete);
        }
        let rows = page.entries.iter();
        let rows = rows.filter(|row| row.stream == stream.name && row.change != Change::Delete);
        let keys: Vec<String> = rows.map(|row| row.key.clone()).collect();
        page.intents.retain(|intent| {
            !triggers.contains(&intent.trigger) || !keys.contains(&intent.source_key)
        });
        for keys in keys.chunks(AT_ONCE) {
            if self.options.slice.as_ref().is_some_and(Slice::is_stopped) {
                return Ok(StreamStatus::GaveWay {
                    wait: Duration::ZERO,
                });
            }
            let selection = Selection::Keys(keys.to_vec());
            let read = self.look(stream, selection, None, |page| {
                keeper.keep(&page.intents, &page.entries)
            });
            match read.await? {
                StreamStatus::Complete => {}
                status => return Ok(status),
            }
        }
        Ok(StreamStatus::Complete)
    }

    /// Says that triggers do not see all of the rows of a reading beside the position.
    pub(super) fn sees_no_whole_rows(
        &self,
        stream: &StreamDescriptor,
        report: &mut StreamReport,
    ) -> Result<(), OutputError> {
        if let Some((_, triggers)) = self.who_sees_whole_rows(stream)? {
            tell_unseen(&triggers, report);
        }
        Ok(())
    }

    /// Those of a stream that are on.
    fn who_sees_whole_rows(
        &self,
        stream: &StreamDescriptor,
    ) -> Result<Option<Seers<'_>>, OutputError> {
        let named = self.options.whole_rows.get(&stream.name);
        let (Some(keeper), Some(named)) = (self.keeper, named) else {
            return Ok(None);
        };
        let on = keeper.on(named)?;
        Ok((!on.is_empty()).then_some((keeper, on)))
    }
}

fn tell_unseen(triggers: &BTreeSet<String>, report: &mut StreamReport) {
    let names: Vec<&str> = triggers.iter().map(String::as_str).collect();
    let remark = format!(
        "triggers look at what hangs on rows, and saw only what this reading shows of them ({}); a sync that goes on from \
         where an earlier one ended reads what changed whole",
        names.join(", ")
    );
    if !report.remarks.contains(&remark) {
        // Whoever serves shows no remarks.
        tracing::warn!(stream = report.stream, "{remark}");
        report.remarks.push(remark);
    }
}
