//! The kinds of the catalogue that are listed by page number or whole, and one object of each.

use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::catalogue::CatalogueKind as Kind;
use super::catalogue_table::View;
use super::errors::ApiError;
use super::pages::numbered_pages;
use super::route::Route;
use super::shelf::{ALL, Item};
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/articles", "articles", |workspace, call| {
        numbered(workspace, call, Kind::Articles)
    }),
    Route::new("GET", "/articles/{id}", "articles", |workspace, call| {
        one(workspace, call, Kind::Articles)
    }),
    Route::new(
        "GET",
        "/internal_articles",
        "internal_articles",
        |workspace, call| numbered(workspace, call, Kind::InternalArticles),
    )
    .since(ApiVersion::V2_13),
    Route::new(
        "GET",
        "/internal_articles/{id}",
        "internal_articles",
        |workspace, call| one(workspace, call, Kind::InternalArticles),
    )
    .since(ApiVersion::V2_13),
    Route::new(
        "GET",
        "/help_center/collections",
        "collections",
        |workspace, call| numbered(workspace, call, Kind::Collections),
    ),
    Route::new(
        "GET",
        "/help_center/collections/{id}",
        "collections",
        |workspace, call| one(workspace, call, Kind::Collections),
    ),
    Route::new(
        "GET",
        "/help_center/help_centers",
        "help_centers",
        |workspace, call| whole(workspace, call, Kind::HelpCenters),
    ),
    Route::new(
        "GET",
        "/help_center/help_centers/{id}",
        "help_centers",
        |workspace, call| one(workspace, call, Kind::HelpCenters),
    ),
    Route::new(
        "GET",
        "/news/news_items",
        "news_items",
        |workspace, call| numbered(workspace, call, Kind::NewsItems),
    ),
    Route::new(
        "GET",
        "/news/news_items/{id}",
        "news_items",
        |workspace, call| one(workspace, call, Kind::NewsItems),
    ),
    Route::new("GET", "/news/newsfeeds", "newsfeeds", |workspace, call| {
        numbered(workspace, call, Kind::Newsfeeds)
    }),
    Route::new(
        "GET",
        "/news/newsfeeds/{id}",
        "newsfeeds",
        |workspace, call| one(workspace, call, Kind::Newsfeeds),
    ),
    Route::new("GET", "/calls", "calls", |workspace, call| {
        numbered(workspace, call, Kind::Calls)
    })
    .since(ApiVersion::V2_14),
    Route::new("GET", "/calls/{id}", "calls", |workspace, call| {
        one(workspace, call, Kind::Calls)
    })
    .since(ApiVersion::V2_14),
    Route::new("GET", "/calls/{id}/transcript", "calls", transcript).since(ApiVersion::V2_14),
    Route::new("GET", "/macros/{id}", "macros", |workspace, call| {
        one(workspace, call, Kind::Macros)
    })
    .since(ApiVersion::V2_16),
    Route::new("GET", "/brands", "brands", |workspace, call| {
        whole(workspace, call, Kind::Brands)
    })
    .since(ApiVersion::V2_15),
    Route::new("GET", "/brands/{id}", "brands", |workspace, call| {
        one(workspace, call, Kind::Brands)
    })
    .since(ApiVersion::V2_15),
    Route::new("GET", "/emails", "emails", |workspace, call| {
        whole(workspace, call, Kind::Emails)
    })
    .since(ApiVersion::V2_15),
    Route::new("GET", "/emails/{id}", "emails", |workspace, call| {
        one(workspace, call, Kind::Emails)
    })
    .since(ApiVersion::V2_15),
    Route::new(
        "GET",
        "/away_status_reasons",
        "away_status_reasons",
        |workspace, call| whole(workspace, call, Kind::AwayStatusReasons),
    )
    .since(ApiVersion::V2_14),
    Route::new(
        "GET",
        "/subscription_types",
        "subscription_types",
        |workspace, call| whole(workspace, call, Kind::SubscriptionTypes),
    ),
];

impl Call {
    /// How an object of an answer to this call is shown.
    pub(crate) fn view(&self, listed: bool) -> View {
        View {
            version: self.version,
            listed,
        }
    }
}

/// A list by page number, the last changed first.
fn numbered(workspace: &Workspace, call: &Call, kind: Kind) -> Outcome {
    let url = format!("{}{}", workspace.url, kind.row().path);
    numbered_at(workspace, call, kind, &url, |_| true)
}

/// A list by page number of the objects that are wanted, the last changed first; `url` is that of the list.
pub(crate) fn numbered_at(
    workspace: &Workspace,
    call: &Call,
    kind: Kind,
    url: &str,
    wanted: impl Fn(&Item) -> bool,
) -> Outcome {
    let row = kind.row();
    let page = call.page()?;
    let per_page = call.per_page(row.page.0, row.page.1)?;
    let skipped = usize::try_from(page - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(per_page);
    let (items, total) = {
        let state = workspace.read();
        let shelf = state.catalogue.shelf(kind);
        let all = || {
            let items = shelf.newest(ALL).filter_map(|number| shelf.item(number));
            items.filter(|item| wanted(item))
        };
        let items: Vec<Item> = all().skip(skipped).take(per_page).collect();
        (items, all().count() as u64)
    };
    Answer::json(&json!({
        "type": "list",
        "data": rendered(workspace, call, kind, &items),
        "total_count": total,
        "pages": numbered_pages(url, page, per_page, total),
    }))
}

/// A list that is not paged, in the order of the ids.
fn whole(workspace: &Workspace, call: &Call, kind: Kind) -> Outcome {
    let items: Vec<Item> = {
        let state = workspace.read();
        let shelf = state.catalogue.shelf(kind);
        (0..shelf.end())
            .filter_map(|number| shelf.item(number))
            .collect()
    };
    Answer::json(&json!({"type": "list", "data": rendered(workspace, call, kind, &items)}))
}

fn rendered(workspace: &Workspace, call: &Call, kind: Kind, items: &[Item]) -> Vec<Value> {
    let view = call.view(true);
    let items = items.iter();
    items
        .map(|item| kind.row().show(workspace, item, view))
        .collect()
}

fn one(workspace: &Workspace, call: &Call, kind: Kind) -> Outcome {
    let item = found(workspace, kind, call.parameter(0))?;
    Answer::json(&kind.row().show(workspace, &item, call.view(false)))
}

/// What was said in a call that was answered: a file of plain text.
fn transcript(workspace: &Workspace, call: &Call) -> Outcome {
    let item = found(workspace, Kind::Calls, call.parameter(0))?;
    let shown = Kind::Calls.row().show(workspace, &item, call.view(false));
    if shown["transcription_url"].is_null() {
        return Err(ApiError::new(404, "not_found", "Transcript not found"));
    }
    let text = format!(
        "Agent: \"Hello, this is call {}.\"\nCustomer: Thank you.\n",
        call.parameter(0)
    );
    Ok(Answer {
        content_type: "text/plain",
        body: text.into_bytes(),
        ..Answer::empty()
    })
}

/// The object that an id names.
///
/// # Errors
/// 404 when there is none.
pub(crate) fn found(workspace: &Workspace, kind: Kind, id: &str) -> Result<Item, ApiError> {
    let number = kind.number(id);
    let item = number.and_then(|number| workspace.read().catalogue.shelf(kind).item(number));
    item.ok_or_else(|| ApiError::new(404, "not_found", kind.row().missing))
}
