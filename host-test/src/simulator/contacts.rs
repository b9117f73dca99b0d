//! Contacts: listing, searching, reading, writing, archiving, deleting and merging them.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::contact::{Contact, Role, Standing};
use super::contact_body::Rendering;
use super::cursor::{self, Cursor, SortValue};
use super::data_attributes;
use super::errors::ApiError;
use super::identifiers::{self, Kind};
use super::ordered::ALL_KEYS;
use super::ordered_search::Search;
use super::pages::{CursorList, CursorPages};
use super::route::Route;
use super::search_fields::ContactField;
use super::search_request::SearchRules;
use super::search_test::DateMode;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/contacts", "contacts", list),
    Route::write("POST", "/contacts", "contacts", create),
    Route::new("POST", "/contacts/search", "contacts", search),
    Route::write("POST", "/contacts/merge", "contacts", merge),
    Route::new(
        "GET",
        "/contacts/find_by_external_id/{external_id}",
        "contacts",
        read_by_external_id,
    )
    .since(ApiVersion::V2_13),
    Route::new("GET", "/contacts/{id}", "contacts", read),
    Route::write("PUT", "/contacts/{id}", "contacts", update),
    Route::write("DELETE", "/contacts/{id}", "contacts", delete),
    Route::write("POST", "/contacts/{id}/archive", "contacts", archive),
    Route::write("POST", "/contacts/{id}/unarchive", "contacts", unarchive),
];

const LIST_PAGE: usize = 10;
const SEARCH_PAGE: usize = 50;
const LARGEST_PAGE: usize = 150;
/// About how many bytes a contact has as JSON.
const USUAL_LENGTH: usize = 2_700;

fn render(workspace: &Workspace, call: &Call, contact: &Contact) -> Outcome {
    Answer::json(&contact.body(workspace.rendering(call.version)))
}

fn render_page(
    workspace: &Workspace,
    call: &Call,
    contacts: &[Arc<Contact>],
    total: u64,
    pages: CursorPages,
) -> Outcome {
    let data = Bodies {
        contacts,
        rendering: workspace.rendering(call.version),
    };
    let list = CursorList {
        kind: "list",
        data,
        total_count: total,
        pages,
    };
    Answer::long_json(&list, (contacts.len() + 1) * USUAL_LENGTH)
}

/// Contacts of a page. Each is rendered when it is written, so that its parts live no longer than that.
struct Bodies<'a> {
    contacts: &'a [Arc<Contact>],
    rendering: Rendering<'a>,
}

impl Serialize for Bodies<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bodies = self
            .contacts
            .iter()
            .map(|contact| contact.body(self.rendering));
        serializer.collect_seq(bodies)
    }
}

/// Newest change first, so a contact that changes during a walk moves in front of it.
fn list(workspace: &Workspace, call: &Call) -> Outcome {
    let per_page = call.per_page(LIST_PAGE, LARGEST_PAGE)?;
    let after = call
        .query("starting_after")
        .map(Cursor::decode)
        .transpose()?;
    let mut keys = ALL_KEYS;
    if let Some(cursor) = &after {
        let SortValue::Number(milliseconds) = cursor.sort else {
            return Err(cursor::invalid());
        };
        let number = identifiers::decode(workspace.options.seed, Kind::Contact, &cursor.id);
        keys.end = (
            milliseconds.div_euclid(1_000),
            number.ok_or_else(cursor::invalid)?,
        );
    }
    let (mut contacts, total) = {
        let state = workspace.read();
        let view = state.contacts.current();
        let page = view.walk(keys, false).take(per_page + 1);
        let contacts: Vec<_> = page.filter_map(|(_, number)| view.live(number)).collect();
        (contacts, view.count())
    };
    let page = after.map_or(1, |cursor| cursor.page);
    let more = contacts.len() > per_page;
    contacts.truncate(per_page);
    let last = contacts.last().filter(|_| more);
    let next = last.map(|last| Cursor {
        sort: SortValue::Number(last.updated_at.saturating_mul(1_000)),
        id: last.id(workspace.options.seed),
        page: page.saturating_add(1),
    });
    let pages = CursorPages::new(page, per_page, total, next.map(|next| next.encode()));
    render_page(workspace, call, &contacts, total, pages)
}

fn search(workspace: &Workspace, call: &Call) -> Outcome {
    let search = read_search(workspace, call)?;
    let found = search.run(workspace.read_indexed().contacts.indexed())?;
    let pages = CursorPages::of(search.after.as_ref(), search.per_page, &found);
    render_page(workspace, call, &found.records, found.total, pages)
}

fn read_search(workspace: &Workspace, call: &Call) -> Result<Search<ContactField>, ApiError> {
    let state = workspace.read();
    let field = |name: &str| {
        ContactField::find(name, |custom| {
            data_attributes::contact_field_kind(&state, custom)
        })
    };
    let rules = SearchRules {
        dates: if call.version == ApiVersion::PREVIEW {
            DateMode::Seconds
        } else {
            DateMode::Days(workspace.time_zone.clone())
        },
        field: &field,
        usual_page: SEARCH_PAGE,
        largest_page: LARGEST_PAGE,
        checks_order: call.version >= ApiVersion::V2_16,
    };
    rules.read(call)
}

/// The fields of a request to write a contact, without those that its version passes over as unknown.
fn written_fields(call: &Call) -> Cow<'_, Value> {
    let mut body = Cow::Borrowed(&call.body);
    if call.version < ApiVersion::PREVIEW
        && body.get("language_override").is_some()
        && let Some(fields) = body.to_mut().as_object_mut()
    {
        fields.remove("language_override");
    }
    body
}

fn create(workspace: &Workspace, call: &Call) -> Outcome {
    let contact = workspace.insert_contact(&written_fields(call))?;
    render(workspace, call, &contact)
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    let number = workspace.contact_number(call.parameter(0))?;
    let contact = workspace.read().contacts.current().contact(number);
    let contact = contact.ok_or_else(ApiError::contact_not_found)?;
    show(workspace, call, &contact)
}

/// A user with this external id; one who can be read comes before one who was merged.
fn read_by_external_id(workspace: &Workspace, call: &Call) -> Outcome {
    let state = workspace.read();
    let found = state.contacts.with_external_id(call.parameter(0));
    let users = found
        .into_iter()
        .filter(|contact| contact.role == Role::User);
    let contact = users.min_by_key(|contact| contact.standing != Standing::Live);
    drop(state);
    let contact = contact.ok_or_else(ApiError::contact_not_found)?;
    show(workspace, call, &contact)
}

/// A contact, or why it cannot be read.
fn show(workspace: &Workspace, call: &Call, contact: &Contact) -> Outcome {
    match contact.standing {
        Standing::Live => render(workspace, call, contact),
        Standing::MergedInto(into) if call.version >= ApiVersion::V2_16 => {
            let into = identifiers::encode(workspace.options.seed, Kind::Contact, into);
            Err(ApiError {
                link: Some(format!("</contacts/{into}>; rel=\"canonical\"")),
                ..ApiError::new(
                    410,
                    "contact_merged",
                    "This contact has been merged. See the 'Link' header for the canonical contact.",
                )
            })
        }
        _ => Err(ApiError::contact_not_found()),
    }
}

fn update(workspace: &Workspace, call: &Call) -> Outcome {
    let number = workspace.contact_number(call.parameter(0))?;
    let contact = workspace.update_contact(number, &written_fields(call))?;
    render(workspace, call, &contact)
}

/// The short form in which a contact that is put away or brought back is answered.
#[derive(Serialize)]
struct Receipt {
    id: String,
    external_id: Option<String>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<bool>,
}

fn put_away(workspace: &Workspace, call: &Call, standing: Standing) -> Outcome {
    let number = workspace.contact_number(call.parameter(0))?;
    let contact = workspace.set_standing(number, standing)?;
    Answer::json(&Receipt {
        id: contact.id(workspace.options.seed),
        external_id: contact.external_id,
        kind: "contact",
        archived: (standing != Standing::Deleted).then_some(standing == Standing::Archived),
        deleted: (standing == Standing::Deleted).then_some(true),
    })
}

fn delete(workspace: &Workspace, call: &Call) -> Outcome {
    put_away(workspace, call, Standing::Deleted)
}

fn archive(workspace: &Workspace, call: &Call) -> Outcome {
    put_away(workspace, call, Standing::Archived)
}

fn unarchive(workspace: &Workspace, call: &Call) -> Outcome {
    put_away(workspace, call, Standing::Live)
}

/// A lead goes into a user. From 2.16 on the two must be duplicates, unless the request says otherwise.
fn merge(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    let contact = |name: &str| {
        let id = fields.get(name).and_then(Value::as_str);
        let id = id.ok_or_else(|| {
            ApiError::parameter_not_found(format!("{name} is a required parameter"))
        })?;
        workspace.live(&workspace.read(), workspace.contact_number(id)?)
    };
    let (from, into) = (contact("from")?, contact("into")?);
    if (from.role.name(), into.role.name()) != ("lead", "user") {
        return Err(ApiError::parameter_invalid(
            "Only a lead can be merged, and only into a user",
        ));
    }
    let skips = fields.get("skip_duplicate_validation") == Some(&json!(true));
    let same = |one: &Option<String>, other: &Option<String>| {
        one.as_deref().is_some_and(|text| !text.is_empty()) && one == other
    };
    let duplicates = same(&from.email, &into.email) || same(&from.phone, &into.phone);
    if call.version >= ApiVersion::V2_16 && !skips && !duplicates {
        return Err(ApiError::new(
            400,
            "invalid_merge",
            "Contacts can only be merged when they are duplicates (matching email or phone). \
             Pass skip_duplicate_validation=true to override this check.",
        ));
    }
    let merged = workspace.merge_numbers(from.number, into.number)?;
    render(workspace, call, &merged)
}
