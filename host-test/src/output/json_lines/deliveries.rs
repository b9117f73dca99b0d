//! What webhooks brought: lines in the files of their streams, and their ids in a file of its own.

use std::collections::BTreeMap;
use std::io::Write as _;

use super::{Endings, JsonLines, receipts};
use crate::output::{Delivered, Delivery, OutputError};
use crate::position::{Heard, ScanSpan, StateFile};

impl JsonLines {
    /// Stores the deliveries that are new, all of them or none.
    pub(super) fn store_deliveries(
        &mut self,
        deliveries: &[Delivery<'_>],
    ) -> Result<Vec<Delivered>, OutputError> {
        self.be_sure()?;
        for Delivery { topic, now_ms, .. } in deliveries {
            self.state.hear(Heard::Delivery { topic }, *now_ms);
        }
        let delivered: Vec<Delivered> = deliveries
            .iter()
            .map(|delivery| Delivered {
                new: !self.receipts.contains(delivery.id),
                ..Delivered::default()
            })
            .collect();
        let told = deliveries.iter().zip(&delivered);
        let new: Vec<&Delivery<'_>> = told
            .filter_map(|(delivery, told)| told.new.then_some(delivery))
            .collect();
        let Some(oldest) = new.iter().map(|delivery| delivery.now_ms).min() else {
            self.state_file.save(&self.state)?;
            return Ok(delivered);
        };
        self.forget_receipts(oldest)?;
        let entries = new.iter().flat_map(|delivery| delivery.entries);
        let mut written = self.write(entries, &mut Endings::new())?;
        let receipts: Vec<(&str, i64)> = new.iter().map(|one| (one.id, one.now_ms)).collect();
        let ends = match self.write_receipts(&receipts) {
            Ok((span, ends)) => {
                written.insert(receipts::FILE.to_owned(), span);
                ends
            }
            Err(error) => {
                self.files.take_back(&written);
                return Err(error);
            }
        };
        for (name, span) in &written {
            self.state.files.insert(name.clone(), span.to);
        }
        let synced = self.sync();
        // The state file decides, also when what came after it went wrong: whoever hears of a failure comes again, and is
        // told that it is known.
        let committed = synced.is_ok()
            || StateFile::read(&self.state_path)
                .is_ok_and(|state| state.as_ref() == Some(&self.state));
        if committed {
            for ((id, now_ms), end) in receipts.into_iter().zip(ends) {
                self.receipts.insert(id, now_ms, end);
            }
        } else {
            self.files.take_back(&written);
            for (name, span) in written {
                self.state.files.insert(name, span.from);
            }
        }
        synced.map(|()| delivered)
    }

    /// Writes ids with their times, and says where, and where each line ends.
    pub(super) fn write_receipts(
        &mut self,
        receipts: &[(&str, i64)],
    ) -> Result<(ScanSpan, Vec<u64>), OutputError> {
        self.open_file(receipts::FILE)?;
        let from = self.committed(receipts::FILE);
        let mut lines = Vec::new();
        let mut ends = Vec::with_capacity(receipts.len());
        for (id, now_ms) in receipts {
            lines.extend_from_slice(&receipts::line(id, *now_ms));
            ends.push(from + lines.len() as u64);
        }
        let span = self.files.append(receipts::FILE, from, |file| {
            file.write_all(&lines).map(|()| lines.len() as u64)
        })?;
        Ok((span, ends))
    }

    /// Makes the file of ids shorter when much of it is forgotten.
    fn forget_receipts(&mut self, now_ms: i64) -> Result<(), OutputError> {
        if let Some(part) = self.receipts.forget(now_ms) {
            let parts = BTreeMap::from([(receipts::FILE.to_owned(), vec![part])]);
            let endings = self.begin_endings(parts)?;
            self.sync_endings(&endings)?;
            self.receipts.removed();
        }
        Ok(())
    }
}
