//! Rows that say what was written last.

use super::super::written::{Mark, Written, mark};
use super::{Lanes, Rows, Travelling, outcome};
use crate::contract::connector::{Outcome, OutcomeStatus};
use crate::intercom::actions::Mode;
use crate::prelude::*;

/// What a row says, in digests.
#[derive(Clone, Copy)]
pub(super) struct Said {
    /// What it names its object by.
    name: Mark,
    /// Everything.
    content: Mark,
}

impl Said {
    /// Of a valid row of a mode; none where the mode's rows are not compared.
    pub(super) fn of(mode: &Mode, row: &Travelling) -> Option<Self> {
        let name = row.lanes.first().filter(|_| mode.is_comparable())?;
        Some(Self {
            name: mark(name),
            content: mark(&row.values.whole(mode.name)),
        })
    }
}

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
        let is_alone = |row: &Travelling| !row.lanes.iter().any(|lane| shared.holds(lane));
        let of = |row: &Travelling| {
            let compared = row.outcome.is_none() && is_alone(row);
            compared.then(|| Said::of(self.mode, row)).flatten()
        };
        let said: Vec<Option<Said>> = self.rows.iter().map(of).collect();
        for (row, said) in self.rows.iter_mut().zip(said) {
            if let Some(said) = said {
                written.want(said.name);
            }
            row.said = said;
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
            if content == said.content && base.is_none_or(|base| base <= at) {
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
        for row in self.rows.iter().filter(|row| row.outcome.is_none()) {
            for lane in row.objects() {
                written.forget(mark(lane));
            }
        }
    }

    /// Wants what is to be remembered of the rows that were written.
    pub fn want_outcomes(&mut self) {
        let Some(written) = &mut self.written else {
            return;
        };
        for row in self.rows.iter().filter(|row| row.requests > 0) {
            if let Some(said) = row.said {
                written.want(said.name);
            }
            for lane in row.objects() {
                written.want(mark(lane));
            }
            if let Some(id) = row.written_id() {
                written.want(of_object(id));
            }
        }
    }

    /// Remembers the rows that were written.
    pub fn remember(&mut self) {
        let Some(written) = &mut self.written else {
            return;
        };
        for row in self.rows.iter().filter(|row| row.requests > 0) {
            for lane in row.objects() {
                written.forget(mark(lane));
            }
            let Some(id) = row.written_id() else {
                continue;
            };
            match row.said {
                None => written.forget(of_object(id)),
                Some(said) => {
                    written.note(said.name, id.as_bytes(), row.written_at);
                    written.note(of_object(id), &said.content, row.written_at);
                }
            }
        }
    }
}

impl Travelling {
    /// The id of the object that the row names, as far as it says it or it is remembered.
    fn object(&self, written: &Written, now_ms: i64) -> Option<String> {
        let said = self.said.filter(|_| self.outcome.is_none())?;
        if let Some(id) = self.lanes.first()?.strip_prefix("id=") {
            return Some(id.to_owned());
        }
        let (id, _) = written.get(said.name, seconds(now_ms))?;
        String::from_utf8(id.to_vec()).ok()
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
