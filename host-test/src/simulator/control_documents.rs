//! What the control door shows of a stream: every document as the API answers it, to compare a copy with.

use serde_json::{Value, json};

use super::catalogue::CatalogueKind;
use super::catalogue_table::View;
use super::desk::Desk;
use super::shelf::ALL;
use super::tags;
use super::teammate_changes;
use super::version::ApiVersion;
use super::workspace::{State, Workspace};

/// How many documents a page has unless the query says otherwise.
const PAGE: usize = 1_000;

/// The documents of a stream; parts name what they are of.
type Documents = fn(&Workspace, &State, ApiVersion) -> Vec<Value>;

const STREAMS: &[(&str, Documents)] = &[
    ("contacts", |workspace, state, version| {
        let view = state.contacts.current();
        let contacts = view.numbers().filter_map(|number| view.live(number));
        contacts
            .filter_map(|contact| {
                serde_json::to_value(contact.body(workspace.rendering(version))).ok()
            })
            .collect()
    }),
    ("companies", |workspace, state, _| {
        let visible = state.companies.visible(0, u64::MAX);
        let companies = visible.filter_map(|number| state.companies.company(number));
        companies
            .filter_map(|company| workspace.company_value(state, &company))
            .collect()
    }),
    ("conversations", |workspace, state, version| {
        let desk = Desk::new(workspace, state, version);
        let view = state.conversations.current();
        let conversations = view.numbers().filter_map(|number| view.live(number));
        conversations
            .filter_map(|conversation| serde_json::to_value(desk.conversation(&conversation)).ok())
            .collect()
    }),
    ("conversation_parts", |workspace, state, version| {
        let desk = Desk::new(workspace, state, version);
        let view = state.conversations.current();
        let conversations = view.numbers().filter_map(|number| view.live(number));
        conversations
            .flat_map(|conversation| {
                let list = serde_json::to_value(desk.conversation_parts(&conversation));
                parts(list.ok(), "conversation", conversation.id())
            })
            .collect()
    }),
    ("tickets", |workspace, state, version| {
        let desk = Desk::new(workspace, state, version);
        let view = state.tickets.current();
        let tickets = view.numbers().filter_map(|number| view.live(number));
        tickets
            .filter_map(|ticket| serde_json::to_value(desk.ticket(&ticket)).ok())
            .collect()
    }),
    ("ticket_parts", |workspace, state, version| {
        let desk = Desk::new(workspace, state, version);
        let view = state.tickets.current();
        let tickets = view.numbers().filter_map(|number| view.live(number));
        tickets
            .flat_map(|ticket| {
                let mut whole = serde_json::to_value(desk.ticket(&ticket)).ok();
                let list = whole.as_mut().map(|whole| whole["ticket_parts"].take());
                parts(list, "ticket", ticket.id())
            })
            .collect()
    }),
    ("admins", |workspace, state, _| {
        let indexes = state.teammates.indexes(&workspace.generator);
        indexes
            .map(|index| teammate_changes::admin(workspace, state, index))
            .collect()
    }),
    ("teams", |workspace, _, _| workspace.teams()),
    ("tags", |_, state, _| {
        let tags = state.tags.iter();
        tags.map(|(id, name)| tags::tag(*id, name)).collect()
    }),
    ("segments", |workspace, _, _| workspace.segments()),
];

/// The parts in a list of parts, each with the id of what it is of.
fn parts(list: Option<Value>, of: &str, id: String) -> Vec<Value> {
    let mut list = list.unwrap_or_default();
    let parts = list[format!("{of}_parts")].take();
    let mut parts = match parts {
        Value::Array(parts) => parts,
        _ => Vec::new(),
    };
    for part in &mut parts {
        part[format!("{of}_id")] = json!(id);
    }
    parts
}

/// The documents of a stream: `version` says in which version, `skip` and `limit` which of them. `next` is what `skip`
/// has to be to go on; null at the end.
///
/// # Errors
/// A text for people when there is no such stream or the query cannot be read.
pub(crate) fn documents(
    workspace: &Workspace,
    stream: &str,
    query: &[(String, String)],
) -> Result<Value, String> {
    let value = |name: &str| {
        let found = query.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    };
    let number = |name: &str, usual: usize| {
        let number = value(name).map_or(Ok(usual), str::parse);
        number.map_err(|error| format!("{name}: {error}"))
    };
    let version = value("version").map_or(Some(ApiVersion::DEFAULT), ApiVersion::parse);
    let version = version.ok_or("version: it is none of the API")?;
    let (skip, limit) = (number("skip", 0)?, number("limit", PAGE)?);
    let all = all(workspace, stream, version)?;
    let end = skip.saturating_add(limit);
    let next = (end < all.len()).then_some(end);
    let page: Vec<Value> = all.into_iter().skip(skip).take(limit).collect();
    Ok(json!({"data": page, "next": next}))
}

fn all(workspace: &Workspace, stream: &str, version: ApiVersion) -> Result<Vec<Value>, String> {
    let state = workspace.read();
    if let Some((_, documents)) = STREAMS.iter().find(|(name, _)| *name == stream) {
        return Ok(documents(workspace, &state, version));
    }
    let kind: CatalogueKind = serde_json::from_value(json!(stream))
        .map_err(|_| format!("there is no stream {stream}"))?;
    let shelf = state.catalogue.shelf(kind);
    let items = shelf.newest(ALL).filter_map(|number| shelf.item(number));
    let view = View {
        version,
        listed: true,
    };
    Ok(items
        .map(|item| kind.row().show(workspace, &item, view))
        .collect())
}

impl Workspace {
    /// Every document of a stream as the API answers it in a version (2.11, 2.16, …); parts name what they are of.
    ///
    /// # Errors
    /// A text for people when there is no such stream or version.
    pub fn documents(&self, stream: &str, version: &str) -> Result<Vec<Value>, String> {
        let parsed = ApiVersion::parse(version);
        let version = parsed.ok_or_else(|| format!("`{version}` is not an API version"))?;
        all(self, stream, version)
    }
}
