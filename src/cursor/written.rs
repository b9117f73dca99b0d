//! The written form of positions: an object whose members depend on the kind.

use crate::prelude::*;
use litemap::LiteMap;

use super::{
    ChildrenPosition, DeletedPosition, ExportPosition, ListPosition, Memory, PagesPosition, Parent,
    Position, ScrollPosition, SearchPosition,
};
use crate::json::{Member, Members, Object, Taking, Unexpected, Value, list};
use crate::watermark::{Fingerprint, Watermark};

/// Writes a position.
pub fn write(stream: &str, position: &Position) -> String {
    let mut members = Members::default();
    members.text("stream", stream);
    let at = members.text("at", kind(position));
    match position {
        Position::Mark(seen) => mark(at, "seen", seen),
        Position::Contents(contents) => at.json("contents", &map(contents)),
        Position::List(list) => mark(at, "seen", &list.seen)
            .some_text("after", list.after.as_deref())
            .some_number("started", list.started),
        Position::Search(search) => mark(at, "seen", &search.seen)
            .some_text("after", search.after.as_deref())
            .some_number("from", Some(search.from))
            .some_number("started", search.started),
        Position::Deleted(deleted) => mark(at, "seen", &deleted.seen)
            .json("count", &deleted.page.to_string())
            .some_number("from", Some(deleted.from))
            .some_number("started", deleted.started),
        Position::Scroll(scroll) => mark(mark(at, "known", &scroll.known), "seen", &scroll.seen)
            .some_text("after", scroll.param.as_deref())
            .some_number("from", scroll.from)
            .some_number("started", scroll.started)
            .json("count", &scroll.answers.to_string())
            .text("walk", &scroll.walk)
            .json("restarts", &scroll.restarts.to_string())
            .json("waits", &scroll.waits.to_string()),
        Position::Pages(pages) => write_pages(at, pages),
        Position::Children(children) => write_children(at, children),
        Position::Export(export) => at
            .some_text("after", export.job.as_deref())
            .json("waits", &export.waits.to_string())
            .json("count", &export.row.to_string()),
        Position::Keys(count) => at.json("count", &count.to_string()),
    }
    .object()
}

/// Which kind of position it is.
fn kind(position: &Position) -> &'static str {
    match position {
        Position::Mark(_) => "mark",
        Position::Contents(_) => "contents",
        Position::List(_) => "list",
        Position::Search(_) => "search",
        Position::Deleted(_) => "deleted",
        Position::Scroll(_) => "scroll",
        Position::Pages(_) => "pages",
        Position::Children(_) => "children",
        Position::Export(_) => "export",
        Position::Keys(_) => "keys",
    }
}

fn write_pages<'m>(members: &'m mut Members, pages: &PagesPosition) -> &'m mut Members {
    let last: String = pages
        .last
        .iter()
        .map(|seen| format!("{seen:016x}"))
        .collect();
    members
        .some_text("page", pages.page.as_deref())
        .json("list", &pages.list.to_string())
        .some_json("total", pages.total.map(|total| total.to_string()))
        .some_json(
            "first_total",
            pages.first_total.map(|total| total.to_string()),
        )
        .some_number("first_at", pages.first_at)
        .json("joined", &pages.joined.to_string())
        .text("last", &last)
        .json("restarts", &pages.restarts.to_string())
        .json("partial", &pages.partial.to_string())
        .some_number("started", pages.started);
    match &pages.memory {
        Memory::Contents { known, walked } => members
            .some_json("contents", known.as_ref().map(map))
            .json("walked", &map(walked)),
        Memory::Mark { from, known, seen } => {
            mark(mark(members, "known", known), "seen", seen).some_number("from", *from)
        }
    }
}

fn write_children<'m>(members: &'m mut Members, children: &ChildrenPosition) -> &'m mut Members {
    let pending = children.pending.iter().map(|Parent(key, rows, tries)| {
        Members::default()
            .text("key", key)
            .json("rows", &rows.to_string())
            .json("tries", &tries.to_string())
            .object()
    });
    // The parents' stream is known by this one's.
    let parents = children.parents.as_ref().map(|parents| write("", parents));
    mark(
        mark(members, "known", &children.known),
        "seen",
        &children.seen,
    )
    .some_json("parents", parents)
    .some_number("asked", Some(children.walked))
    .json("pending", &list(pending))
    .json("partial", &children.partial.to_string())
    .some_number("from", children.from)
    .some_number("started", children.started)
}

fn mark<'m>(members: &'m mut Members, name: &str, mark: &Watermark) -> &'m mut Members {
    members.text(name, &mark.to_string())
}

fn map(contents: &LiteMap<String, String>) -> String {
    let mut members = Members::default();
    for (key, content) in contents {
        members.text(key, content);
    }
    members.object()
}

/// Reads what [`write`] wrote.
pub fn read(members: &mut Object) -> Result<Position, Unexpected> {
    let mut take = members.taking();
    let at: String = take.member("at");
    let position = match at.as_str() {
        "mark" => Position::Mark(take.member("seen")),
        "contents" => Position::Contents(take.member("contents")),
        "list" => Position::List(ListPosition {
            after: take.member("after"),
            started: take.member("started"),
            seen: take.member("seen"),
        }),
        "search" => Position::Search(SearchPosition {
            after: take.member("after"),
            from: take.member("from"),
            started: take.member("started"),
            seen: take.member("seen"),
        }),
        "deleted" => Position::Deleted(DeletedPosition {
            page: take.member("count"),
            from: take.member("from"),
            started: take.member("started"),
            seen: take.member("seen"),
        }),
        "scroll" => Position::Scroll(ScrollPosition {
            param: take.member("after"),
            // Positions of version 0.1.0 name no walk: `state` knows nothing of it, and it starts over.
            walk: take.member::<Option<_>>("walk").unwrap_or_default(),
            answers: take.member::<Option<_>>("count").unwrap_or_default(),
            from: take.member("from"),
            started: take.member("started"),
            known: take.member("known"),
            seen: take.member("seen"),
            restarts: take.member("restarts"),
            waits: take.member("waits"),
        }),
        "pages" => Position::Pages(read_pages(&mut take)?),
        "children" => Position::Children(Box::new(read_children(&mut take)?)),
        "export" => Position::Export(ExportPosition {
            job: take.member("after"),
            waits: take.member("waits"),
            row: take.member("count"),
        }),
        "keys" => Position::Keys(take.member("count")),
        _ => return Err(Unexpected::here("a known kind of position")),
    };
    take.end(position)
}

fn read_pages(take: &mut Taking) -> Result<PagesPosition, Unexpected> {
    let last: String = take.member("last");
    let walked: Option<LiteMap<String, String>> = take.member("walked");
    Ok(PagesPosition {
        page: take.member("page"),
        list: take.member("list"),
        total: take.member("total"),
        first_total: take.member("first_total"),
        first_at: take.member("first_at"),
        // Positions of version 0.1.0 do not count it.
        joined: take.member::<Option<_>>("joined").unwrap_or_default(),
        last: fingerprints(&last).ok_or(Unexpected::here("whole fingerprints"))?,
        restarts: take.member("restarts"),
        partial: take.member("partial"),
        started: take.member("started"),
        memory: match walked {
            Some(walked) => Memory::Contents {
                known: take.member("contents"),
                walked,
            },
            None => Memory::Mark {
                from: take.member("from"),
                known: take.member("known"),
                seen: take.member("seen"),
            },
        },
    })
}

fn read_children(take: &mut Taking) -> Result<ChildrenPosition, Unexpected> {
    let parents: Option<Object> = take.member("parents");
    Ok(ChildrenPosition {
        parents: match parents {
            // Parents have no parents: a position nested without end is none.
            Some(parents) if parents.get("parents").is_some() => {
                return Err(Unexpected::here("a walk of its own"));
            }
            Some(mut parents) => Some(read(&mut parents)?),
            None => None,
        },
        walked: take.member("asked"),
        pending: take.member("pending"),
        partial: take.member("partial"),
        from: take.member("from"),
        started: take.member("started"),
        known: take.member("known"),
        seen: take.member("seen"),
    })
}

impl<'a> Value<'a> for Parent {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        let mut members = Object::read(member)?;
        let mut take = members.taking();
        let parent = Self(
            take.member("key"),
            take.member("rows"),
            take.member("tries"),
        );
        take.end(parent)
    }
}

/// Fingerprints of sixteen hexadecimal digits each.
fn fingerprints(digits: &str) -> Option<Vec<Fingerprint>> {
    let (each, rest) = digits.as_bytes().as_chunks::<16>();
    let parse = |digits: &[u8; 16]| {
        let digits = str::from_utf8(digits).ok()?;
        Fingerprint::from_str_radix(digits, 16).ok()
    };
    rest.is_empty()
        .then(|| each.iter().map(parse).collect())
        .flatten()
}
