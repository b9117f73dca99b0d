//! The log of what teammates did, the newest first.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome, page_number, per_page};
use super::catalogue::CatalogueKind as Kind;
use super::catalogue_table::View;
use super::errors::ApiError;
use super::pages::numbered_pages;
use super::route::Route;
use super::search_test::whole_number;
use super::shelf::Item;
use super::teammate;
use super::timeline::Key;
use super::version::ApiVersion;
use super::workspace::Workspace;

/// They come before the teammates, whose pattern would match these paths too.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/admins/activity_logs", "activity_logs", list),
    Route::new(
        "POST",
        "/admins/activity_logs/search",
        "activity_logs",
        search,
    )
    .since(ApiVersion::V2_16),
    Route::new(
        "GET",
        "/admins/activity_log_event_types",
        "activity_logs",
        event_types,
    )
    .since(ApiVersion::V2_16),
];

/// What happens here.
const TYPES: &[&str] = &[
    "message_state_change",
    "app_name_change",
    "admin_login_success",
    "admin_away_mode_change",
];

fn type_of(item: &Item) -> &'static str {
    item.dice.pick(10, TYPES)
}

pub(crate) fn entry(workspace: &Workspace, item: &Item, _: View) -> Value {
    let admin = item.dice.roll(11, workspace.generator.admins);
    let name = teammate::name(admin);
    let (metadata, description) = match type_of(item) {
        "message_state_change" => (
            json!({"message": {"id": item.number, "title": "Wëlcome"}, "before": "draft", "after": "live"}),
            format!("{name} changed the state of the message Wëlcome from draft to live."),
        ),
        "app_name_change" => (
            json!({"before": "before", "after": "after"}),
            format!("{name} changed your app name from before to after."),
        ),
        "admin_login_success" => (
            json!({"sign_in_method": "email_password"}),
            format!("{name} logged in."),
        ),
        _ => (
            json!({"away_mode": true, "reassign_conversations": false, "source": "inbox"}),
            format!("{name} went away."),
        ),
    };
    json!({
        "id": Kind::ActivityLogs.id(workspace.options.seed, item.number),
        "performed_by": {
            "type": "admin",
            "id": teammate::id(admin).to_string(),
            "email": teammate::email(admin),
            "ip": "127.0.0.1",
        },
        "metadata": metadata,
        // An entry is never changed, so that it happened when it last changed.
        "created_at": item.updated_at,
        "activity_type": type_of(item),
        "activity_description": description,
    })
}

/// What a request asks for.
struct Wanted<'a> {
    after: i64,
    before: Option<i64>,
    types: Option<Vec<&'a str>>,
    page: u64,
    per_page: usize,
}

/// A time of a request: Unix seconds.
///
/// # Errors
/// 400 when it is not a number.
fn seconds(name: &str, value: &Value) -> Result<i64, ApiError> {
    whole_number(value)
        .ok_or_else(|| ApiError::parameter_invalid(format!("{name} must be a Unix timestamp")))
}

fn missing() -> ApiError {
    ApiError::parameter_not_found("created_at_after is required")
}

fn list(workspace: &Workspace, call: &Call) -> Outcome {
    let time = |name: &str| {
        let text = call.query(name).map(|text| Value::String(text.to_owned()));
        text.map(|text| seconds(name, &text)).transpose()
    };
    let (default, most) = Kind::ActivityLogs.row().page;
    let wanted = Wanted {
        after: time("created_at_after")?.ok_or_else(missing)?,
        before: time("created_at_before")?,
        types: None,
        page: call.page()?,
        per_page: call.per_page(default, most)?,
    };
    let mut url = format!(
        "{}/admins/activity_logs?created_at_after={}",
        workspace.url, wanted.after
    );
    if let Some(before) = wanted.before {
        url += &format!("&created_at_before={before}");
    }
    answer(workspace, call, &wanted, &url)
}

fn search(workspace: &Workspace, call: &Call) -> Outcome {
    let fields: &Map<String, Value> = call.fields()?;
    let time = |name: &str| {
        let value = fields.get(name).filter(|value| !value.is_null());
        value.map(|value| seconds(name, value)).transpose()
    };
    let (default, most) = Kind::ActivityLogs.row().page;
    let types = fields.get("event_types").and_then(Value::as_array);
    let wanted = Wanted {
        after: time("created_at_after")?.ok_or_else(missing)?,
        before: time("created_at_before")?,
        types: types.map(|types| types.iter().filter_map(Value::as_str).collect()),
        page: fields.get("page").map_or(Ok(1), page_number)?,
        per_page: fields
            .get("per_page")
            .map_or(Ok(default), |value| per_page(value, most))?,
    };
    let url = format!("{}/admins/activity_logs/search", workspace.url);
    answer(workspace, call, &wanted, &url)
}

/// Both ends of the time are part of it.
fn answer(workspace: &Workspace, call: &Call, wanted: &Wanted, url: &str) -> Outcome {
    let start: Key = (wanted.after, 0);
    let end = wanted.before.unwrap_or(i64::MAX).saturating_add(1);
    let items: Vec<Item> = {
        let state = workspace.read();
        let shelf = state.catalogue.shelf(Kind::ActivityLogs);
        let items = shelf.newest(start..(end, 0));
        items.filter_map(|number| shelf.item(number)).collect()
    };
    let fits = |item: &&Item| {
        let types = wanted.types.as_ref();
        types.is_none_or(|types| types.contains(&type_of(item)))
    };
    let total = items.iter().filter(fits).count() as u64;
    let skipped = usize::try_from(wanted.page - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(wanted.per_page);
    let shown = items.iter().filter(fits).skip(skipped);
    let entries: Vec<Value> = shown
        .take(wanted.per_page)
        .map(|item| entry(workspace, item, call.view(true)))
        .collect();
    Answer::json(&json!({
        "type": "activity_log.list",
        "pages": numbered_pages(url, wanted.page, wanted.per_page, total),
        "activity_logs": entries,
    }))
}

fn event_types(_: &Workspace, _: &Call) -> Outcome {
    Answer::json(&json!({"type": "activity_log_event_type.list", "event_types": TYPES}))
}
