//! Rows that say what was written last, or name a contact as a row did that was written last.

use super::super::written::{HOUR, Mark, Written, mark};
use super::{Lanes, Rows, Travelling, outcome};
use crate::contract::connector::{Outcome, OutcomeStatus};
use crate::intercom::actions::{By, Object, Reference};
use crate::prelude::*;

impl Rows {
    /// What was written last, where rows are compared with it.
    pub fn written(&mut self) -> Option<&mut Written> {
        self.written.as_mut()
    }

    /// Wants what is known by the names that open rows give. Of several rows about one object the order counts, so that
    /// none of them is compared.
    pub fn want_names(&mut self) {
        let Some(written) = &mut self.written else {
            return;
        };
        let (mut lanes, mut shared) = (Lanes::default(), Lanes::default());
        for lane in self.rows.iter().flat_map(|row| &row.lanes) {
            if !lanes.add(lane) {
                shared.add(lane);
            }
        }
        let compares = self.policy.skips_unchanged && self.mode.is_comparable();
        let of = |row: &Travelling| {
            let is_alone = !row.lanes.iter().any(|lane| shared.holds(lane));
            let compared = compares && is_alone && row.outcome.is_none() && !row.lanes.is_empty();
            compared.then(|| mark(&row.values.whole(self.mode.name)))
        };
        let said: Vec<Option<Mark>> = self.rows.iter().map(of).collect();
        for (row, said) in self.rows.iter_mut().zip(said) {
            row.said = said;
            for name in row.names() {
                written.want(name);
            }
        }
    }

    /// Wants what is known of the objects that rows name.
    pub fn want_objects(&mut self, now_ms: i64) {
        let Some(written) = &mut self.written else {
            return;
        };
        for row in &self.rows {
            if let Some(id) = row.object(written, now_ms) {
                written.want(of_object(&id));
            }
        }
    }

    /// Ends the rows that say what was written last, unless the caller's copy of the object is newer than that.
    pub fn skip_unchanged(&mut self, now_ms: i64) {
        let Some(written) = &self.written else {
            return;
        };
        for row in &mut self.rows {
            let (Some(said), Some(id)) = (row.said, row.object(written, now_ms)) else {
                continue;
            };
            let Some((content, at)) = written.get(of_object(&id), seconds(now_ms)) else {
                continue;
            };
            let base = row.row.base_updated_at_ms.map(seconds);
            if content == said && base.is_none_or(|base| base <= at) {
                let unchanged = outcome(&row.row, OutcomeStatus::Unchanged);
                row.outcome = Some(Outcome {
                    object_id: Some(id),
                    ..unchanged
                });
            }
        }
    }

    /// Wants what is known of the objects that are about to be written. A row behind one of them that was taken to be
    /// unchanged, because it names the same object otherwise, is written after it.
    pub fn want_touched(&mut self) {
        let Some(written) = &mut self.written else {
            return;
        };
        let mut touched: Vec<String> = Vec::new();
        let target = self.mode.references.first();
        for row in &mut self.rows {
            let same = |outcome: &Outcome| {
                let id = outcome.object_id.as_ref().map(|id| format!("id={id}"));
                id.is_some_and(|id| touched.contains(&id))
            };
            let reopened = row.said.is_some() && row.outcome.as_ref().is_some_and(same);
            if reopened
                && let Some(id) = row.outcome.take().and_then(|over| over.object_id)
                && let Some(target) = target
            {
                row.refer(target, &id);
            }
            if row.outcome.is_none() {
                touched.extend(row.objects().cloned());
            }
        }
        for lane in &touched {
            written.want(mark(lane));
        }
    }

    /// Forgets what is known of the objects that are about to be written: should the host die meanwhile, nobody knows
    /// what they hold.
    pub fn forget_touched(&mut self) {
        let Some(written) = &mut self.written else {
            return;
        };
        let compares = self.policy.skips_unchanged;
        let touched = |row: &&Travelling| compares && row.outcome.is_none();
        for row in self.rows.iter().filter(touched) {
            for name in row.names() {
                written.forget(name);
            }
        }
    }

    /// Wants what is to be remembered of the rows that were written.
    pub fn want_outcomes(&mut self) {
        let Some(written) = &mut self.written else {
            return;
        };
        for row in self.rows.iter().filter(|row| row.requests > 0) {
            for name in row.names() {
                written.want(name);
            }
            if let Some(id) = row.written_id() {
                written.want(of_object(id));
            }
        }
    }

    /// Remembers the rows that were written.
    pub fn remember(&mut self) {
        let told = self.mode.is_comparable();
        let Some(written) = &mut self.written else {
            return;
        };
        for row in self.rows.iter().filter(|row| row.requests > 0) {
            let names = row.names();
            for name in &names {
                written.forget(*name);
            }
            let Some(id) = row.written_id() else {
                continue;
            };
            match names.first() {
                Some(name) if told && !row.shares => {
                    let said: &[u8] = row.said.as_ref().map_or(&[], |said| said);
                    written.note(*name, id.as_bytes(), row.written_at);
                    written.note(of_object(id), said, row.written_at);
                }
                _ => written.forget(of_object(id)),
            }
        }
    }
}

/// Where a row's contact is known already: by which field, and its id. The contact may have got another name meanwhile, so
/// that this holds for a while only, and only for rows whose answers show the contact's names; what others of this
/// connection wrote to it since counts.
pub(super) fn remembered(
    rows: &Rows,
    row: &Travelling,
    reference: &Reference,
    now_ms: i64,
) -> Option<(&'static str, String)> {
    let written = rows.written.as_ref()?;
    if !rows.policy.remembers
        || !rows.mode.is_comparable()
        || reference.object != Object::Contact
        || row.requests > 0
        // A change that says nothing would not show that the contact is gone.
        || row.values.is_one()
    {
        return None;
    }
    let lane = row.lanes.first()?;
    let mut by = reference.by.iter();
    let (name, _) = by.find(|(name, by)| *by != By::Id && lane.starts_with(name))?;
    let now = seconds(now_ms);
    let id = row.object(written, now_ms)?;
    let (_, named_at) = written.get(mark(lane), now)?;
    let (_, written_at) = written.get(of_object(&id), now)?;
    (written_at <= named_at && named_at + HOUR > now).then_some((*name, id))
}

impl Travelling {
    /// The id of the object that the row names, as far as it says it or it is remembered.
    fn object(&self, written: &Written, now_ms: i64) -> Option<String> {
        let name = self.lanes.first().filter(|_| self.outcome.is_none())?;
        if let Some(id) = name.strip_prefix("id=") {
            return Some(id.to_owned());
        }
        let (id, _) = written.get(mark(name), seconds(now_ms))?;
        String::from_utf8(id.to_vec()).ok()
    }

    /// The marks of what the row names its object by first, and of the ids of all that it is about.
    fn names(&self) -> Vec<Mark> {
        let mut names = Vec::new();
        for (at, lane) in self.lanes.iter().enumerate() {
            if at == 0 || lane.starts_with("id=") {
                names.push(mark(lane));
            }
        }
        names
    }

    /// The ids of the objects that the row is about, as lanes.
    fn objects(&self) -> impl Iterator<Item = &String> {
        self.lanes.iter().filter(|lane| lane.starts_with("id="))
    }

    /// The id of the object, when the row was written.
    fn written_id(&self) -> Option<&str> {
        let outcome = self.outcome.as_ref()?;
        let written = matches!(
            outcome.status,
            OutcomeStatus::Created | OutcomeStatus::Updated
        );
        outcome.object_id.as_deref().filter(|_| written)
    }
}

fn of_object(id: &str) -> Mark {
    mark(&format!("id={id}"))
}

fn seconds(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1_000)
}
