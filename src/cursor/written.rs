//! The written form of positions: an object whose members depend on the kind.

use std::collections::BTreeMap;

use super::{
    ChildrenPosition, DeletedPosition, ExportPosition, ListPosition, Memory, PagesPosition, Parent,
    Position, ScrollPosition, SearchPosition,
};
use crate::json::{Member, Members, Object, Unexpected, Value, list};
use crate::watermark::{Fingerprint, Watermark};

/// Writes a position.
pub fn write(stream: &str, position: &Position) -> String {
    let at = |kind| Members::default().text("stream", stream).text("at", kind);
    let members = match position {
        Position::Mark(seen) => mark(at("mark"), "seen", seen),
        Position::Contents(contents) => at("contents").json("contents", &map(contents)),
        Position::List(list) => mark(at("list"), "seen", &list.seen)
            .some_text("after", list.after.as_deref())
            .some_number("started", list.started),
        Position::Search(search) => mark(at("search"), "seen", &search.seen)
            .some_text("after", search.after.as_deref())
            .some_number("from", Some(search.from))
            .some_number("started", search.started),
        Position::Deleted(deleted) => mark(at("deleted"), "seen", &deleted.seen)
            .json("count", &deleted.page.to_string())
            .some_number("from", Some(deleted.from))
            .some_number("started", deleted.started),
        Position::Scroll(scroll) => mark(
            mark(at("scroll"), "known", &scroll.known),
            "seen",
            &scroll.seen,
        )
        .some_text("after", scroll.param.as_deref())
        .some_number("from", scroll.from)
        .some_number("started", scroll.started)
        .json("count", &scroll.answers.to_string())
        .text("walk", &scroll.walk)
        .json("restarts", &scroll.restarts.to_string())
        .json("waits", &scroll.waits.to_string()),
        Position::Pages(pages) => write_pages(at("pages"), pages),
        Position::Children(children) => write_children(at("children"), children),
        Position::Export(export) => at("export")
            .some_text("after", export.job.as_deref())
            .json("waits", &export.waits.to_string())
            .json("count", &export.row.to_string()),
        Position::Keys(count) => at("keys").json("count", &count.to_string()),
    };
    members.object()
}

fn write_pages(members: Members, pages: &PagesPosition) -> Members {
    let last: String = pages
        .last
        .iter()
        .map(|seen| format!("{seen:016x}"))
        .collect();
    let members = members
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

fn write_children(members: Members, children: &ChildrenPosition) -> Members {
    let pending = children.pending.iter().map(|Parent(key, rows, tries)| {
        let members = Members::default().text("key", key);
        let members = members.json("rows", &rows.to_string());
        members.json("tries", &tries.to_string()).object()
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

fn mark(members: Members, name: &str, mark: &Watermark) -> Members {
    members.text(name, &mark.to_string())
}

fn map(contents: &BTreeMap<String, String>) -> String {
    let members = contents.iter();
    members
        .fold(Members::default(), |members, (key, content)| {
            members.text(key, content)
        })
        .object()
}

/// Reads what [`write`] wrote.
pub fn read(members: &mut Object) -> Result<Position, Unexpected> {
    let at: String = members.take("at")?;
    Ok(match at.as_str() {
        "mark" => Position::Mark(members.take("seen")?),
        "contents" => Position::Contents(members.take("contents")?),
        "list" => Position::List(ListPosition {
            after: members.take("after")?,
            started: members.take("started")?,
            seen: members.take("seen")?,
        }),
        "search" => Position::Search(SearchPosition {
            after: members.take("after")?,
            from: members.take("from")?,
            started: members.take("started")?,
            seen: members.take("seen")?,
        }),
        "deleted" => Position::Deleted(DeletedPosition {
            page: members.take("count")?,
            from: members.take("from")?,
            started: members.take("started")?,
            seen: members.take("seen")?,
        }),
        "scroll" => Position::Scroll(ScrollPosition {
            param: members.take("after")?,
            // Positions of version 0.1.0 name no walk: `state` knows nothing of it, and it starts over.
            walk: members.take::<Option<_>>("walk")?.unwrap_or_default(),
            answers: members.take::<Option<_>>("count")?.unwrap_or_default(),
            from: members.take("from")?,
            started: members.take("started")?,
            known: members.take("known")?,
            seen: members.take("seen")?,
            restarts: members.take("restarts")?,
            waits: members.take("waits")?,
        }),
        "pages" => Position::Pages(read_pages(members)?),
        "children" => Position::Children(Box::new(read_children(members)?)),
        "export" => Position::Export(ExportPosition {
            job: members.take("after")?,
            waits: members.take("waits")?,
            row: members.take("count")?,
        }),
        "keys" => Position::Keys(members.take("count")?),
        _ => return Err(Unexpected::here("a known kind of position")),
    })
}

fn read_pages(members: &mut Object) -> Result<PagesPosition, Unexpected> {
    let last: String = members.take("last")?;
    let walked: Option<BTreeMap<String, String>> = members.take("walked")?;
    Ok(PagesPosition {
        page: members.take("page")?,
        list: members.take("list")?,
        total: members.take("total")?,
        first_total: members.take("first_total")?,
        first_at: members.take("first_at")?,
        // Positions of version 0.1.0 do not count it.
        joined: members.take::<Option<_>>("joined")?.unwrap_or_default(),
        last: fingerprints(&last).ok_or(Unexpected::here("whole fingerprints"))?,
        restarts: members.take("restarts")?,
        partial: members.take("partial")?,
        started: members.take("started")?,
        memory: match walked {
            Some(walked) => Memory::Contents {
                known: members.take("contents")?,
                walked,
            },
            None => Memory::Mark {
                from: members.take("from")?,
                known: members.take("known")?,
                seen: members.take("seen")?,
            },
        },
    })
}

fn read_children(members: &mut Object) -> Result<ChildrenPosition, Unexpected> {
    let parents: Option<Object> = members.take("parents")?;
    Ok(ChildrenPosition {
        parents: match parents {
            // Parents have no parents: a position nested without end is none.
            Some(parents) if parents.get("parents").is_some() => {
                return Err(Unexpected::here("a walk of its own"));
            }
            Some(mut parents) => Some(read(&mut parents)?),
            None => None,
        },
        walked: members.take("asked")?,
        pending: members.take("pending")?,
        partial: members.take("partial")?,
        from: members.take("from")?,
        started: members.take("started")?,
        known: members.take("known")?,
        seen: members.take("seen")?,
    })
}

impl<'a> Value<'a> for Parent {
    fn read(member: Member<'a>) -> Result<Self, Unexpected> {
        let mut members = Object::read(member)?;
        Ok(Self(
            members.take("key")?,
            members.take("rows")?,
            members.take("tries")?,
        ))
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
