//! The control door, `/_simulator/…`: how another process inspects and disturbs a workspace. It is no part of the API:
//! no token, no rate limit, no faults, no hold, no log. The server listens on the loopback interface only.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::catalogue_changes::CatalogueChange;
use super::control_documents;
use super::control_dumps;
use super::conversation::Conversation;
use super::delivery_fate::DeliveryDisturbance;
use super::desk_change::DeskChange;
use super::errors::ApiError;
use super::faults::Fault;
use super::happening::Happening;
use super::hold::Hold;
use super::links::LinkChange;
use super::mutate::Mutation;
use super::ticket::Ticket;
use super::workspace::Workspace;

/// Paths that begin so belong to the door.
pub(crate) const PREFIX: &str = "/_simulator/";

#[derive(Deserialize)]
struct Webhook {
    topic: String,
    item: Value,
}

#[derive(Deserialize)]
struct Token {
    revoked: bool,
}

#[derive(Deserialize)]
struct Exports {
    failing: bool,
}

#[derive(Deserialize)]
struct Subscription {
    url: Option<String>,
}

#[derive(Deserialize)]
struct SubmittedEvent {
    /// Id of the contact.
    contact: String,
    name: String,
    /// Unix seconds; now when there is none.
    created_at: Option<i64>,
    #[serde(default)]
    metadata: Map<String, Value>,
    /// Whether the contact's `updated_at` becomes now.
    #[serde(default)]
    touch: bool,
}

impl SubmittedEvent {
    fn submit(self, workspace: &Workspace) -> Result<String, ApiError> {
        workspace.add_event(
            &self.contact,
            &self.name,
            self.created_at,
            self.metadata,
            self.touch,
        )
    }
}

#[derive(Deserialize)]
struct Requested {
    /// Id of the company.
    company: String,
}

#[derive(Deserialize)]
struct Advance {
    seconds: u64,
}

/// Answers a request to the door: an HTTP status and a JSON body.
pub(crate) async fn answer(
    workspace: &Workspace,
    method: &str,
    path: &str,
    query: &[(String, String)],
    body: &[u8],
) -> (u16, Value) {
    match try_answer(workspace, method, path, query, body).await {
        Ok(Some(value)) => (200, value),
        Ok(None) => (
            404,
            json!({"error": format!("there is no {method} {path}")}),
        ),
        Err(error) => (400, json!({"error": error})),
    }
}

async fn try_answer(
    workspace: &Workspace,
    method: &str,
    path: &str,
    query: &[(String, String)],
    body: &[u8],
) -> Result<Option<Value>, String> {
    let name = path.strip_prefix(PREFIX).unwrap_or_default();
    Ok(Some(match (method, name) {
        ("GET", "state") => state(workspace),
        ("GET", "requests") => {
            json!({"total": workspace.request_count(), "requests": workspace.requests()})
        }
        ("GET", "webhooks") => workspace.webhooks.summary(),
        ("POST", "webhook-disturbance") => {
            let disturbance: DeliveryDisturbance = read(body)?;
            workspace.disturb_webhooks(disturbance);
            json!(disturbance)
        }
        ("POST", "happen") => {
            let happening: Happening = read(body)?;
            let id = workspace
                .happen(&happening)
                .map_err(|error| error.message)?;
            json!({"id": id})
        }
        ("GET", "deliveries") => json!({"deliveries": workspace.webhook_deliveries()}),
        ("GET", "contacts") => {
            let state = workspace.read();
            let view = state.contacts.current();
            control_dumps::records(&workspace.generator, view, query, |_| None)?
        }
        ("GET", "companies") => control_dumps::companies(workspace, query)?,
        ("GET", "conversations") => {
            let state = workspace.read();
            let view = state.conversations.current();
            let parts = |conversation: &Conversation| Some(conversation.thread.len());
            control_dumps::records(&workspace.generator, view, query, parts)?
        }
        ("GET", "tickets") => {
            let state = workspace.read();
            let view = state.tickets.current();
            let parts = |ticket: &Ticket| Some(ticket.thread.len());
            control_dumps::records(&workspace.generator, view, query, parts)?
        }
        ("POST", "faults") => {
            let faults: Vec<Fault> = read(body)?;
            let count = faults.len();
            workspace.set_faults(faults);
            json!({"faults": count})
        }
        ("GET", "hold") => json!({"held_back": workspace.held_back()}),
        ("POST", "hold") => {
            let hold: Hold = read(body)?;
            workspace.set_hold(Some(hold));
            json!({})
        }
        ("POST", "release") => {
            workspace.set_hold(None);
            json!({})
        }
        ("POST", "mutate") => {
            let wanted: Mutation = read(body)?;
            json!(workspace.mutate(wanted))
        }
        ("POST", "desk") => {
            let change: DeskChange = read(body)?;
            let id = workspace
                .change_desk(&change)
                .map_err(|error| error.message)?;
            json!({"id": id})
        }
        ("GET", "links") => json!(workspace.link_counts()),
        ("POST", "link") => {
            let change: LinkChange = read(body)?;
            let id = workspace
                .change_link(&change)
                .map_err(|error| error.message)?;
            json!({"id": id})
        }
        ("POST", "company-request") => {
            let Requested { company } = read(body)?;
            workspace
                .request_from_company(&company)
                .map_err(|error| error.message)?;
            json!({})
        }
        ("POST", "event") => {
            let event: SubmittedEvent = read(body)?;
            let id = event.submit(workspace).map_err(|error| error.message)?;
            json!({"id": id})
        }
        ("POST", "catalogue") => {
            let wanted: CatalogueChange = read(body)?;
            json!(workspace.change_catalogue(wanted))
        }
        ("POST", "exports") => {
            let Exports { failing } = read(body)?;
            workspace.set_exports_failing(failing);
            json!({"failing": failing})
        }
        ("POST", "webhook") => {
            let Webhook { topic, item } = read(body)?;
            json!(workspace.deliver_webhook(&topic, &item).await)
        }
        ("POST", "webhook-url") => {
            let Subscription { url } = read(body)?;
            workspace.set_webhook_url(url);
            json!({})
        }
        ("POST", "token") => {
            let Token { revoked } = read(body)?;
            if revoked {
                workspace.revoke_token();
            } else {
                workspace.restore_token();
            }
            json!({"revoked": revoked})
        }
        ("POST", "advance") => {
            let Advance { seconds } = read(body)?;
            workspace.advance(std::time::Duration::from_secs(seconds));
            json!({"now": workspace.now()})
        }
        ("GET", other) => match other.strip_prefix("documents/") {
            Some(stream) => control_documents::documents(workspace, stream, query)?,
            None => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn state(workspace: &Workspace) -> Value {
    json!({
        "now": workspace.now(),
        "contacts": workspace.contact_count(),
        "companies": workspace.company_count(),
        "admins": workspace.admins().len(),
        "teams": workspace.teams().len(),
        "tags": workspace.tags().len(),
        "segments": workspace.segments().len(),
        "conversations": workspace.conversation_count(),
        "conversation_parts": workspace.conversation_part_count(),
        "tickets": workspace.ticket_count(),
        "ticket_parts": workspace.ticket_part_count(),
        "catalogue": workspace.catalogue_counts(),
        "requests": workspace.request_count(),
        "requests_by_operation": workspace.log.totals(),
    })
}
