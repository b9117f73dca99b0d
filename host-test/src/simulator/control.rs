//! The control door, `/_simulator/…`: how another process inspects and disturbs a workspace. It is no part of the API:
//! no token, no rate limit, no faults, no hold, no log. The server listens on the loopback interface only.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::catalogue_changes::CatalogueChange;
use super::desk_change::DeskChange;
use super::errors::ApiError;
use super::faults::Fault;
use super::hold::Hold;
use super::identifiers::{self, Kind};
use super::links::LinkChange;
use super::mutate::Mutation;
use super::workspace::Workspace;

/// Paths that begin so belong to the door.
pub(crate) const PREFIX: &str = "/_simulator/";

/// How many rows a dump has unless the query says otherwise.
const DUMP: usize = 1_000;

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
        ("GET", "deliveries") => json!({"deliveries": workspace.webhook_deliveries()}),
        ("GET", "contacts") => dump_contacts(workspace, query)?,
        ("GET", "companies") => dump_companies(workspace, query)?,
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
                .map_err(|error| error.to_string())?;
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

/// Where a dump goes on and how long it is, from `after` (an id) and `limit`.
fn window(
    workspace: &Workspace,
    kind: Kind,
    query: &[(String, String)],
) -> Result<(u64, usize), String> {
    let value = |name: &str| {
        query
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
    };
    let start = match value("after") {
        None | Some("") => 0,
        Some(id) => {
            let number = identifiers::decode(workspace.options.seed, kind, id);
            number
                .ok_or_else(|| format!("`{id}` is not an id"))?
                .saturating_add(1)
        }
    };
    let limit = value("limit").map_or(Ok(DUMP), str::parse);
    Ok((start, limit.map_err(|error| format!("limit: {error}"))?))
}

/// `next` is what `after` has to be to go on; null at the end.
fn dump(rows: Vec<Value>, limit: usize) -> Value {
    let full = rows.len() == limit;
    let next = rows.last().filter(|_| full).map(|last| last["id"].clone());
    json!({"data": rows, "next": next})
}

fn dump_contacts(workspace: &Workspace, query: &[(String, String)]) -> Result<Value, String> {
    let (start, limit) = window(workspace, Kind::Contact, query)?;
    let state = workspace.read();
    let view = state.contacts.current();
    let contacts = (start..view.numbers_end()).filter_map(|number| view.live(number));
    let rows = contacts
        .take(limit)
        .map(|contact| json!({"id": contact.id(workspace.options.seed), "updated_at": contact.updated_at}));
    Ok(dump(rows.collect(), limit))
}

fn dump_companies(workspace: &Workspace, query: &[(String, String)]) -> Result<Value, String> {
    let (start, limit) = window(workspace, Kind::Company, query)?;
    let state = workspace.read();
    let visible = state.companies.visible(start, u64::MAX);
    let companies = visible.filter_map(|number| state.companies.company(number));
    let rows = companies
        .take(limit)
        .map(|company| json!({"id": company.id(workspace.options.seed), "updated_at": company.updated_at}));
    Ok(dump(rows.collect(), limit))
}
