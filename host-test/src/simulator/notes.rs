//! Notes about contacts and companies.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::companies;
use super::contact_links::Written;
use super::contact_lists;
use super::errors::ApiError;
use super::identifiers::{self, Kind};
use super::links::Stamp;
use super::message_text;
use super::note::{Note, Subject};
use super::pages::numbered_list;
use super::people;
use super::route::Route;
use super::teammate;
use super::version::ApiVersion;
use super::workspace::{State, Workspace};

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/notes/{id}", "contacts", read),
    Route::new("GET", "/contacts/{id}/notes", "contacts", of_contact),
    Route::write("POST", "/contacts/{id}/notes", "contacts", add_to_contact),
    Route::new("GET", "/companies/{id}/notes", "companies", of_company).since(ApiVersion::V2_15),
    Route::write("POST", "/companies/{id}/notes", "companies", add_to_company)
        .since(ApiVersion::V2_16),
];

const PAGE: usize = 50;
const LARGEST_PAGE: usize = 150;

/// A note as the API renders it: it names the contact or the company that it is about.
fn render(workspace: &Workspace, subject: Subject, note: &Note) -> Value {
    let (name, kind, number) = match subject {
        Subject::Contact(number) => ("contact", Kind::Contact, number),
        Subject::Company(number) => ("company", Kind::Company, number),
    };
    let mut body = json!({
        "type": "note",
        "id": note.id.to_string(),
        "created_at": note.created_at,
        "author": teammate::author(note.author),
        "body": note.body,
    });
    body[name] =
        json!({"type": name, "id": identifiers::encode(workspace.options.seed, kind, number)});
    body
}

fn list(workspace: &Workspace, call: &Call, subject: Subject, notes: &[Note]) -> Outcome {
    let of = match subject {
        Subject::Contact(_) => "contacts",
        Subject::Company(_) => "companies",
    };
    let url = format!("{}/{of}/{}/notes", workspace.url, call.parameter(0));
    let notes: Vec<Value> = notes
        .iter()
        .map(|note| render(workspace, subject, note))
        .collect();
    Answer::json(&numbered_list(
        &url,
        call.page()?,
        call.per_page(PAGE, LARGEST_PAGE)?,
        &notes,
    ))
}

fn of_contact(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact_lists::contact(workspace, call)?;
    let subject = Subject::Contact(contact.number);
    list(workspace, call, subject, &contact.notes)
}

fn of_company(workspace: &Workspace, call: &Call) -> Outcome {
    let company = companies::company(workspace, call)?;
    let subject = Subject::Company(company.number);
    list(workspace, call, subject, &company.notes)
}

/// The text of a note to be added, and who writes it.
fn written(workspace: &Workspace, call: &Call) -> Result<Written, ApiError> {
    let fields = call.fields()?;
    let author = match people::id(fields.get("admin_id")) {
        Some(id) => people::teammate(workspace, &id).ok_or_else(ApiError::resource_not_found)?,
        None => 0,
    };
    let body = fields.get("body").and_then(Value::as_str);
    let body = body.ok_or_else(|| ApiError::parameter_invalid("Body is required"))?;
    Ok((Cow::Owned(message_text::html_of(body)), author))
}

fn add_to_contact(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = contact_lists::contact(workspace, call)?;
    let note = workspace.note_contact(contact.number, written(workspace, call)?, Stamp::Now)?;
    Answer::json(&render(workspace, Subject::Contact(contact.number), &note))
}

fn add_to_company(workspace: &Workspace, call: &Call) -> Outcome {
    let company = companies::company(workspace, call)?;
    let note = workspace.note_company(company.number, written(workspace, call)?, Stamp::Now)?;
    Answer::json(&render(workspace, Subject::Company(company.number), &note))
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    let found = call
        .parameter(0)
        .parse()
        .ok()
        .and_then(|id| find(&workspace.read(), id));
    let (subject, note) = found.ok_or_else(ApiError::resource_not_found)?;
    Answer::json(&render(workspace, subject, &note))
}

/// The note with this id, and what it is about. A merged contact's notes are the other contact's.
fn find(state: &State, id: u64) -> Option<(Subject, Note)> {
    let has_it = |notes: &[Note]| notes.iter().find(|note| note.id == id).cloned();
    let view = state.contacts.current();
    let of_contact = |number| {
        let contact = view.live(number)?;
        Some((Subject::Contact(number), has_it(&contact.notes)?))
    };
    let of_company = |number| {
        let company = state.companies.company(number)?;
        Some((Subject::Company(number), has_it(&company.notes)?))
    };
    let generated = match Subject::of_note(id)? {
        Subject::Contact(number) => of_contact(number),
        Subject::Company(number) => of_company(number),
    };
    let numbers_of_contacts = view.written().map(|contact| contact.number);
    let numbers_of_companies = state.companies.written().map(|company| company.number);
    generated
        .or_else(|| numbers_of_contacts.into_iter().find_map(of_contact))
        .or_else(|| numbers_of_companies.into_iter().find_map(of_company))
}
