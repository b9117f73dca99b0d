//! Blocking contacts: they are gone, and so are their conversations from the inbox.

use serde_json::json;

use super::call::{Answer, Call, Outcome};
use super::contact::Standing;
use super::conversation::ConversationState;
use super::numbering::CONVERSATIONS;
use super::route::Route;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] =
    &[Route::write("POST", "/contacts/{id}/block", "contacts", block).since(ApiVersion::V2_13)];

fn block(workspace: &Workspace, call: &Call) -> Outcome {
    let number = workspace.contact_number(call.parameter(0))?;
    let contact = workspace.set_standing(number, Standing::Blocked)?;
    for id in open_conversations(workspace, number) {
        workspace.close_conversation(&id)?;
    }
    Answer::json(&json!({
        "type": "contact",
        "id": call.parameter(0),
        "external_id": contact.external_id,
        "blocked": true,
    }))
}

/// Ids of the conversations of a contact that somebody may still see in the inbox.
fn open_conversations(workspace: &Workspace, contact: u64) -> Vec<String> {
    let state = workspace.read();
    let view = state.conversations.current();
    let open = view.numbers().filter(|number| {
        view.live(*number).is_some_and(|conversation| {
            conversation.state != ConversationState::Closed
                && conversation.contacts.contains(&contact)
        })
    });
    open.map(|number| CONVERSATIONS.encode(number)).collect()
}
