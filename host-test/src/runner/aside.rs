//! Readings beside the position: a span of time, or rows by their keys. What they bring is stored; how far the stream was
//! read stays as it is.

use super::brought::{count_notices, quarantined};
use super::walker::Walker;
use super::{Extent, PageSource, Runner};
use crate::clock::now_ms;
use crate::contract::connector::{Selection, StreamDescriptor, StreamModes, TimeWindow};
use crate::output::{Addition, Output, OutputError};
use crate::report::{StreamReport, StreamStatus};

impl<S: PageSource> Runner<'_, S> {
    /// Reads what is selected, from its start to its end.
    pub(super) async fn aside(
        &self,
        stream: &StreamDescriptor,
        selection: Selection,
        output: &mut dyn Output,
        report: &mut StreamReport,
    ) -> Result<StreamStatus, OutputError> {
        let wanted = match selection {
            Selection::Keys(_) => StreamModes::KEYS,
            Selection::Window(_) => StreamModes::INCREMENTAL,
            Selection::All => StreamModes::FULL,
        };
        if !stream.modes.contains(wanted) {
            let why = match selection {
                Selection::Keys(_) => {
                    "by key: the provider has no request for one of its rows; leave --keys out"
                }
                _ => {
                    "by time of change: the provider does not date its rows, so every reading gives all of them; leave --until out"
                }
            };
            return Ok(StreamStatus::failed(
                "not_selectable",
                format!("{} cannot be read {why}", stream.name),
            ));
        }
        // Rows that were named are wanted whatever they are.
        let filter = match selection {
            Selection::Keys(_) => None,
            _ => self.options.filters.get(&stream.name),
        };
        // Rows that are read by their keys are whole.
        if !matches!(selection, Selection::Keys(_)) {
            self.sees_no_whole_rows(stream, report)?;
        }
        let mut walker = Walker::new(self, stream, selection, filter, None);
        loop {
            let page = match walker.page(report).await {
                Ok(page) => page,
                Err(status) => return Ok(status),
            };
            if page.restarted {
                report.remarks.push(
                    "the walk started over: rows that were given before come again".to_owned(),
                );
            }
            self.keep_intents(&page, report)?;
            output.add(Addition {
                stream: &stream.name,
                entries: &page.entries,
                quarantined: &quarantined(stream, &page),
                now_ms: now_ms(),
            })?;
            report.count(&page);
            count_notices(&stream.name, &page.notices, report);
            self.tell_page(&stream.name, &page);
            self.progress.page(&stream.name, report);
            if !walker.go_on(page).await {
                return Ok(StreamStatus::Complete);
            }
        }
    }

    /// What is to be read beside the position; `None`: nothing is, the position is gone on from. An error says why there
    /// is nothing to read.
    pub(super) fn beside(
        &self,
        stream: &StreamDescriptor,
        output: &dyn Output,
        report: &mut StreamReport,
    ) -> Result<Option<Selection>, OutputError> {
        Ok(match &self.options.extent {
            Extent::Onward => None,
            Extent::Window { since_ms, until_ms } => Some(Selection::Window(TimeWindow {
                since_ms: *since_ms,
                until_ms: Some(*until_ms),
            })),
            Extent::Keys(keys) => Some(Selection::Keys(keys.clone())),
            Extent::Quarantined => {
                let rows = output.quarantined(&stream.name)?;
                let keys: Vec<String> = rows.iter().filter_map(|row| row.key.clone()).collect();
                let unknown = rows.len() - keys.len();
                if unknown > 0 {
                    report.remarks.push(format!(
                        "{unknown} of the rows that are held have no key; read the stream again with --full"
                    ));
                }
                if rows.is_empty() {
                    report.remarks.push("no row is held".to_owned());
                }
                Some(Selection::Keys(keys))
            }
        })
    }
}
