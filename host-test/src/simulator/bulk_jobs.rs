//! The bulk jobs of a workspace: their tasks, and how far each is.

use serde_json::{Map, Value, json};

use super::errors::ApiError;

/// What a job is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BulkKind {
    Contacts,
    Companies,
}

impl BulkKind {
    /// The name of several, and of one.
    pub(crate) const fn names(self) -> (&'static str, &'static str) {
        match self {
            BulkKind::Contacts => ("contacts", "contact"),
            BulkKind::Companies => ("companies", "company"),
        }
    }
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BulkAction {
    Create,
    Update,
    Delete,
}

/// The jobs of a workspace.
#[derive(Debug, Default)]
pub(crate) struct BulkJobs(pub(crate) Vec<BulkJob>);

/// A job: its tasks are done one after the other.
#[derive(Debug)]
pub(crate) struct BulkJob {
    pub(crate) kind: BulkKind,
    pub(crate) created_at: i64,
    pub(crate) tasks: Vec<TaskState>,
}

/// How far a task is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskState {
    pub(crate) items: usize,
    pub(crate) created_at: i64,
    /// When it was done, and whether everything of it could be.
    pub(crate) done: Option<(i64, bool)>,
}

/// A task that waits for its turn.
#[derive(Debug)]
pub(crate) struct BulkTask {
    pub(crate) job: usize,
    pub(crate) task: usize,
    pub(crate) kind: BulkKind,
    pub(crate) action: BulkAction,
    pub(crate) items: Vec<Map<String, Value>>,
}

fn state_name(done: Option<bool>) -> &'static str {
    match done {
        None => "pending",
        Some(true) => "completed",
        Some(false) => "completed_with_errors",
    }
}

impl BulkJob {
    /// When all of its tasks were done, and whether everything could be.
    pub(crate) fn done(&self) -> Option<(i64, bool)> {
        let mut end = (self.created_at, true);
        for task in &self.tasks {
            let (at, complete) = task.done?;
            end = (end.0.max(at), end.1 && complete);
        }
        Some(end)
    }

    /// The job as the API renders it; `url` is where the workspace answers.
    pub(crate) fn body(&self, url: &str, number: usize) -> Value {
        let done = self.done();
        let (plural, _) = self.kind.names();
        let tasks = self.tasks.iter().enumerate();
        let tasks: Vec<Value> = tasks
            .map(|(index, task)| {
                let done_at = task.done.map(|(at, _)| at);
                json!({
                    "id": format!("task_v2_{}_{}", number + 1, index + 1),
                    "item_count": task.items,
                    "state": state_name(task.done.map(|(_, complete)| complete)),
                    "created_at": task.created_at,
                    "started_at": done_at,
                    "completed_at": done_at,
                })
            })
            .collect();
        let id = format!("job_v2_{}", number + 1);
        let state = match done {
            None => "running",
            Some((_, complete)) => state_name(Some(complete)),
        };
        let changes = self.tasks.iter();
        let updated_at = changes.map(|task| task.done.map_or(task.created_at, |(at, _)| at));
        json!({
            "id": id,
            "type": format!("{plural}.bulk.job"),
            "state": state,
            "created_at": self.created_at,
            "updated_at": updated_at.max(),
            "completed_at": done.map(|(at, _)| at),
            "tasks": tasks,
            "url": format!("{}/{plural}/bulk/{id}", url),
        })
    }
}

impl BulkJobs {
    /// The place of the job with this id.
    pub(crate) fn place(&self, kind: BulkKind, id: &str) -> Result<usize, ApiError> {
        let number = id.strip_prefix("job_v2_").and_then(|id| id.parse().ok());
        let place = number.and_then(|number: usize| number.checked_sub(1));
        place
            .filter(|place| self.0.get(*place).is_some_and(|job| job.kind == kind))
            .ok_or_else(|| ApiError::new(404, "job_not_found", format!("job {id} not found")))
    }
}
