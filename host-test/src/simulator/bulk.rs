//! Contacts and companies that are created, updated and deleted in bulk, by jobs whose tasks may each have some that fail.

use serde_json::{Map, Value, json};

use super::bulk_jobs::{BulkAction as Action, BulkJob, BulkKind as Kind, BulkTask, TaskState};
use super::call::{Answer, Call, Outcome};
use super::contact::Standing;
use super::errors::ApiError;
use super::links::Stamp;
use super::people;
use super::route::Route;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const CONTACTS: &[Route] = &routes::<Contacts>();
pub(crate) const COMPANIES: &[Route] = &routes::<Companies>();

/// What is written in bulk, and where.
trait Written {
    const KIND: Kind;
    const ALL: &'static str;
    const DELETED: &'static str;
    const JOB: &'static str;
}

struct Contacts;

impl Written for Contacts {
    const KIND: Kind = Kind::Contacts;
    const ALL: &'static str = "/contacts/bulk";
    const DELETED: &'static str = "/contacts/bulk/delete";
    const JOB: &'static str = "/contacts/bulk/{id}";
}

struct Companies;

impl Written for Companies {
    const KIND: Kind = Kind::Companies;
    const ALL: &'static str = "/companies/bulk";
    const DELETED: &'static str = "/companies/bulk/delete";
    const JOB: &'static str = "/companies/bulk/{id}";
}

const fn routes<W: Written>() -> [Route; 4] {
    let permission = W::KIND.names().0;
    let routes = [
        Route::write("POST", W::ALL, permission, |workspace, call| {
            submit(workspace, call, W::KIND, Action::Create)
        }),
        Route::write("PUT", W::ALL, permission, |workspace, call| {
            submit(workspace, call, W::KIND, Action::Update)
        }),
        Route::write("POST", W::DELETED, permission, |workspace, call| {
            submit(workspace, call, W::KIND, Action::Delete)
        }),
        Route::new("GET", W::JOB, permission, |workspace, call| {
            status(workspace, call, W::KIND)
        }),
    ];
    let [create, update, delete, job] = routes;
    let since = ApiVersion::PREVIEW;
    [
        create.since(since),
        update.since(since),
        delete.since(since),
        job.since(since),
    ]
}

/// Fields that are passed over: the first one in every task, all of them where contacts are updated.
const IGNORED: &[&str] = &["email_verified", "role", "signed_up_at", "last_seen_at"];

/// How many objects a request can have.
const MOST: usize = 100;

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
        (job.body(&workspace.url, place), task)
    };
    workspace.enqueue_bulk(task);
    Ok(Answer::json(&body)?.accepted())
}

fn status(workspace: &Workspace, call: &Call, kind: Kind) -> Outcome {
    let state = workspace.read();
    let place = state.bulk_jobs.place(kind, call.parameter(0))?;
    Answer::json(&state.bulk_jobs.0[place].body(&workspace.url, place))
}

impl Workspace {
    /// Does a task: what fails does not hold up the rest of it.
    pub(crate) fn finish_bulk_task(&self, task: &BulkTask) {
        let done = task.items.iter().filter(|item| {
            let mut item = (*item).clone();
            let ignored: &[&str] = match (task.kind, task.action) {
                (Kind::Contacts, Action::Update) => IGNORED,
                _ => &IGNORED[..1],
            };
            item.retain(|name, _| !ignored.contains(&name.as_str()));
            match task.kind {
                Kind::Contacts => self.bulk_contact(task.action, item).is_ok(),
                Kind::Companies => self.bulk_company(task.action, item).is_ok(),
            }
        });
        let complete = done.count() == task.items.len();
        let now = self.now();
        let mut state = self.write();
        let job = state.bulk_jobs.0.get_mut(task.job);
        if let Some(state) = job.and_then(|job| job.tasks.get_mut(task.task)) {
            state.done = Some((now, complete));
        }
    }

    fn bulk_contact(&self, action: Action, item: Map<String, Value>) -> Result<(), ApiError> {
        let fields = Value::Object(item);
        let number = || self.contact_number(&identity(&fields)?);
        let number = match action {
            Action::Create => self.insert_contact(&fields)?.number,
            Action::Update => self.update_contact(number()?, &fields)?.number,
            Action::Delete => self.set_standing(number()?, Standing::Deleted)?.number,
        };
        if action == Action::Delete {
            return Ok(());
        }
        for company in list(fields.get("companies")) {
            let kept = self.upsert_company(company)?;
            let attached = company["remove"] != json!(true);
            self.set_attached(number, kept.number, attached, Stamp::Now)?;
        }
        for (name, tagged) in [("add", true), ("remove", false)] {
            let tags = fields.get("tags").and_then(|tags| tags.get(name));
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

    fn bulk_company(&self, action: Action, item: Map<String, Value>) -> Result<(), ApiError> {
        let fields = Value::Object(item);
        let number = || self.company_number(&identity(&fields)?);
        match action {
            Action::Create => self.upsert_company(&fields)?,
            Action::Update => self.update_company(number()?, &fields)?,
            Action::Delete => self.remove_company(number()?)?,
        };
        Ok(())
    }
}

fn identity(item: &Value) -> Result<String, ApiError> {
    people::id(item.get("id")).ok_or_else(ApiError::contact_not_found)
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
