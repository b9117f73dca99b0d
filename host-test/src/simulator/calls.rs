//! Calls by phone.

use serde_json::{Value, json};

use super::catalogue::CatalogueKind as Kind;
use super::catalogue_table::View;
use super::help_center::author;
use super::identifiers;
use super::numbering::CONVERSATIONS;
use super::shelf::Item;
use super::workspace::Workspace;

/// A call. One that nobody answered has no time of an answer, no recording and no teammate.
pub(crate) fn call(workspace: &Workspace, item: &Item, _: View) -> Value {
    let seed = workspace.options.seed;
    let id = Kind::Calls.id(seed, item.number);
    let answered = item.dice.chance(10, 80);
    let contacts = workspace.generator.contacts;
    let contact = (contacts > 0).then(|| {
        let number = item.dice.roll(12, contacts);
        identifiers::encode(seed, identifiers::Kind::Contact, number)
    });
    let conversations = workspace.generator.conversations;
    let conversation =
        (conversations > 0).then(|| CONVERSATIONS.encode(item.dice.roll(16, conversations)));
    let url = |what: &str| answered.then(|| format!("{}/calls/{id}/{what}", workspace.url));
    // One that was created just now ended just now.
    let within = |seconds: i64| (item.created_at + seconds).min(item.updated_at);
    let mut call = json!({
        "type": "call",
        "conversation_id": conversation,
        "admin_id": answered.then(|| author(workspace, item).to_string()),
        "contact_id": contact,
        "state": "completed",
        "initiated_at": item.created_at,
        "ended_at": within(30 + item.dice.seconds(13, 600)),
        "created_at": item.created_at,
        "updated_at": item.updated_at,
        "recording_url": url("recording"),
        "transcription_url": url("transcript"),
        "call_type": "phone",
        "direction": item.dice.pick(14, &["inbound", "outbound"]),
        "ended_reason": if answered { "answered" } else { "missed" },
        "phone": format!("+1555{:07}", item.dice.roll(15, 10_000_000)),
        "fin_recording_url": null,
        "fin_transcription_url": null,
    });
    call["id"] = json!(id);
    if answered {
        call["answered_at"] = json!(within(3));
    }
    call
}
