//! Macros: replies that are kept for use again. Their list has cursors of its own, and its times are text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::catalogue::CatalogueKind as Kind;
use super::catalogue_table::View;
use super::cursor;
use super::errors::ApiError;
use super::help_center::title;
use super::moment::timestamp;
use super::route::Route;
use super::shelf::{ALL, Item};
use super::teams;
use super::timeline::Key;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] =
    &[Route::new("GET", "/macros", "macros", list).since(ApiVersion::V2_16)];

/// `2025-07-21T14:44:35.000Z`
fn iso(seconds: i64) -> String {
    timestamp(seconds)
        .strftime("%Y-%m-%dT%H:%M:%S.000Z")
        .to_string()
}

pub(crate) fn saved_reply(workspace: &Workspace, item: &Item, _: View) -> Value {
    let teams = u64::from(workspace.options.teams);
    let for_team = (teams > 0 && item.dice.chance(11, 30)).then(|| item.dice.roll(12, teams));
    let available: &[&str] = match item.dice.chance(13, 50) {
        true => &["inbox", "messenger"],
        false => &["inbox"],
    };
    json!({
        "type": "macro",
        "id": Kind::Macros.id(workspace.options.seed, item.number),
        "name": title(item, &["Order Status Update", "Refund Process", "Grüße"]),
        "body": "<p>Hi <attribute key=\"user.name\" default=\"there\"/>, \u{201c}thanks\u{201d} for waiting!</p>",
        "body_text": "Hi {{user.name|fallback:\"there\"}}, \u{201c}thanks\u{201d} for waiting!",
        "created_at": iso(item.created_at),
        "updated_at": iso(item.updated_at),
        "visible_to": if for_team.is_some() { "specific_teams" } else { "everyone" },
        "visible_to_team_ids": for_team.map(teams::id).into_iter().collect::<Vec<_>>(),
        "available_on": available,
    })
}

/// The cursor after an object: base64 of `[updated_at, id]`.
fn encode(item: &Item, id: &str) -> String {
    STANDARD.encode(json!([item.updated_at as f64, id]).to_string())
}

/// Where a cursor leads to.
///
/// # Errors
/// 400 when it is not one.
fn decode(text: &str) -> Result<Key, ApiError> {
    let bytes = STANDARD.decode(text).map_err(|_| cursor::invalid())?;
    let (seconds, id): (f64, String) =
        serde_json::from_slice(&bytes).map_err(|_| cursor::invalid())?;
    let number = Kind::Macros.number(&id).ok_or_else(cursor::invalid)?;
    Ok((seconds as i64, number))
}

/// The last changed first; with `updated_since` those that changed after it.
fn list(workspace: &Workspace, call: &Call) -> Outcome {
    let kind = Kind::Macros;
    let per_page = call.per_page(kind.row().page.0, kind.row().page.1)?;
    let since = match call.query("updated_since").map(str::parse::<i64>) {
        None => ALL.start,
        Some(Ok(since)) => (since.saturating_add(1), 0),
        Some(Err(_)) => {
            return Err(ApiError::parameter_invalid(
                "Invalid updated_since timestamp",
            ));
        }
    };
    let before = match call.query("starting_after") {
        None => ALL.end,
        Some(cursor) => decode(cursor)?,
    };
    let (items, more) = {
        let state = workspace.read();
        let shelf = state.catalogue.shelf(kind);
        let mut numbers = shelf.newest(since..before);
        let shown = numbers.by_ref().take(per_page);
        let items: Vec<Item> = shown.filter_map(|number| shelf.item(number)).collect();
        (items, numbers.next().is_some())
    };
    let view = call.view(true);
    let data: Vec<Value> = items
        .iter()
        .map(|item| saved_reply(workspace, item, view))
        .collect();
    let last = items.last().filter(|_| more);
    let next = last.map(|last| {
        let id = kind.id(workspace.options.seed, last.number);
        json!({"starting_after": encode(last, &id)})
    });
    Answer::json(&json!({
        "type": "list",
        "data": data,
        "pages": {"type": "pages", "per_page": per_page, "next": next},
    }))
}
