//! What a help centre is made of: articles, internal articles, collections, and the help centres themselves.

use serde_json::{Value, json};

use super::catalogue::CatalogueKind as Kind;
use super::catalogue_table::View;
use super::generate::REMARKS;
use super::shelf::Item;
use super::teammate;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const FIRST_HELP_CENTER_ID: u64 = 79;
pub(crate) const HELP_CENTERS: u64 = 2;

const SITE: &str = "https://help.simulator.example";
const TOPICS: &[&str] = &[
    "Getting started",
    "Billing & invoices",
    "Réinitialiser le mot de passe",
    "How \"seats\" work",
    "はじめに",
    "Exporting your data",
];

/// A name that says how often the object was changed.
pub(crate) fn title(item: &Item, topics: &[&str]) -> String {
    let (topic, number) = (item.dice.pick(10, topics), item.number + 1);
    match item.revision {
        0 => format!("{topic} {number}"),
        revision => format!("{topic} {number} (revision {revision})"),
    }
}

/// Id of the teammate whom an object comes from.
pub(crate) fn author(workspace: &Workspace, item: &Item) -> i64 {
    teammate::id(item.dice.roll(11, workspace.generator.admins))
}

/// Ids of the collections that an article is in, the first one first.
fn parents(workspace: &Workspace, item: &Item) -> Vec<u64> {
    let collections = workspace.options.catalogue.collections;
    let parents = item.dice.roll(12, 4).min(2).min(collections);
    let first = item.dice.roll(13, collections);
    (0..parents)
        .map(|step| Kind::Collections.row().first_id + (first + step) % collections)
        .collect()
}

/// Whether an article can be seen by everybody.
pub(crate) fn is_published(item: &Item) -> bool {
    item.dice.chance(14, 80) != item.turned
}

pub(crate) fn article(workspace: &Workspace, item: &Item, view: View) -> Value {
    let id = Kind::Articles.id(workspace.options.seed, item.number);
    let published = is_published(item);
    let parents = parents(workspace, item);
    let mut article = json!({
        "type": "article",
        "workspace_id": workspace.options.workspace_id,
        "parent_ids": parents,
        "title": title(item, TOPICS),
        "description": item.dice.pick(15, &["", "What to do first", "Answers & questions"]),
        "body": format!("<p class=\"no-margin\">{}</p>", item.dice.pick(16, REMARKS)),
        "author_id": author(workspace, item),
        "state": if published { "published" } else { "draft" },
        "created_at": item.created_at,
        "updated_at": item.updated_at,
        "url": published.then(|| format!("{SITE}/en/articles/{id}")),
    });
    article["id"] = json!(id);
    if view.version >= ApiVersion::V2_16 {
        article["tags"] = json!({"type": "tag.list", "tags": []});
    } else {
        article["parent_id"] = json!(parents.first());
        article["parent_type"] = json!(parents.first().map(|_| "collection"));
    }
    if !view.listed {
        article["statistics"] = statistics(item);
    }
    article
}

fn statistics(item: &Item) -> Value {
    let reactions = item.dice.roll(17, 50);
    let happy = item.dice.roll(18, 101);
    let share = |percent: u64| if reactions == 0 { 0 } else { percent };
    json!({
        "type": "article_statistics",
        "views": item.dice.roll(19, 5_000) + reactions,
        "conversations": item.dice.roll(20, 30),
        "reactions": reactions,
        "happy_reaction_percentage": share(happy),
        "neutral_reaction_percentage": share((100 - happy) / 2),
        "sad_reaction_percentage": share(100 - happy - (100 - happy) / 2),
    })
}

pub(crate) fn internal_article(workspace: &Workspace, item: &Item, _: View) -> Value {
    let author = author(workspace, item);
    json!({
        "type": "internal_article",
        "id": Kind::InternalArticles.id(workspace.options.seed, item.number),
        "title": title(item, &["Escalation path", "Refund policy", "Tone of voice"]),
        "body": item.dice.pick(16, REMARKS),
        "owner_id": author,
        "author_id": author,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
        "locale": "en",
    })
}

/// Every fourth collection is a section of the one before.
pub(crate) fn collection(workspace: &Workspace, item: &Item, _: View) -> Value {
    let seed = workspace.options.seed;
    let id = Kind::Collections.id(seed, item.number);
    let parent = (item.number % 4 == 3).then(|| Kind::Collections.id(seed, item.number - 1));
    let help_center = FIRST_HELP_CENTER_ID + item.number % HELP_CENTERS;
    json!({
        "id": id,
        "workspace_id": workspace.options.workspace_id,
        "name": title(item, TOPICS),
        "url": format!("{SITE}/en/collections/{id}"),
        "order": item.number + 1,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
        "description": item.dice.chance(15, 70).then_some("All about it"),
        "icon": item.dice.pick(16, &["bookmark", "book-bookmark"]),
        "help_center_id": parent.is_none().then_some(help_center),
        "parent_id": parent,
    })
}

pub(crate) fn help_center(workspace: &Workspace, item: &Item, view: View) -> Value {
    let mut help_center = json!({
        "id": Kind::HelpCenters.id(workspace.options.seed, item.number),
        "workspace_id": workspace.options.workspace_id,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
        "identifier": format!("help-center-{}", item.number + 1),
        "website_turned_on": item.number == 0,
        "display_name": title(item, &["Help Center"]),
        "url": SITE,
        "custom_domain": (item.number == 0).then_some("help.simulator.example"),
    });
    if view.version >= ApiVersion::V2_16 {
        help_center["default"] = json!(item.number == 0);
        help_center["locales"] = json!(["en"]);
    }
    help_center
}
