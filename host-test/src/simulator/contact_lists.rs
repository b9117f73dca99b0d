//! What belongs to one contact: its companies, tags and segments.

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::contact::Contact;
use super::errors::ApiError;
use super::links::Stamp;
use super::pages::numbered_list;
use super::route::Route;
use super::segments;
use super::tags;
use super::teammate;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/contacts/{id}/companies", "contacts", companies),
    Route::write("POST", "/contacts/{id}/companies", "contacts", attach),
    Route::write(
        "DELETE",
        "/contacts/{id}/companies/{company_id}",
        "contacts",
        detach,
    ),
    Route::new("GET", "/contacts/{id}/tags", "contacts", list_tags),
    Route::write("POST", "/contacts/{id}/tags", "contacts", tag),
    Route::write("DELETE", "/contacts/{id}/tags/{tag_id}", "contacts", untag),
    Route::new("GET", "/contacts/{id}/segments", "contacts", list_segments),
];

const PAGE: usize = 50;
const LARGEST_PAGE: usize = 150;

/// The contact that the path names.
pub(crate) fn contact(workspace: &Workspace, call: &Call) -> Result<Arc<Contact>, ApiError> {
    let number = workspace.contact_number(call.parameter(0))?;
    let contact = workspace.read().contacts.current().live(number);
    contact.ok_or_else(ApiError::contact_not_found)
}

fn companies(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact(workspace, call)?;
    let entries: Vec<Value> = {
        let state = workspace.read();
        let companies = contact
            .companies
            .iter()
            .filter_map(|number| state.companies.company(*number));
        companies
            .filter_map(|company| workspace.company_value(&state, &company))
            .collect()
    };
    let url = format!("{}/contacts/{}/companies", workspace.url, call.parameter(0));
    Answer::json(&numbered_list(
        &url,
        call.page()?,
        call.per_page(PAGE, LARGEST_PAGE)?,
        &entries,
    ))
}

fn attach(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact(workspace, call)?;
    let id = call.fields()?.get("id").and_then(Value::as_str);
    let id = id.ok_or_else(|| ApiError::parameter_not_found("company not specified"))?;
    set_attached(workspace, &contact, id, true)
}

fn detach(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact(workspace, call)?;
    set_attached(workspace, &contact, call.parameter(1), false)
}

fn set_attached(
    workspace: &Workspace,
    contact: &Contact,
    company_id: &str,
    attached: bool,
) -> Outcome {
    let number = workspace.company_number(company_id)?;
    let company = workspace.set_attached(contact.number, number, attached, Stamp::Now)?;
    Answer::json(&workspace.company_value(&workspace.read(), &company))
}

/// A tag as a tagging call shows it.
fn applied(id: u64, name: &str, at: i64) -> Value {
    let mut tag = tags::tag(id, name);
    tag["applied_at"] = at.into();
    tag["applied_by"] = json!({"type": "admin", "id": teammate::id(0).to_string()});
    tag
}

fn list_tags(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact(workspace, call)?;
    let state = workspace.read();
    let named = contact
        .tags
        .iter()
        .filter_map(|id| Some((*id, state.tags.get(id)?)));
    let data: Vec<Value> = named
        .map(|(id, name)| applied(id, name, contact.created_at))
        .collect();
    Answer::json(&json!({"type": "list", "data": data}))
}

fn tag(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact(workspace, call)?;
    let id = call
        .fields()?
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    set_tagged(workspace, &contact, id, true)
}

fn untag(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact(workspace, call)?;
    set_tagged(workspace, &contact, call.parameter(1), false)
}

fn set_tagged(workspace: &Workspace, contact: &Contact, id: &str, tagged: bool) -> Outcome {
    let (id, name) = tags::find(&workspace.read(), id)?;
    workspace.tag_contact(contact.number, id, tagged, Stamp::Now)?;
    Answer::json(&applied(id, &name, workspace.now()))
}

fn list_segments(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact(workspace, call)?;
    let data = segments::of_contact(workspace, contact.number);
    Answer::json(&json!({"type": "list", "data": data}))
}
