//! The `pages` object of lists, and lists by page number.

use serde::Serialize;
use serde_json::{Value, json};

use super::cursor::Cursor;
use super::ordered_search::Found;

/// A list with a cursor to its next page; `data` is written as an array.
#[derive(Serialize)]
pub(crate) struct CursorList<T> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) data: T,
    pub(crate) total_count: u64,
    pub(crate) pages: CursorPages,
}

/// The pages of a list with a cursor; `next` is absent at the end.
#[derive(Serialize)]
pub(crate) struct CursorPages {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<NextPage>,
    page: u64,
    per_page: usize,
    total_pages: u64,
}

#[derive(Serialize)]
struct NextPage {
    page: u64,
    starting_after: String,
}

impl CursorPages {
    /// Page `page` of so many entries, and the cursor of the next page.
    pub(crate) fn new(
        page: u64,
        per_page: usize,
        total: u64,
        starting_after: Option<String>,
    ) -> CursorPages {
        CursorPages {
            kind: "pages",
            next: starting_after.map(|starting_after| NextPage {
                page: page.saturating_add(1),
                starting_after,
            }),
            page,
            per_page,
            total_pages: total.div_ceil(per_page.max(1) as u64),
        }
    }

    /// The page of a search that begins after a cursor.
    pub(crate) fn of<R>(after: Option<&Cursor>, per_page: usize, found: &Found<R>) -> CursorPages {
        let page = after.map_or(1, |cursor| cursor.page);
        let next = found.next.as_ref().map(|(sort, id)| Cursor {
            sort: sort.clone(),
            id: id.clone(),
            page: page.saturating_add(1),
        });
        CursorPages::new(page, per_page, found.total, next.map(|next| next.encode()))
    }
}

/// The `pages` of a list by page number: `next` is a URL, null at the end. That of the list may have a query.
pub(crate) fn numbered_pages(url: &str, page: u64, per_page: usize, total: u64) -> Value {
    let total_pages = total.div_ceil(per_page.max(1) as u64);
    let and = if url.contains('?') { '&' } else { '?' };
    let next = (page < total_pages).then(|| {
        format!(
            "{url}{and}per_page={per_page}&page={}",
            page.saturating_add(1)
        )
    });
    json!({"type": "pages", "next": next, "page": page, "per_page": per_page, "total_pages": total_pages})
}

/// One page of entries that are all at hand, as a list by page number.
pub(crate) fn numbered_list(url: &str, page: u64, per_page: usize, entries: &[Value]) -> Value {
    let start = usize::try_from(page - 1)
        .unwrap_or(usize::MAX)
        .saturating_mul(per_page);
    let rest = entries.get(start..).unwrap_or_default();
    let shown = rest.get(..per_page).unwrap_or(rest);
    json!({
        "type": "list",
        "data": shown,
        "total_count": entries.len(),
        "pages": numbered_pages(url, page, per_page, entries.len() as u64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_next() {
        let entries: Vec<Value> = (0..5).map(Value::from).collect();
        let first = numbered_list("http://x/y", 1, 3, &entries);
        assert_eq!(first["pages"]["next"], "http://x/y?per_page=3&page=2");
        let last = numbered_list("http://x/y", 2, 3, &entries);
        assert_eq!(
            (&last["data"], &last["pages"]["next"]),
            (&json!([3, 4]), &Value::Null)
        );
        assert_eq!(
            numbered_list("http://x/y", 9, 3, &entries)["data"],
            json!([])
        );
        let pages = serde_json::to_value(CursorPages::new(2, 3, 5, None)).unwrap();
        assert_eq!(
            pages,
            json!({"type": "pages", "page": 2, "per_page": 3, "total_pages": 2})
        );
    }
}
