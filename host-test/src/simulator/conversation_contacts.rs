//! Who takes part in a conversation.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::conversation_changes::Told;
use super::desk::Desk;
use super::errors::ApiError;
use super::people::{self, USER_KEYS};
use super::route::Route;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::write(
        "POST",
        "/conversations/{id}/customers",
        "conversations",
        attach,
    ),
    Route::write(
        "DELETE",
        "/conversations/{id}/customers/{contact_id}",
        "conversations",
        detach,
    ),
];

fn attach(workspace: &Workspace, call: &Call) -> Outcome {
    let fields = call.fields()?;
    if fields.contains_key("admin_id") {
        people::admin(workspace, fields)?;
    }
    let customer = fields.get("customer").and_then(Value::as_object);
    let customer = customer
        .ok_or_else(|| ApiError::parameter_not_found("customer is a required parameter"))?;
    let known = workspace.conversation(call.parameter(0));
    known.ok_or_else(ApiError::resource_not_found)?;
    let contact = people::contact(workspace, customer, USER_KEYS)?.number;
    change(workspace, call, |contacts| {
        if contacts.contains(&contact) {
            return Ok(Told::Nothing);
        }
        contacts.push(contact);
        Ok(Told::Contact("conversation.contact.attached", contact))
    })
}

/// The last contact has to stay.
fn detach(workspace: &Workspace, call: &Call) -> Outcome {
    people::admin(workspace, call.fields()?)?;
    let number = workspace.contact_number(call.parameter(1));
    change(workspace, call, |contacts| {
        let number = number?;
        let place = contacts.iter().position(|contact| *contact == number);
        let place = place.ok_or_else(ApiError::contact_not_found)?;
        if contacts.len() == 1 {
            return Err(ApiError::new(
                422,
                "parameter_invalid",
                "Removing the last customer is not allowed",
            ));
        }
        contacts.remove(place);
        Ok(Told::Contact("conversation.contact.detached", number))
    })
}

/// Changes who takes part, and answers with who does now.
fn change(
    workspace: &Workspace,
    call: &Call,
    edit: impl FnOnce(&mut Vec<u64>) -> Result<Told, ApiError>,
) -> Outcome {
    let contacts = workspace.change_conversation(call.parameter(0), |conversation, _| {
        let told = edit(&mut conversation.contacts)?;
        Ok((conversation.contacts.clone(), told))
    })?;
    let state = workspace.read();
    let desk = Desk::new(workspace, &state, call.version);
    let customers: Vec<Value> = contacts
        .into_iter()
        .map(|number| {
            let person = desk.person(number);
            json!({"type": person.role.name(), "id": person.id(workspace.options.seed)})
        })
        .collect();
    Answer::json(&json!({"customers": customers}))
}
