//! Outcomes as JSON documents.

use serde_json::{Value, json};

use crate::contract::connector::{Outcome, OutcomeStatus};
use crate::contract::types::{Failure, FailureKind, Problem};

/// The name of an outcome for programs.
pub fn name_of(status: &OutcomeStatus) -> &'static str {
    match status {
        OutcomeStatus::Created => "created",
        OutcomeStatus::Updated => "updated",
        OutcomeStatus::Deleted => "deleted",
        OutcomeStatus::Unchanged => "unchanged",
        OutcomeStatus::Skipped(_) => "skipped",
        OutcomeStatus::Failed(_) => "failed",
        OutcomeStatus::Deferred(_) => "deferred",
    }
}

/// An outcome as a JSON document.
pub fn outcome_json(outcome: &Outcome) -> Value {
    let mut json = json!({"key": outcome.key, "status": name_of(&outcome.status)});
    if let Some(id) = &outcome.object_id {
        json["object_id"] = id.as_str().into();
    }
    if let Some(id) = &outcome.request_id {
        json["request_id"] = id.as_str().into();
    }
    match &outcome.status {
        OutcomeStatus::Skipped(reason) => json["reason"] = reason.as_str().into(),
        OutcomeStatus::Failed(failure) | OutcomeStatus::Deferred(failure) => {
            json["failure"] = failure_json(failure);
        }
        _ => {}
    }
    if !outcome.planned.is_empty() {
        json["planned"] = outcome
            .planned
            .iter()
            .map(|request| {
                let body = request.body.as_deref().map(|body| {
                    serde_json::from_slice::<Value>(body)
                        .unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned().into())
                });
                json!({
                    "endpoint": request.endpoint,
                    "method": format!("{:?}", request.method).rsplit("::").next().unwrap_or_default().to_uppercase(),
                    "target": request.target,
                    "body": body,
                })
            })
            .collect();
    }
    json
}

pub(super) fn failure_json(failure: &Failure) -> Value {
    let mut json = json!({
        "kind": kind_name(failure.kind),
        "code": failure.code,
        "message": failure.message,
    });
    if let Some(wait) = failure.retry_after_ms {
        json["retry_after_ms"] = wait.into();
    }
    if failure.maybe_applied {
        json["maybe_applied"] = true.into();
    }
    if !failure.problems.is_empty() {
        json["problems"] = failure.problems.iter().map(problem_json).collect();
    }
    json
}

fn problem_json(problem: &Problem) -> Value {
    json!({
        "path": problem.path,
        "code": problem.code,
        "message": problem.message,
        "found": problem.found,
        "expected": problem.expected,
    })
}

/// The name of a kind of failure, as the contract has it.
pub fn kind_name(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Auth => "auth",
        FailureKind::Permission => "permission",
        FailureKind::RateLimited => "rate-limited",
        FailureKind::InvalidInput => "invalid-input",
        FailureKind::NotFound => "not-found",
        FailureKind::Conflict => "conflict",
        FailureKind::Transient => "transient",
        FailureKind::Drift => "drift",
        FailureKind::Bug => "bug",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_documents() {
        let failure = Failure {
            kind: FailureKind::RateLimited,
            code: "c".to_owned(),
            message: "m".to_owned(),
            retry_after_ms: Some(70),
            maybe_applied: false,
            request_id: None,
            problems: Vec::new(),
        };
        let outcome = Outcome {
            key: "1".to_owned(),
            status: OutcomeStatus::Deferred(failure),
            object_id: None,
            request_id: None,
            planned: Vec::new(),
        };
        assert_eq!(
            outcome_json(&outcome),
            json!({"key": "1", "status": "deferred", "failure": {
                "kind": "rate-limited", "code": "c", "message": "m", "retry_after_ms": 70}})
        );
    }
}
