//! Conversations: listing, searching and reading them, and the list of those that were deleted.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::call::{Answer, Call, Outcome};
use super::conversation::Conversation;
use super::conversation_fields;
use super::cursor::{self, Cursor, SortValue};
use super::desk::Desk;
use super::errors::ApiError;
use super::numbering::CONVERSATIONS;
use super::ordered::ALL_KEYS;
use super::ordered_search::Found;
use super::pages::{CursorPages, numbered_pages};
use super::route::Route;
use super::search_request::SearchRules;
use super::search_test::DateMode;
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/conversations", "conversations", list),
    Route::new("POST", "/conversations/search", "conversations", search),
    Route::new("GET", "/conversations/deleted", "conversations", deleted).since(ApiVersion::V2_16),
    Route::new("GET", "/conversations/{id}", "conversations", read),
];

pub(crate) const USUAL_PAGE: usize = 20;
pub(crate) const LARGEST_PAGE: usize = 150;
const LARGEST_PAGE_OF_DELETED: usize = 60;
/// About how many bytes a conversation without its parts has as JSON.
const USUAL_LENGTH: usize = 3_000;

#[derive(Serialize)]
struct ConversationList<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    pages: CursorPages,
    total_count: u64,
    conversations: Bodies<'a>,
}

/// Conversations of a page. Each is rendered when it is written, so that its parts live no longer than that.
struct Bodies<'a> {
    conversations: &'a [Arc<Conversation>],
    desk: Desk<'a>,
}

impl Serialize for Bodies<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let conversations = self.conversations.iter();
        serializer
            .collect_seq(conversations.map(|conversation| self.desk.conversation(conversation)))
    }
}

fn render_page(
    workspace: &Workspace,
    call: &Call,
    after: Option<&Cursor>,
    per_page: usize,
    found: &Found<Conversation>,
) -> Outcome {
    let state = workspace.read();
    let list = ConversationList {
        kind: "conversation.list",
        pages: CursorPages::of(after, per_page, found),
        total_count: found.total,
        conversations: Bodies {
            conversations: &found.records,
            desk: Desk::new(workspace, &state, call.version),
        },
    };
    Answer::long_json(&list, (found.records.len() + 1) * USUAL_LENGTH)
}

/// Newest change first, so a conversation that changes during a walk moves in front of it.
fn list(workspace: &Workspace, call: &Call) -> Outcome {
    let per_page = call.per_page(USUAL_PAGE, LARGEST_PAGE)?;
    let after = call
        .query("starting_after")
        .map(Cursor::decode)
        .transpose()?;
    let mut keys = ALL_KEYS;
    if let Some(cursor) = &after {
        let SortValue::Number(milliseconds) = cursor.sort else {
            return Err(cursor::invalid());
        };
        let number = CONVERSATIONS.decode(&cursor.id);
        let number = number.ok_or_else(cursor::invalid)?;
        keys.end = (milliseconds.div_euclid(1_000), number);
    }
    let found = {
        let state = workspace.read();
        let view = state.conversations.current();
        let page = view.walk(keys, false).take(per_page + 1);
        let mut records: Vec<_> = page.filter_map(|(_, number)| view.live(number)).collect();
        let more = records.len() > per_page;
        records.truncate(per_page);
        let last = records.last().filter(|_| more);
        Found {
            next: last.map(|last| {
                let sort = SortValue::Number(last.updated_at.saturating_mul(1_000));
                (sort, last.id())
            }),
            records,
            total: view.count(),
        }
    };
    render_page(workspace, call, after.as_ref(), per_page, &found)
}

fn search(workspace: &Workspace, call: &Call) -> Outcome {
    let rules = SearchRules {
        dates: DateMode::Seconds,
        field: &conversation_fields::find,
        usual_page: USUAL_PAGE,
        largest_page: LARGEST_PAGE,
        checks_order: false,
    };
    let search = rules.read(call)?;
    let found = search.run(workspace.read_indexed().conversations.indexed())?;
    render_page(
        workspace,
        call,
        search.after.as_ref(),
        search.per_page,
        &found,
    )
}

fn read(workspace: &Workspace, call: &Call) -> Outcome {
    whole(workspace, call, call.parameter(0))
}

/// The conversation with this id, with its parts.
pub(crate) fn whole(workspace: &Workspace, call: &Call, id: &str) -> Outcome {
    let number = CONVERSATIONS.decode(id);
    let state = workspace.read();
    let conversation = number.and_then(|number| state.conversations.current().live(number));
    let conversation = conversation.ok_or_else(ApiError::resource_not_found)?;
    let desk = Desk {
        plain: call.query("display_as") == Some("plaintext"),
        ..Desk::new(workspace, &state, call.version)
    };
    Answer::long_json(&desk.whole_conversation(&conversation), 8 * USUAL_LENGTH)
}

/// What was deleted last comes first, unless the query asks for the other order.
fn deleted(workspace: &Workspace, call: &Call) -> Outcome {
    let per_page = call.per_page(USUAL_PAGE, LARGEST_PAGE_OF_DELETED)?;
    let page = call.page()?;
    let ascending = call.query("order") == Some("asc");
    let mut deleted: Vec<_> = {
        let state = workspace.read();
        let written = state.conversations.current().written();
        written
            .filter_map(|conversation| Some((conversation.deletion?, conversation.number)))
            .collect()
    };
    deleted.sort_by_key(|(deletion, number)| (deletion.at, *number));
    if !ascending {
        deleted.reverse();
    }
    let start = usize::try_from(page - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(per_page);
    let shown: Vec<Value> = deleted
        .iter()
        .skip(start)
        .take(per_page)
        .map(|(deletion, number)| {
            json!({
                "type": "conversation",
                "id": CONVERSATIONS.encode(*number),
                "metrics_retained": deletion.metrics_retained,
                "deleted_at": deletion.at,
            })
        })
        .collect();
    let total = deleted.len() as u64;
    let url = format!("{}/conversations/deleted", workspace.url);
    let mut pages = numbered_pages(&url, page, per_page, total);
    if ascending && let Some(next) = pages["next"].as_str() {
        pages["next"] = json!(format!("{next}&order=asc"));
    }
    Answer::json(&json!({
        "type": "conversations.list",
        "total_count": total,
        "pages": pages,
        "conversations": shown,
    }))
}
