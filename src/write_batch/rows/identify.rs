//! Which objects the rows are about.

use super::super::answer::later;
use super::super::choice::Known;
use super::super::data_attribute;
use super::super::lookup::{Answered, Lookup};
use super::super::ticket_attributes;
use super::jobs::Job;
use super::unchanged::remembered;
use super::{Rows, outcome};
use crate::config::Conflict;
use crate::contract::connector::{Outcome, OutcomeStatus};
use crate::contract::types::FailureKind;
use crate::failure::{failure, not_valid};
use crate::intercom::actions::{Absent, By, Object, Reference};
use crate::intercom::versions::{PREVIEW, minor};
use crate::json::quoted;
use crate::prelude::*;

/// What is said of rows whose contact is not there to be deleted: nobody finds one in the archive otherwise.
const HIDDEN: &str = "of those that were to be deleted some are not there; one that is in the archive is found and \
    deleted by its id only, and one that was just written, in a while";

/// What is said of rows that one of several contacts was deleted for.
const OTHERS: &str = "of those that were to be deleted some share their external id or e-mail with others, which stay";

/// What is said of one that is to be taken out of the archive and is not found.
const ARCHIVED: &str = "; one in the archive is found by its `id` only, or by an upsert, which takes it out of the archive";

const TICKET_ATTRIBUTES: &str = "ticket_attributes";

impl Rows {
    /// Says of each open row which objects it speaks of, as far as it says it itself, and gives what is to be looked up.
    pub fn look_up(&mut self, now_ms: i64) -> Lookup {
        self.looks_again = false;
        let mut lookup = Lookup::default();
        for index in 0..self.rows.len() {
            let known =
                |reference: &&Reference| reference.object.since() <= minor(self.api_version);
            for reference in self.mode.references.iter().filter(known) {
                let travelling = &self.rows[index];
                let over =
                    travelling.outcome.is_some() || self.scouted && travelling.step.is_some();
                if over || travelling.is_written(reference) {
                    break;
                }
                let is_target =
                    self.mode.references.first().map(|first| first.name) == Some(reference.name);
                let guarded = is_target
                    && travelling.row.base_updated_at_ms.is_some()
                    && self.policy.conflict != Conflict::LastWriter;
                if !guarded
                    && let Some((name, id)) = remembered(self, travelling, reference, now_ms)
                {
                    let travelling = &mut self.rows[index];
                    travelling.refer(reference, &id);
                    travelling.remembered_by = Some(name);
                    continue;
                }
                let travelling = &mut self.rows[index];
                // A ticket says of which type it is, which says what it can hold; an attribute, what values of it are.
                let asked = match reference.object {
                    Object::Ticket => travelling.values.json(TICKET_ATTRIBUTES).is_some(),
                    object => object == Object::Attribute,
                };
                let asked = guarded || asked;
                let asks = lookup.want(index, reference, &travelling.values, asked);
                if (!asks || asked)
                    && let Some(id) = travelling.given_id(reference)
                {
                    travelling.refer(reference, &id);
                }
            }
        }
        lookup
    }

    /// Takes over what a lookup found.
    pub fn identify(&mut self, answered: Answered) {
        let Answered {
            row: index,
            reference,
            found,
        } = answered;
        if matches!(self.rows[index].job, Job::Over(_)) {
            if let Some(known) = found.iter().flatten().next() {
                self.rows[index].refer(reference, &known.id);
            }
            return;
        }
        let found = match found {
            Ok(found) => found,
            // Who may only write tickets cannot ask what they hold; Intercom itself is the judge then.
            Err(failure)
                if failure.kind == FailureKind::Permission
                    && reference.object == Object::Ticket
                    && self.rows[index].row.base_updated_at_ms.is_none() =>
            {
                return;
            }
            Err(failure) => return self.end_unwritten(index, &failure),
        };
        if self.rows[index].outcome.is_some() {
            return;
        }
        match found.split_first() {
            Some((first, others)) => self.found(index, reference, first, others),
            None => self.absent(index, reference),
        }
    }

    fn found(
        &mut self,
        index: usize,
        reference: &'static Reference,
        known: &Known,
        others: &[Known],
    ) {
        let (mode, policy) = (self.mode, self.policy);
        let travelling = &mut self.rows[index];
        let base = travelling.row.base_updated_at_ms;
        let is_target = mode.references.first().map(|first| first.name) == Some(reference.name);
        let newer = known.updated_at.zip(base.filter(|_| is_target));
        let changed = newer.is_some_and(|(there, base)| there > base.div_euclid(1_000));
        let object = reference.object.name();
        let status = match policy.conflict {
            Conflict::Fail if changed => Some(OutcomeStatus::Failed(*failure(
                FailureKind::Conflict,
                "changed_upstream",
                format!("the {object} was changed in Intercom since this copy of it was read"),
            ))),
            Conflict::Upstream if changed => Some(OutcomeStatus::Skipped(format!(
                "the {object} was changed in Intercom since this copy of it was read"
            ))),
            _ if reference.object == Object::Attribute => {
                let problem = data_attribute::check(&travelling.values, known);
                let refused = |problem| *not_valid("invalid_row", "the row", vec![problem]);
                problem.map(refused).map(OutcomeStatus::Failed)
            }
            _ => None,
        };
        if let Some(status) = status {
            travelling.outcome = Some(Outcome {
                object_id: Some(known.id.clone()),
                ..outcome(&travelling.row, status)
            });
            return;
        }
        if let Some((type_id, json)) = &known.ticket_type {
            let creates = self.action.name == "tickets" && !is_target;
            let checked = ticket_attributes::check(
                &mut travelling.values,
                json,
                creates,
                policy.missing_attribute,
            );
            self.take_checked(index, checked, &|name, data_type| {
                Some(ticket_attributes::making(type_id, name, data_type))
            });
        }
        let travelling = &mut self.rows[index];
        if travelling.outcome.is_some() {
            return;
        }
        // It was looked at only; the request says itself whom it means.
        if matches!(reference.by, [(_, By::Sent), ..]) {
            return;
        }
        // Where a tag is sent by its name: in another spelling it would be another one.
        if let (Object::Tag, Some(name)) = (reference.object, known.member("name")) {
            travelling.values.set("tag_name", quoted(name));
        }
        travelling.refer(reference, &known.id);
        travelling.shares |= known.shares || !others.is_empty();
        // A job cannot give a role: what is so already is not said.
        if self.api_version == PREVIEW && known.role == travelling.values.text("role") {
            travelling.values.remove("role");
        }
        if known.shares && mode.name == "delete" {
            self.notice(OTHERS.to_owned());
        }
        let travelling = &mut self.rows[index];
        if is_target {
            travelling.others = others.iter().map(|other| other.id.clone()).collect();
            travelling
                .lanes
                .extend(travelling.others.iter().map(|id| format!("id={id}")));
        }
    }

    fn absent(&mut self, index: usize, reference: &'static Reference) {
        let object = reference.object;
        let travelling = &mut self.rows[index];
        let not_there = || {
            failure(
                FailureKind::NotFound,
                &format!("{}_not_found", object.name().replace(' ', "_")),
                format!("Intercom has no {} that the row could mean", object.name()),
            )
        };
        let name = reference.by.iter().find_map(|(name, by)| match by {
            By::Member(_) | By::Sent => travelling.values.text(name),
            _ => None,
        });
        let status = match (reference.absent, &name) {
            (Absent::Created, Some(_)) if travelling.values.json(reference.name).is_none() => {
                return;
            }
            (Absent::Made, Some(name))
                if self.policy.creates_objects
                    && let Some((path, body)) = object.making(name) =>
            {
                let place = self.makings.want(path, body);
                if let Some(name) = self.makings.name(place) {
                    travelling.values.set("tag_name", name.to_owned());
                }
                travelling.needs.push((place, Some(reference.name)));
                return;
            }
            (Absent::Unchanged, _) => OutcomeStatus::Unchanged,
            (Absent::Hidden, _) => {
                self.notice(HIDDEN.to_owned());
                OutcomeStatus::Unchanged
            }
            (Absent::Archived, _) => {
                let mut failure = not_there();
                failure.message.push_str(ARCHIVED);
                OutcomeStatus::Failed(*failure)
            }
            (Absent::Later, _) => OutcomeStatus::Deferred(*later(not_there())),
            _ => OutcomeStatus::Failed(*not_there()),
        };
        let travelling = &mut self.rows[index];
        travelling.outcome = Some(outcome(&travelling.row, status));
    }
}
