//! Companies: reading, writing and deleting one.

use std::sync::Arc;

use serde_json::json;

use super::call::{Answer, Call, Outcome};
use super::company::Company;
use super::errors::ApiError;
use super::route::Route;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::write("POST", "/companies", "companies", upsert),
    Route::new("GET", "/companies/{id}", "companies", read),
    Route::write("PUT", "/companies/{id}", "companies", update),
    Route::write("DELETE", "/companies/{id}", "companies", delete),
];

pub(crate) fn render(workspace: &Workspace, company: &Company) -> Outcome {
    Answer::json(&workspace.company_value(&workspace.read(), company))
}

fn upsert(workspace: &Workspace, call: &Call) -> Outcome {
    let company = workspace.upsert_company(&call.body)?;
    render(workspace, &company)
}

/// The company that the path names.
pub(crate) fn company(workspace: &Workspace, call: &Call) -> Result<Arc<Company>, ApiError> {
    let number = workspace.company_number(call.parameter(0))?;
    let company = workspace.read().companies.company(number);
    company.ok_or_else(ApiError::company_not_found)
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    render(workspace, &*company(workspace, call)?)
}

fn update(workspace: &Workspace, call: &Call) -> Outcome {
    let number = workspace.company_number(call.parameter(0))?;
    // The body is optional here.
    let patch = if call.body.is_null() {
        &json!({})
    } else {
        &call.body
    };
    let company = workspace.update_company(number, patch)?;
    render(workspace, &company)
}

fn delete(workspace: &Workspace, call: &Call) -> Outcome {
    let number = workspace.company_number(call.parameter(0))?;
    workspace.remove_company(number)?;
    Answer::json(&json!({"id": call.parameter(0), "object": "company", "deleted": true}))
}
