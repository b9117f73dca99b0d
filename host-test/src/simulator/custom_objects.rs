//! Instances of custom objects: the types take turns, so that the number of an instance says which type it has.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::catalogue::CatalogueKind as Kind;
use super::catalogue_lists::{found, numbered_at};
use super::catalogue_table::View;
use super::errors::ApiError;
use super::numbering::CONVERSATIONS;
use super::route::Route;
use super::shelf::Item;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        "GET",
        "/custom_object_instances/{type}",
        "custom_objects",
        list,
    )
    .since(ApiVersion::V2_13),
    Route::new(
        "GET",
        "/custom_object_instances/{type}/{id}",
        "custom_objects",
        read,
    )
    .since(ApiVersion::V2_13),
];

fn types(workspace: &Workspace) -> &[String] {
    &workspace.options.catalogue.custom_object_types
}

/// The type of an instance: the one in which it was created, or the one whose turn it is.
pub(crate) fn type_of<'a>(workspace: &'a Workspace, item: &'a Item) -> &'a str {
    let types = types(workspace);
    let turn = item.number.checked_rem(types.len() as u64).unwrap_or(0);
    let generated = types.get(turn as usize).map(String::as_str);
    created_in(item).or(generated).unwrap_or("Order")
}

/// The type in which a request created an instance; none for others.
fn created_in(item: &Item) -> Option<&str> {
    item.fields.as_ref()?.get("type")?.as_str()
}

/// The external id that a request gave to an instance.
fn written_id(item: &Item) -> Option<&str> {
    item.fields.as_ref()?.get("external_id")?.as_str()
}

/// What an instance belongs to: one contact and one conversation, if there are any.
const CONTACT: &str = "references_contact_id";
const CONVERSATION: &str = "references_conversation_id";

/// What every type has.
pub(crate) const ATTRIBUTES: [&str; 3] = ["order_number", "total_amount", "status"];

fn external_id(name: &str, number: u64) -> String {
    format!("{}_{number:03}", name.to_lowercase())
}

pub(crate) fn instance(workspace: &Workspace, item: &Item, _: View) -> Value {
    let name = type_of(workspace, item);
    let external = item.dice.chance(10, 70);
    json!({
        "id": Kind::CustomObjects.id(workspace.options.seed, item.number),
        "type": name,
        "custom_attributes": {
            "order_number": format!("ORDER-{:05}", item.dice.roll(11, 100_000)),
            "total_amount": item.dice.roll(12, 1_000_000) as f64 / 100.0,
            "status": match item.revision {
                0 => "open".to_owned(),
                revision => format!("revision {revision}"),
            },
        },
        "external_id": external_id(name, item.number),
        "external_created_at": external.then_some(item.created_at),
        "external_updated_at": external.then_some(item.updated_at),
        "created_at": item.created_at,
        "updated_at": item.updated_at,
    })
}

/// The type that the path names.
///
/// # Errors
/// 404 when there is none such.
pub(crate) fn named<'a>(workspace: &Workspace, call: &'a Call) -> Result<&'a str, ApiError> {
    let name = call.parameter(0);
    let mut types = types(workspace).iter();
    types
        .any(|known| known == name)
        .then_some(name)
        .ok_or_else(ApiError::resource_not_found)
}

/// All instances of a type, or those of a contact or a conversation; with an external id the one that has it. Before 2.16 there is no list.
fn list(workspace: &Workspace, call: &Call) -> Outcome {
    let kind = named(workspace, call)?;
    if let Some(wanted) = call.query("external_id") {
        return one(workspace, call, kind, wanted);
    }
    if call.version < ApiVersion::V2_16 {
        return Err(ApiError::parameter_not_found("external_id is required"));
    }
    let generator = &workspace.generator;
    let contact = call.query(CONTACT);
    let contact = contact.map(|id| workspace.contact_number(id).ok());
    let conversation = call.query(CONVERSATION);
    let conversation = conversation.map(|id| CONVERSATIONS.decode(id));
    // What is named and is nothing owns nothing.
    let owned = |wanted: Option<Option<u64>>, number: u64, owners: u64| {
        wanted.is_none_or(|wanted| wanted.is_some() && wanted == number.checked_rem(owners))
    };
    let row = Kind::CustomObjects.row();
    let name = utf8_percent_encode(call.parameter(0), NON_ALPHANUMERIC);
    let mut url = format!("{}{}/{name}", workspace.url, row.path);
    for name in [CONTACT, CONVERSATION] {
        if let Some(id) = call.query(name) {
            let and = if url.contains('?') { '&' } else { '?' };
            url += &format!("{and}{name}={id}");
        }
    }
    numbered_at(workspace, call, row.kind, &url, |item| {
        // What a request created belongs to nobody.
        let number = created_in(item).map_or(item.number, |_| u64::MAX);
        type_of(workspace, item) == kind
            && owned(contact, number, generator.contacts)
            && owned(conversation, number, generator.conversations)
    })
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    let kind = named(workspace, call)?;
    one(workspace, call, kind, call.parameter(1))
}

/// The instance of a type with this id or external id.
///
/// # Errors
/// 404 when there is none.
pub(crate) fn instance_of(
    workspace: &Workspace,
    kind: &str,
    wanted: &str,
) -> Result<Item, ApiError> {
    let row = Kind::CustomObjects.row();
    let is_it = |item: &Item| written_id(item) == Some(wanted) && type_of(workspace, item) == kind;
    let written = {
        let state = workspace.read();
        let shelf = state.catalogue.shelf(row.kind);
        shelf.written_over().find(is_it)
    };
    if let Some(item) = written {
        return Ok(item);
    }
    let digits = wanted.rsplit('_').next().unwrap_or_default();
    let external = digits
        .parse()
        .ok()
        .filter(|number| external_id(kind, *number) == wanted)
        .map(|number: u64| row.kind.id(workspace.options.seed, number));
    let item = found(workspace, row.kind, external.as_deref().unwrap_or(wanted))?;
    let renamed = external.is_some() && written_id(&item).is_some();
    if type_of(workspace, &item) != kind || renamed {
        return Err(ApiError::resource_not_found());
    }
    Ok(item)
}

fn one(workspace: &Workspace, call: &Call, kind: &str, wanted: &str) -> Outcome {
    let item = instance_of(workspace, kind, wanted)?;
    let row = Kind::CustomObjects.row();
    Answer::json(&row.show(workspace, &item, call.view(false)))
}
