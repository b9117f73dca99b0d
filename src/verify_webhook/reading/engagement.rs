//! What people did with messages.

use super::{Reading, member, without};
use crate::contract::types::{Change, Failure};
use crate::intercom::normalize::Normalizer;
use crate::intercom::{streams, topics};
use crate::json::{Outline, quoted};
use crate::prelude::*;

impl Reading<'_> {
    /// What a contact did with a message: a row of its own, since no list has it.
    pub(super) fn engagement(&mut self, item: &Outline) -> Result<(), Failure> {
        let mut row = String::from("{");
        for (subject, field) in [
            (&topics::CONTACT, "contact_id"),
            (&topics::COMPANY, "company_id"),
        ] {
            if let Some((name, found)) = member(subject, item)
                && let Some(key) = self.object(subject, &found, name, None)?
            {
                row.push_str(&format!("\"{field}\":{},", quoted(&key)));
            }
        }
        let Some(stream) = streams::find("content_stats") else {
            return Ok(());
        };
        let Some(stat) = item.object("content_stat") else {
            self.unreadable(stream, "", without("content_stat", item));
            return Ok(());
        };
        if let Some(created_at) = item.get("created_at") {
            row.push_str(&format!("\"created_at\":{created_at},"));
        }
        row.push_str(stat.text.get(1..).unwrap_or_default());
        let read = Normalizer::new(stream).text(&row);
        self.record(stream, read, "content_stat", Change::Upsert, None)
            .map(drop)
    }
}
