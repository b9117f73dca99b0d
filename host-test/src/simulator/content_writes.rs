//! Articles, internal articles and collections: creating, changing and deleting them.

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Outcome};
use super::catalogue::CatalogueKind as Kind;
use super::catalogue_lists::found;
use super::errors::ApiError;
use super::message_text;
use super::people;
use super::route::Route;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::write("POST", "/articles", "articles", |workspace, call| {
        write(workspace, call, &ARTICLES, None)
    }),
    Route::write("PUT", "/articles/{id}", "articles", |workspace, call| {
        write(workspace, call, &ARTICLES, Some(call.parameter(0)))
    }),
    Route::write("DELETE", "/articles/{id}", "articles", |workspace, call| {
        delete(workspace, call, &ARTICLES)
    }),
    Route::write(
        "POST",
        "/internal_articles",
        "internal_articles",
        |workspace, call| write(workspace, call, &INTERNAL_ARTICLES, None),
    )
    .since(ApiVersion::V2_13),
    Route::write(
        "PUT",
        "/internal_articles/{id}",
        "internal_articles",
        |workspace, call| write(workspace, call, &INTERNAL_ARTICLES, Some(call.parameter(0))),
    )
    .since(ApiVersion::V2_13),
    Route::write(
        "DELETE",
        "/internal_articles/{id}",
        "internal_articles",
        |workspace, call| delete(workspace, call, &INTERNAL_ARTICLES),
    )
    .since(ApiVersion::V2_13),
    Route::write(
        "POST",
        "/help_center/collections",
        "collections",
        |workspace, call| write(workspace, call, &COLLECTIONS, None),
    ),
    Route::write(
        "PUT",
        "/help_center/collections/{id}",
        "collections",
        |workspace, call| write(workspace, call, &COLLECTIONS, Some(call.parameter(0))),
    ),
    Route::write(
        "DELETE",
        "/help_center/collections/{id}",
        "collections",
        |workspace, call| delete(workspace, call, &COLLECTIONS),
    ),
];

/// What can be written of a kind of content.
struct Content {
    kind: Kind,
    /// As the receipt of a deletion names it.
    object: &'static str,
    /// Fields without which none is created, and what the API says when one is missing.
    required: &'static [(&'static str, &'static str)],
    /// Fields that hold a text.
    texts: &'static [&'static str],
    /// Fields that name teammates.
    teammates: &'static [&'static str],
    /// What a new one has unless the request says otherwise; generated ones have more.
    initial: fn() -> Value,
}

const NO_AUTHOR: &str =
    "author_id must be in the main body or default locale translated_content object";

const ARTICLES: Content = Content {
    kind: Kind::Articles,
    object: "article",
    required: &[
        ("author_id", NO_AUTHOR),
        ("title", "Title is a required parameter."),
    ],
    texts: &["title", "description", "body"],
    teammates: &["author_id"],
    initial: || {
        json!({
            "description": "",
            "body": "",
            "parent_ids": [],
            "parent_id": null,
            "parent_type": null,
            "statistics": {
                "type": "article_statistics",
                "views": 0,
                "conversations": 0,
                "reactions": 0,
                "happy_reaction_percentage": 0,
                "neutral_reaction_percentage": 0,
                "sad_reaction_percentage": 0,
            },
        })
    },
};

const INTERNAL_ARTICLES: Content = Content {
    kind: Kind::InternalArticles,
    object: "internal_article",
    required: &[
        ("author_id", NO_AUTHOR),
        ("owner_id", "owner_id is a required parameter."),
        ("title", "Title is a required parameter."),
    ],
    texts: &["title", "body"],
    teammates: &["author_id", "owner_id"],
    initial: || json!({"body": ""}),
};

const COLLECTIONS: Content = Content {
    kind: Kind::Collections,
    object: "collection",
    required: &[("name", "Name is a required parameter.")],
    texts: &["name", "description"],
    teammates: &[],
    initial: || json!({"description": "", "parent_id": null}),
};

fn write(workspace: &Workspace, call: &Call, content: &Content, id: Option<&str>) -> Outcome {
    let given = call.fields()?;
    if let Some(id) = id {
        found(workspace, content.kind, id)?;
    }
    let mut fields = match (id, (content.initial)()) {
        (None, Value::Object(initial)) => initial,
        _ => Map::new(),
    };
    for (name, message) in content.required.iter().filter(|_| id.is_none()) {
        if given.get(*name).is_none_or(Value::is_null) {
            return Err(ApiError::parameter_not_found(*message));
        }
    }
    for name in content.texts {
        match given.get(*name) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) => {
                let is_html = *name == "body" && content.kind == Kind::Articles;
                let text = if is_html { html(text) } else { text.clone() };
                fields.insert((*name).to_owned(), Value::String(text));
            }
            Some(_) => {
                let message = format!("{name} must be of type string");
                return Err(ApiError::parameter_invalid(message));
            }
        }
    }
    for name in content.teammates {
        if let Some(id) = people::id(given.get(*name)) {
            let known = people::teammate(workspace, &id);
            known.ok_or_else(|| ApiError::parameter_invalid(format!("{name} is not valid")))?;
            fields.insert((*name).to_owned(), json!(id.parse::<i64>().ok()));
        }
    }
    let published = match content.kind {
        Kind::Articles => {
            place(workspace, given, &mut fields)?;
            state(given, id.is_none())?
        }
        Kind::Collections => {
            place_collection(workspace, given, &mut fields)?;
            None
        }
        _ => None,
    };
    let id = workspace.write_object(content.kind, id, fields, published)?;
    let item = found(workspace, content.kind, &id)?;
    let row = content.kind.row();
    Answer::json(&row.show(workspace, &item, call.view(false)))
}

/// The body of an article, whose paragraphs have a class.
fn html(text: &str) -> String {
    message_text::html_of(text).replace("<p>", "<p class=\"no-margin\">")
}

/// Whether a request wants an article published; a new one is a draft unless it does.
fn state(given: &Map<String, Value>, is_new: bool) -> Result<Option<bool>, ApiError> {
    match given.get("state").map(Value::as_str) {
        None => Ok(is_new.then_some(false)),
        Some(Some("published")) => Ok(Some(true)),
        Some(Some("draft")) => Ok(Some(false)),
        Some(_) => Err(ApiError::parameter_invalid(
            "state must be published or draft",
        )),
    }
}

/// The collection with the id in a field.
fn collection(
    workspace: &Workspace,
    given: &Map<String, Value>,
    name: &str,
) -> Result<Option<String>, ApiError> {
    let Some(id) = people::id(given.get(name)) else {
        return Ok(None);
    };
    let known = found(workspace, Kind::Collections, &id);
    known.map_err(|_| ApiError::parameter_invalid(format!("{name} is not valid")))?;
    Ok(Some(id))
}

/// Puts an article into a collection.
fn place(
    workspace: &Workspace,
    given: &Map<String, Value>,
    fields: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    if let Some(id) = collection(workspace, given, "parent_id")? {
        let id = json!(id.parse::<u64>().ok());
        fields.insert("parent_ids".to_owned(), json!([id]));
        fields.insert("parent_id".to_owned(), id);
        fields.insert("parent_type".to_owned(), json!("collection"));
    }
    Ok(())
}

/// Makes a collection a section of another one, which belongs to the help centre then.
fn place_collection(
    workspace: &Workspace,
    given: &Map<String, Value>,
    fields: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    let parent = collection(workspace, given, "parent_id")?;
    if let Some(id) = people::id(given.get("help_center_id")) {
        let known = found(workspace, Kind::HelpCenters, &id);
        known.map_err(|_| ApiError::parameter_invalid("help_center_id is not valid"))?;
        fields.insert("help_center_id".to_owned(), json!(id.parse::<u64>().ok()));
    }
    if parent.is_some() {
        fields.insert("help_center_id".to_owned(), Value::Null);
        fields.insert("parent_id".to_owned(), json!(parent));
    }
    Ok(())
}

fn delete(workspace: &Workspace, call: &Call, content: &Content) -> Outcome {
    let id = call.parameter(0);
    workspace.delete_catalogue_object(content.kind, id)?;
    Answer::json(&json!({"id": id, "object": content.object, "deleted": true}))
}
