//! Content exports: jobs that make a file of who was sent which message, one at a time in a workspace.

use std::time::Duration;

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::clock::as_milliseconds;
use super::errors::ApiError;
use super::identifiers::mix;
use super::route::Route;
use super::search_test::whole_number;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/export/content/data", PERMISSION, create),
    Route::new("GET", "/export/content/data/{id}", PERMISSION, read),
    Route::new("POST", "/export/cancel/{id}", PERMISSION, cancel),
    Route::new("GET", "/download/content/data/{id}", PERMISSION, download).octets(),
];

const PERMISSION: &str = "content_export";

/// How long a job waits for its turn; the time scale divides it.
const WAIT: Duration = Duration::from_secs(10);
/// How long it takes then; the time scale divides it.
const WORK: Duration = Duration::from_secs(20);
/// How long its file is kept; the time scale divides it.
const KEPT: Duration = Duration::from_secs(2 * 86_400);

/// The exports of a workspace.
#[derive(Debug, Default)]
pub(crate) struct ContentExports {
    jobs: Vec<Job>,
    failing: bool,
}

#[derive(Clone, Debug)]
struct Job {
    id: String,
    /// Unix seconds; both ends are part of the export.
    after: i64,
    before: i64,
    /// Milliseconds of the workspace's clock.
    started_at: i64,
    /// What it comes to when its time is over.
    end: Status,
    canceled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Pending,
    InProgress,
    Completed,
    NoData,
    Failed,
    Canceled,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::InProgress => "in_progress",
            Status::Completed => "completed",
            Status::NoData => "no_data",
            Status::Failed => "failed",
            Status::Canceled => "canceled",
        }
    }

    /// Whether no other job may be created meanwhile.
    fn is_active(self) -> bool {
        matches!(self, Status::Pending | Status::InProgress)
    }
}

impl Job {
    fn status(&self, workspace: &Workspace) -> Status {
        let scaled = |wait| as_milliseconds(workspace.options.scaled(wait));
        let age = workspace
            .clock
            .milliseconds()
            .saturating_sub(self.started_at);
        if self.canceled {
            Status::Canceled
        } else if age < scaled(WAIT) {
            Status::Pending
        } else if age < scaled(WAIT + WORK) {
            Status::InProgress
        } else {
            self.end
        }
    }

    /// When the file is thrown away, in milliseconds of the workspace's clock.
    fn expires_at(&self, workspace: &Workspace) -> i64 {
        let kept = workspace.options.scaled(WAIT + WORK + KEPT);
        self.started_at.saturating_add(as_milliseconds(kept))
    }

    fn render(&self, workspace: &Workspace) -> Value {
        let status = self.status(workspace);
        let (url, expires_at) = match status {
            Status::Completed => (
                format!("{}/download/content/data/{}", workspace.url, self.id),
                self.expires_at(workspace).div_euclid(1_000).to_string(),
            ),
            _ => Default::default(),
        };
        json!({
            "job_identifier": self.id,
            "status": status.name(),
            "download_url": url,
            "download_expires_at": expires_at,
        })
    }
}

impl Workspace {
    /// Makes content exports that are started from now on end as failed, or no longer.
    pub fn set_exports_failing(&self, failing: bool) {
        self.write().content_exports.failing = failing;
    }

    fn job(&self, call: &Call) -> Result<Job, ApiError> {
        let state = self.read();
        let job = state.content_exports.find(call.parameter(0));
        job.cloned().ok_or_else(not_found)
    }
}

impl ContentExports {
    fn find(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }
}

fn not_found() -> ApiError {
    ApiError::new(404, "not_found", "Object not found.")
}

fn create(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let time = |name: &str| {
        let value = fields.get(name).filter(|value| !value.is_null());
        let value =
            value.ok_or_else(|| ApiError::parameter_not_found(format!("{name} is required")))?;
        whole_number(value)
            .ok_or_else(|| ApiError::parameter_invalid(format!("{name} must be a Unix timestamp")))
    };
    let (after, before) = (time("created_at_after")?, time("created_at_before")?);
    let empty = workspace.exported_row_count(after, before) == 0;
    let mut state = workspace.write();
    let exports = &mut state.content_exports;
    if exports
        .jobs
        .iter()
        .any(|job| job.status(workspace).is_active())
    {
        return Err(ApiError::new(
            429,
            "rate_limit_exceeded",
            "Exceeded rate limit of 1 pending message data export jobs",
        ));
    }
    let job = Job {
        id: identifier(workspace.options.seed, exports.jobs.len() as u64),
        after,
        before,
        started_at: workspace.clock.milliseconds(),
        end: match (exports.failing, empty) {
            (true, _) => Status::Failed,
            (false, true) => Status::NoData,
            (false, false) => Status::Completed,
        },
        canceled: false,
    };
    exports.jobs.push(job.clone());
    Answer::json(&job.render(workspace))
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    Answer::json(&workspace.job(call)?.render(workspace))
}

/// A job that came to an end stays as it is.
fn cancel(workspace: &Workspace, call: &Call) -> Outcome {
    let mut state = workspace.write();
    let mut jobs = state.content_exports.jobs.iter_mut();
    let job = jobs.find(|job| job.id == call.parameter(0));
    let job = job.ok_or_else(not_found)?;
    job.canceled |= job.status(workspace).is_active();
    Answer::json(&job.render(workspace))
}

fn download(workspace: &Workspace, call: &Call) -> Outcome {
    let job = workspace.job(call)?;
    let expired = workspace.clock.milliseconds() >= job.expires_at(workspace);
    if job.status(workspace) != Status::Completed || expired {
        return Err(not_found());
    }
    let file = workspace.exported_file(job.after, job.before);
    let file = file.map_err(|error| ApiError::new(500, "server_error", error.to_string()))?;
    Ok(Answer::octets(file))
}

/// Sixteen letters and digits.
fn identifier(seed: u64, number: u64) -> String {
    let digits = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = u128::from(mix(seed ^ mix(number))) << 64 | u128::from(mix(number));
    let mut letters = || {
        let digit = digits[(rest % 36) as usize];
        rest /= 36;
        char::from(digit)
    };
    (0..16).map(|_| letters()).collect()
}
