//! Rehearsals: the writes that would be made.

use super::super::answer::Step;
use super::{Rows, outcome};
use crate::contract::connector::{Outcome, OutcomeStatus};
use crate::contract::http::{Method, Request};
use crate::intercom::actions::{Absent, By, Call, Does, Write};
use crate::intercom::request;
use crate::json::quoted;
use crate::prelude::*;

impl Rows {
    /// One outcome for each row, with the writes that would be made now.
    pub fn outcomes_planned(self) -> Vec<Outcome> {
        self.planned(false)
    }

    /// One outcome for each row, with the writes of every branch.
    pub fn outcomes_offline(mut self) -> Vec<Outcome> {
        self.look_up(0);
        self.planned(true)
    }

    fn planned(mut self, offline: bool) -> Vec<Outcome> {
        let (mode, version) = (self.mode, self.api_version);
        let together = self.uses_jobs();
        let mut outcomes = Vec::new();
        for travelling in &mut self.rows {
            let mut in_a_job = "";
            if let Some(outcome) = travelling.outcome.take() {
                outcomes.push(outcome);
                continue;
            }
            let mut planned: Vec<Request> = Vec::new();
            for (place, _) in &travelling.needs {
                planned.extend(self.makings.request(*place, version));
            }
            let target_given = mode
                .references
                .first()
                .is_some_and(|target| travelling.values.json(target.name).is_some());
            for reference in mode.references {
                let sent = reference
                    .by
                    .iter()
                    .any(|(name, by)| *by == By::Sent && travelling.values.json(name).is_some());
                if sent || travelling.values.json(reference.name).is_some() {
                    continue;
                }
                let given = reference
                    .by
                    .iter()
                    .find_map(|(name, _)| travelling.values.text(name));
                // Offline nobody knows whether it is there: it may have to be made.
                if let Some(name) = given
                    .as_ref()
                    .filter(|_| offline && reference.absent == Absent::Made)
                    && let Some((path, body)) = reference.object.making(name)
                {
                    planned.push(request::write(version, Method::Post, path, Some(body)));
                }
                let stands_for_itself =
                    given.is_some() && (offline || reference.absent != Absent::Created);
                if stands_for_itself {
                    let itself = quoted(&format!("{{{}}}", reference.name));
                    travelling.values.set(reference.name, itself);
                }
            }
            // One whose id is given is not looked for.
            if offline && target_given {
                travelling.step = Some(Step::Write);
            }
            let branches: Vec<Option<&Call>> = match (mode.write, &travelling.step) {
                (Write::One(calls), _) => vec![Call::of(calls, version)],
                (Write::Either(create, update), None) => {
                    vec![Call::of(create, version), Call::of(update, version)]
                }
                (Write::Either(create, _), Some(Step::Create)) => vec![Call::of(create, version)],
                (Write::Either(_, update), _) => vec![Call::of(update, version)],
            };
            let verbs: Vec<&str> = branches
                .iter()
                .flatten()
                .map(|call| match call.does {
                    Does::Creates => "create",
                    Does::Updates => "update",
                    Does::Deletes => "delete",
                })
                .collect();
            let target = mode.references.first();
            let object_id = target
                .and_then(|target| travelling.values.text(target.name))
                .filter(|id| !id.starts_with('{'));
            let mut ids: Vec<Option<String>> = vec![None];
            ids.extend(travelling.others.iter().cloned().map(Some));
            for id in ids {
                if let (Some(id), Some(target)) = (id, target) {
                    travelling.values.set(target.name, quoted(&id));
                }
                for call in branches.iter().flatten() {
                    let item = if together {
                        travelling.item(self.action, mode, call, &self.policy)
                    } else {
                        None
                    };
                    planned.push(match item {
                        Some(item) => {
                            in_a_job = ", in a job with other rows";
                            item.request(self.action)
                        }
                        None => travelling.fill(call, mode, version),
                    });
                }
            }
            let status =
                OutcomeStatus::Skipped(format!("would {}{in_a_job}", verbs.joined(" or ")));
            outcomes.push(Outcome {
                object_id,
                planned,
                ..outcome(&travelling.row, status)
            });
        }
        outcomes
    }
}
