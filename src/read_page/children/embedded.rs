//! What a parent's record says of the rows that hang on it: how many there are, and which, when it holds all of them.

use crate::intercom::envelope::read_embedded;
use crate::intercom::normalize::{Normalizer, Record, Unreadable, join_key};
use crate::intercom::streams::{ChildPlace, Children, Stream};
use crate::json::{self, Invalid, Reader};
use crate::mapping::path::value_at;
use crate::prelude::*;

/// What a record tells.
#[derive(Debug, Default)]
pub struct Found {
    /// How many rows there are, as far as it says.
    pub count: Option<u64>,
    /// The rows, when it holds all of them.
    pub rows: Option<Vec<Result<Record, Unreadable>>>,
}

/// Reads what the record of a parent tells of a stream's rows.
pub fn of(stream: &'static Stream, children: &'static Children, parent: &str, key: &str) -> Found {
    let Some(name) = children.embedded else {
        return Found::default();
    };
    if name.contains('.') {
        let count = value_at(parent, name).and_then(|count| count.parse().ok());
        // A number alone proves no absence: it may be late.
        return Found {
            count: count.filter(|count| *count > 0),
            rows: None,
        };
    }
    let items: &[&str] = match children.place {
        ChildPlace::Detail(name) => &[name],
        ChildPlace::List(_) | ChildPlace::Links(..) => stream.items,
    };
    let form = Rows::of(stream, children, key);
    let mut rows = Vec::new();
    let read = read_embedded(parent, name, items, |reader| {
        rows.push(form.read(reader)?);
        Ok(())
    });
    let Ok(embedded) = read else {
        return Found::default();
    };
    let whole = !embedded.has_more
        && embedded.held.is_some()
        && embedded
            .total_count
            .is_none_or(|all| Some(all) <= embedded.held);
    // References are rows only where a row is nothing but the two keys.
    let rows_count = !matches!(children.place, ChildPlace::List(_));
    Found {
        count: embedded.total_count.or(embedded.held.filter(|_| whole)),
        rows: (whole && rows_count).then_some(rows),
    }
}

/// How the rows of one parent are read.
pub enum Rows<'a> {
    /// Each is a record, with the parent's key.
    Records(Normalizer<'a>),
    /// Each is the parent's key and its own, in these fields.
    Links(&'static Stream, [&'static str; 2], &'a str),
}

impl<'a> Rows<'a> {
    /// Those that hang on the parent with this key.
    pub fn of(stream: &'static Stream, children: &'static Children, parent: &'a str) -> Self {
        match children.place {
            ChildPlace::Links(_, field) => {
                Self::Links(stream, [children.parent_field, field], parent)
            }
            ChildPlace::Detail(_) | ChildPlace::List(_) => Self::Records(Normalizer::of_children(
                stream,
                children.parent_field,
                parent,
            )),
        }
    }

    /// Reads one.
    pub fn read(&self, reader: &mut Reader) -> Result<Result<Record, Unreadable>, Invalid> {
        match self {
            Self::Records(normalizer) => normalizer.read(reader),
            Self::Links(stream, fields, parent) => link(stream, *fields, parent, reader),
        }
    }
}

/// A row that is the two keys alone, from anything that has an id.
fn link(
    stream: &Stream,
    [parent_field, field]: [&str; 2],
    parent: &str,
    reader: &mut Reader,
) -> Result<Result<Record, Unreadable>, Invalid> {
    let text = reader.text();
    let place = reader.value()?;
    let document = text.get(place).unwrap_or_default();
    let id = value_at(document, "id").and_then(|id| match id.as_bytes().first() {
        Some(b'"') => json::parse::<String>(id.as_bytes()).ok(),
        Some(b'0'..=b'9') => Some(id.to_owned()),
        _ => None,
    });
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        return Ok(Err(Unreadable {
            path: "id".to_owned(),
            reason: "the key field `id` is missing".to_owned(),
            document: document.as_bytes().to_vec(),
        }));
    };
    let mut payload = "{}".to_owned();
    json::put_first(&mut payload, field, &id);
    json::put_first(&mut payload, parent_field, parent);
    let value = |name: &&str| if *name == field { &id } else { parent };
    let values = stream.key.iter().map(|name| value(name).to_owned());
    Ok(Ok(Record {
        key: join_key(values.collect()),
        updated_at: None,
        payload,
        odd: Vec::new(),
        unknown: Vec::new(),
        aside: None,
        places: Vec::new(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intercom::streams::find;

    fn found(stream: &str, parent: &str) -> (Option<u64>, Option<Vec<String>>) {
        let stream = find(stream).unwrap();
        let (_, children) = stream.children().unwrap();
        let found = of(stream, children, parent, "7");
        let rows = found.rows.map(|rows| {
            let payload = |row: Result<Record, Unreadable>| row.unwrap().payload;
            rows.into_iter().map(payload).collect()
        });
        (found.count, rows)
    }

    #[test]
    fn references_are_rows_where_all_of_them_are_there() {
        assert_eq!(
            found(
                "contact_tags",
                r#"{"tags":{"data":[{"id":"1"},{"id":2}],"total_count":2,"has_more":false}}"#
            ),
            (
                Some(2),
                Some(vec![
                    r#"{"contact_id":"7","tag_id":"1"}"#.to_owned(),
                    r#"{"contact_id":"7","tag_id":"2"}"#.to_owned()
                ])
            )
        );
        assert_eq!(
            found(
                "contact_tags",
                r#"{"tags":{"data":[{"id":"1"}],"total_count":12,"has_more":true}}"#
            ),
            (Some(12), None)
        );
        assert_eq!(found("contact_tags", r#"{"tags":null}"#), (None, None));
    }

    #[test]
    fn a_note_is_more_than_a_reference() {
        let none = r#"{"notes":{"data":[],"total_count":0,"has_more":false}}"#;
        assert_eq!(found("contact_notes", none), (Some(0), None));
        let some = r#"{"notes":{"data":[{"id":"1"}],"total_count":1,"has_more":false}}"#;
        assert_eq!(found("contact_notes", some), (Some(1), None));
    }

    #[test]
    fn parts_in_the_ticket_itself_are_rows_when_none_is_missing() {
        let all = r#"{"ticket_parts":{"ticket_parts":[{"id":5}],"total_count":1}}"#;
        let rows = vec![r#"{"ticket_id":"7","id":"5"}"#.to_owned()];
        assert_eq!(found("ticket_parts", all), (Some(1), Some(rows)));
        let some = r#"{"ticket_parts":{"ticket_parts":[{"id":5}],"total_count":2}}"#;
        assert_eq!(found("ticket_parts", some), (Some(2), None));
    }

    #[test]
    fn a_count_that_may_be_late_proves_no_absence() {
        let count = |count: &str| {
            found(
                "conversation_parts",
                &format!(r#"{{"statistics":{{"count_conversation_parts":{count}}}}}"#),
            )
            .0
        };
        assert_eq!(
            (count("3"), count("0"), count("null")),
            (Some(3), None, None)
        );
    }
}
