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

/// The place of the type of an instance among the types.
fn type_of(workspace: &Workspace, number: u64) -> u64 {
    number
        .checked_rem(types(workspace).len() as u64)
        .unwrap_or(0)
}

/// What an instance belongs to: one contact and one conversation, if there are any.
const CONTACT: &str = "references_contact_id";
const CONVERSATION: &str = "references_conversation_id";

fn external_id(name: &str, number: u64) -> String {
    format!("{}_{number:03}", name.to_lowercase())
}

pub(crate) fn instance(workspace: &Workspace, item: &Item, _: View) -> Value {
    let place = type_of(workspace, item.number) as usize;
    let name = types(workspace).get(place).map_or("Order", String::as_str);
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

/// The place of the type that the path names.
fn named(workspace: &Workspace, call: &Call) -> Result<u64, ApiError> {
    let place = types(workspace)
        .iter()
        .position(|name| name == call.parameter(0));
    let place = place.ok_or_else(ApiError::resource_not_found)?;
    Ok(place as u64)
}

/// All instances of a type, or those of a contact or a conversation; with an external id the one that has it. Before 2.16 there is no list.
fn list(workspace: &Workspace, call: &Call) -> Outcome {
    let place = named(workspace, call)?;
    if let Some(wanted) = call.query("external_id") {
        return one(workspace, call, place, wanted);
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
    numbered_at(workspace, call, row.kind, &url, |number| {
        type_of(workspace, number) == place
            && owned(contact, number, generator.contacts)
            && owned(conversation, number, generator.conversations)
    })
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    let place = named(workspace, call)?;
    one(workspace, call, place, call.parameter(1))
}

/// The instance of a type with this id or external id.
fn one(workspace: &Workspace, call: &Call, place: u64, wanted: &str) -> Outcome {
    let digits = wanted.rsplit('_').next().unwrap_or_default();
    let external = digits
        .parse()
        .ok()
        .filter(|number| external_id(call.parameter(0), *number) == wanted)
        .map(|number: u64| Kind::CustomObjects.id(workspace.options.seed, number));
    let item = found(
        workspace,
        Kind::CustomObjects,
        external.as_deref().unwrap_or(wanted),
    )?;
    if type_of(workspace, item.number) != place {
        return Err(ApiError::resource_not_found());
    }
    Answer::json(&instance(workspace, &item, call.view(false)))
}
