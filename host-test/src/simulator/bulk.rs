//! Contacts and companies that are created, updated and deleted in bulk, by jobs whose tasks may each have some that fail.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome};
use super::contact::Standing;
use super::errors::ApiError;
use super::links::Stamp;
use super::people;
use super::route::Route;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    bulk("POST", "/contacts/bulk", "contacts", |workspace, call| {
        submit(workspace, call, Kind::Contacts, Action::Create)
    }),
    bulk("PUT", "/contacts/bulk", "contacts", |workspace, call| {
        submit(workspace, call, Kind::Contacts, Action::Update)
    }),
    bulk(
        "POST",
        "/contacts/bulk/delete",
        "contacts",
        |workspace, call| submit(workspace, call, Kind::Contacts, Action::Delete),
    ),
    Route::new(
        "GET",
        "/contacts/bulk/{id}",
        "contacts",
        |workspace, call| status(workspace, call, Kind::Contacts),
    )
    .since(ApiVersion::PREVIEW),
    bulk("POST", "/companies/bulk", "companies", |workspace, call| {
        submit(workspace, call, Kind::Companies, Action::Create)
    }),
    bulk("PUT", "/companies/bulk", "companies", |workspace, call| {
        submit(workspace, call, Kind::Companies, Action::Update)
    }),
    bulk(
        "POST",
        "/companies/bulk/delete",
        "companies",
        |workspace, call| submit(workspace, call, Kind::Companies, Action::Delete),
    ),
    Route::new(
        "GET",
        "/companies/bulk/{id}",
        "companies",
        |workspace, call| status(workspace, call, Kind::Companies),
    )
    .since(ApiVersion::PREVIEW),
];

const fn bulk(
    method: &'static str,
    path: &'static str,
    permission: &'static str,
    handler: fn(&Workspace, &Call) -> Outcome,
) -> Route {
    Route::write(method, path, permission, handler).since(ApiVersion::PREVIEW)
}

/// How many objects a request can have.
const MOST: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Contacts,
    Companies,
}

impl Kind {
    /// The name of several, and of one.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Kind::Contacts => ("contacts", "contact"),
            Kind::Companies => ("companies", "company"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Create,
    Update,
    Delete,
}

/// The jobs of a workspace.
#[derive(Debug, Default)]
pub(crate) struct BulkJobs(Vec<BulkJob>);

#[derive(Debug)]
struct BulkJob {
    kind: Kind,
    created_at: i64,
    tasks: Vec<TaskState>,
}

#[derive(Clone, Copy, Debug)]
struct TaskState {
    items: usize,
    created_at: i64,
    /// When it was done, and whether everything of it could be.
    done: Option<(i64, bool)>,
}

/// A task that waits for its turn.
#[derive(Debug)]
pub(crate) struct BulkTask {
    job: usize,
    task: usize,
    kind: Kind,
    action: Action,
    items: Vec<Map<String, Value>>,
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
    fn done(&self) -> Option<(i64, bool)> {
        let mut end = (self.created_at, true);
        for task in &self.tasks {
            let (at, complete) = task.done?;
            end = (end.0.max(at), end.1 && complete);
        }
        Some(end)
    }

    fn body(&self, workspace: &Workspace, number: usize) -> Value {
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
            "url": format!("{}/{plural}/bulk/{id}", workspace.url),
        })
    }
}

impl BulkJobs {
    /// The place of the job with this id.
    fn place(&self, kind: Kind, id: &str) -> Result<usize, ApiError> {
        let number = id.strip_prefix("job_v2_").and_then(|id| id.parse().ok());
        let place = number.and_then(|number: usize| number.checked_sub(1));
        place
            .filter(|place| self.0.get(*place).is_some_and(|job| job.kind == kind))
            .ok_or_else(|| ApiError::new(404, "job_not_found", format!("job {id} not found")))
    }
}

/// The objects of a request.
fn items(call: &Call, kind: Kind, action: Action) -> Result<Vec<Map<String, Value>>, ApiError> {
    let (plural, singular) = kind.names();
    let refused = |code: &'static str, message: String| ApiError::new(422, code, message);
    let items = match call.fields()?.get(plural) {
        None | Some(Value::Null) => {
            let message = format!("{plural} field must be supplied");
            return Err(refused("field_not_found", message));
        }
        Some(items) => items
            .as_array()
            .ok_or_else(|| refused("type_mismatch", format!("{plural} must be an array")))?,
    };
    if items.len() > MOST {
        let message = format!("maximum number of {plural} per request is {MOST}");
        return Err(refused("parameter_invalid", message));
    }
    let checked = |item: &Value| {
        let item = item.as_object().ok_or_else(|| {
            refused(
                "type_mismatch",
                format!("each {singular} must be an object"),
            )
        })?;
        if action != Action::Create && people::id(item.get("id")).is_none() {
            let message = format!("{plural} must be identified by id");
            return Err(refused("field_not_found", message));
        }
        Ok(item.clone())
    };
    items.iter().map(checked).collect()
}

fn submit(workspace: &Workspace, call: &Call, kind: Kind, action: Action) -> Outcome {
    let items = items(call, kind, action)?;
    let now = workspace.now();
    let existing = call.body["job"]["id"].as_str();
    let (body, task) = {
        let mut state = workspace.write();
        let jobs = &mut state.bulk_jobs;
        let place = match existing {
            Some(id) => jobs.place(kind, id)?,
            None => {
                jobs.0.push(BulkJob {
                    kind,
                    created_at: now,
                    tasks: Vec::new(),
                });
                jobs.0.len() - 1
            }
        };
        let job = &mut jobs.0[place];
        if !job.tasks.is_empty() && job.done().is_some() {
            let message = format!("job job_v2_{} is closed for new task updates", place + 1);
            return Err(ApiError::new(403, "forbidden", message));
        }
        job.tasks.push(TaskState {
            items: items.len(),
            created_at: now,
            done: None,
        });
        let task = BulkTask {
            job: place,
            task: job.tasks.len() - 1,
            kind,
            action,
            items,
        };
        (job.body(workspace, place), task)
    };
    workspace.enqueue_bulk(task);
    Ok(Answer::json(&body)?.accepted())
}

fn status(workspace: &Workspace, call: &Call, kind: Kind) -> Outcome {
    let state = workspace.read();
    let place = state.bulk_jobs.place(kind, call.parameter(0))?;
    Answer::json(&state.bulk_jobs.0[place].body(workspace, place))
}

impl Workspace {
    /// Does a task: what fails does not hold up the rest of it.
    pub(crate) fn finish_bulk_task(&self, task: &BulkTask) {
        let done = task.items.iter().filter(|item| match task.kind {
            Kind::Contacts => self.bulk_contact(task.action, item).is_ok(),
            Kind::Companies => self.bulk_company(task.action, item).is_ok(),
        });
        let complete = done.count() == task.items.len();
        let now = self.now();
        let mut state = self.write();
        let job = state.bulk_jobs.0.get_mut(task.job);
        if let Some(state) = job.and_then(|job| job.tasks.get_mut(task.task)) {
            state.done = Some((now, complete));
        }
    }

    fn bulk_contact(&self, action: Action, item: &Map<String, Value>) -> Result<(), ApiError> {
        let fields = Value::Object(item.clone());
        let number = || self.contact_number(&people::required_id(item, "id")?);
        let number = match action {
            Action::Create => self.insert_contact(&fields)?.number,
            Action::Update => self.update_contact(number()?, &fields)?.number,
            Action::Delete => self.set_standing(number()?, Standing::Deleted)?.number,
        };
        if action == Action::Delete {
            return Ok(());
        }
        for company in list(item.get("companies")) {
            let kept = self.upsert_company(company)?;
            let attached = company["remove"] != json!(true);
            self.set_attached(number, kept.number, attached, Stamp::Now)?;
        }
        for (name, tagged) in [("add", true), ("remove", false)] {
            let tags = item.get("tags").and_then(|tags| tags.get(name));
            for tag in list(tags) {
                let id = people::id(tag.get("id"));
                let known = id.and_then(|id| super::tags::find(&self.read(), &id).ok());
                // Tags that are not there are passed over.
                if let Some((tag, _)) = known {
                    self.tag_contact(number, tag, tagged, Stamp::Now)?;
                }
            }
        }
        Ok(())
    }

    fn bulk_company(&self, action: Action, item: &Map<String, Value>) -> Result<(), ApiError> {
        let fields = Value::Object(item.clone());
        let number = || self.company_number(&people::required_id(item, "id")?);
        match action {
            Action::Create => self.upsert_company(&fields)?,
            Action::Update => self.update_company(number()?, &fields)?,
            Action::Delete => self.remove_company(number()?)?,
        };
        Ok(())
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
