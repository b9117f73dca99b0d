//! Intents of pages: kept with the entries of a reading, or all that a reading is for.

use std::collections::BTreeSet;

use super::walker::Walker;
use super::{Filter, PageSource, Runner};
use crate::contract::connector::{Page, Selection, StreamDescriptor};
use crate::contract::types::{Entry, Intent};
use crate::output::OutputError;
use crate::report::{StreamReport, StreamStatus};
use crate::webhook_queue::{IntentSource, Intents};

/// Where the intents of pages are kept.
pub trait IntentKeeper: Send + Sync {
    /// Stores what a page wants done, before the page's position is stored: a page that comes again adds nothing.
    fn keep(&self, intents: &[Intent], entries: &[Entry]) -> Result<(), OutputError>;

    /// Those of some triggers that are on.
    fn on(&self, triggers: &BTreeSet<String>) -> Result<BTreeSet<String>, OutputError>;

    /// A stream was read to its end: whatever changed before `began_at_ms` was in a page.
    fn read(&self, stream: &str, began_at_ms: i64) -> Result<(), OutputError>;
}

impl IntentKeeper for Intents {
    fn keep(&self, intents: &[Intent], entries: &[Entry]) -> Result<(), OutputError> {
        let source = IntentSource::Page(entries);
        self.insert(intents, source, crate::clock::now_ms())
            .map(drop)
            .map_err(OutputError::Intents)
    }

    fn on(&self, triggers: &BTreeSet<String>) -> Result<BTreeSet<String>, OutputError> {
        let switches = self.switches().map_err(OutputError::Intents)?;
        let is_on = |name: &&String| switches.get(*name).is_none_or(|switch| switch.is_on());
        Ok(triggers.iter().filter(is_on).cloned().collect())
    }

    fn read(&self, stream: &str, began_at_ms: i64) -> Result<(), OutputError> {
        self.set_read(stream, began_at_ms)
            .map_err(OutputError::Intents)
    }
}

impl<'a, S: PageSource> Runner<'a, S> {
    /// Keeps the intents of pages there.
    #[must_use]
    pub fn keeping(self, keeper: Option<&'a dyn IntentKeeper>) -> Runner<'a, S> {
        Runner { keeper, ..self }
    }

    /// Keeps the intents of a page that was read.
    pub(super) fn keep_intents(
        &self,
        page: &Page,
        report: &mut StreamReport,
    ) -> Result<(), OutputError> {
        match self.keeper {
            Some(keeper) => keeper.keep(&page.intents, &page.entries),
            None if page.intents.is_empty() => Ok(()),
            None => {
                let remark = "triggers went off, and what they want is kept nowhere; an --output would hold it";
                if !report.remarks.iter().any(|known| known == remark) {
                    report.remarks.push(remark.to_owned());
                }
                Ok(())
            }
        }
    }

    /// Reads rows for what `each` makes of their pages, and stores nothing.
    pub async fn look(
        &self,
        stream: &StreamDescriptor,
        selection: Selection,
        filter: Option<&Filter>,
        mut each: impl FnMut(&Page) -> Result<(), OutputError>,
    ) -> Result<StreamStatus, OutputError> {
        let mut report = StreamReport::without_run(&stream.name, StreamStatus::Complete);
        let mut walker = Walker::new(self, stream, selection, filter, None);
        loop {
            let page = match walker.page(&mut report).await {
                Ok(page) => page,
                Err(status) => return Ok(status),
            };
            each(&page)?;
            if !walker.go_on(page).await {
                return Ok(StreamStatus::Complete);
            }
        }
    }
}
