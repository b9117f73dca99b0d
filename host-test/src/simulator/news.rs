//! News items, and the feeds that show them.

use serde_json::{Value, json};

use super::call::{Call, Outcome};
use super::catalogue::CatalogueKind as Kind;
use super::catalogue_lists::{found, numbered_at};
use super::catalogue_table::View;
use super::generate::REMARKS;
use super::help_center::{author, title};
use super::route::Route;
use super::shelf::Item;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[Route::new(
    "GET",
    "/news/newsfeeds/{id}/items",
    "news_items",
    items_of_feed,
)];

pub(crate) const FIRST_FEED_ID: u64 = 53;
pub(crate) const FEEDS: u64 = 3;

/// The feed that shows an item, if it is live: every fourth is a draft.
fn feed_of(number: u64) -> Option<u64> {
    (number % 4 != 1).then_some(number % FEEDS)
}

pub(crate) fn item(workspace: &Workspace, item: &Item, _: View) -> Value {
    let feed = feed_of(item.number);
    let assignments = feed
        .map(|feed| json!({"newsfeed_id": FIRST_FEED_ID + feed, "published_at": item.created_at}));
    let labels: &[&str] = match item.dice.roll(15, 3) {
        0 => &[],
        1 => &["New"],
        _ => &["New", "Product", "Überblick"],
    };
    let reactions = match item.dice.chance(16, 50) {
        true => [Some("😆"), Some("😅")],
        false => [None, None],
    };
    json!({
        "type": "news-item",
        "id": Kind::NewsItems.id(workspace.options.seed, item.number),
        "workspace_id": workspace.options.workspace_id,
        "title": title(item, &["We have news", "A new release", "お知らせ"]),
        "body": format!("<p>{}</p>", item.dice.pick(17, REMARKS)),
        "sender_id": author(workspace, item),
        "state": if feed.is_some() { "live" } else { "draft" },
        "labels": labels,
        "cover_image_url": item.dice.chance(18, 30).then_some("https://static.simulator.example/news.png"),
        "reactions": reactions,
        "deliver_silently": item.dice.chance(19, 20),
        "created_at": item.created_at,
        "updated_at": item.updated_at,
        "newsfeed_assignments": Vec::from_iter(assignments),
    })
}

pub(crate) fn feed(workspace: &Workspace, item: &Item, _: View) -> Value {
    json!({
        "type": "newsfeed",
        "id": Kind::Newsfeeds.id(workspace.options.seed, item.number),
        "name": title(item, &["Visitor Feed"]),
        "created_at": item.created_at,
        "updated_at": item.updated_at,
    })
}

fn items_of_feed(workspace: &Workspace, call: &Call) -> Outcome {
    let feed = found(workspace, Kind::Newsfeeds, call.parameter(0))?.number;
    let id = call.parameter(0);
    let url = format!("{}/news/newsfeeds/{id}/items", workspace.url);
    numbered_at(workspace, call, Kind::NewsItems, &url, |item| {
        feed_of(item.number) == Some(feed)
    })
}
