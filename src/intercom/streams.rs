//! The table of streams. Code exists per paging kind, not per stream.

mod table;

use crate::intercom::fields::{Field, Kind};
use crate::intercom::versions::is_from;

pub use table::STREAMS;

/// How a stream is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// Full by a list with a cursor, incremental by a search on the cursor field that compares whole days.
    ListThenSearch {
        /// The search's path.
        search: &'static str,
    },
    /// By a search on the cursor field, to the second; there is no list.
    Search,
    /// By a scroll, one at a time in a workspace; incremental by filtering it.
    Scroll {
        /// The list that is left where a workspace refuses the scroll. It ends after 10,000 rows.
        list: &'static str,
    },
    /// By a list from its first page to its last, whether they are numbered, have cursors, or are one.
    Pages(Compare),
    /// By walking the stream's parent and asking for what hangs on each of its rows.
    Children(&'static Children),
    /// By a job that writes a file.
    Export,
    /// Not at all: only webhooks tell of its rows.
    Told,
}

/// How the next walk through a list finds out what is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// By the cursor field.
    Time,
    /// By what the rows hold, which is remembered.
    Content,
}

/// What hangs on the rows of another stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Children {
    /// The field that holds the parent's key.
    pub parent_field: &'static str,
    /// Where the rows are.
    pub place: ChildPlace,
    /// Which rows a scan gives.
    pub given: Given,
    /// The object or list within a parent's record that tells how many rows there are, and may hold them.
    pub embedded: Option<&'static str>,
}

/// Where the rows are that hang on a parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildPlace {
    /// In the parent's own object, as read by its key, under this name twice: an object with a list.
    Detail(&'static str),
    /// In a list of their own; `{id}` stands for the parent's key.
    List(&'static str),
    /// In such a list, or whole within the parent's record; a row is the two keys alone, the other one under this name.
    Links(&'static str, &'static str),
}

/// Which of the rows that hang on parents a scan gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// All of every parent that changed: a change of one is a change of its parent.
    WithParent,
    /// Those that are new by their own cursor field; every parent is looked at, since none says that it got one.
    ByTime,
    /// All of all parents: nothing says when one came or went.
    Always,
}

/// What a record lacks that its stream declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complement {
    /// Nothing.
    Nothing,
    /// The model of an attribute, which some versions leave out, its full name, and a hash of the record.
    Attribute(&'static str),
}

/// What stands in a path for each of the connection's types of custom objects.
pub const OF_TYPE: &str = "{type}";

/// A stream: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stream {
    /// Its name.
    pub name: &'static str,
    /// The path that lists it, with its query. `{since}` stands for the second from which on rows are wanted, `{type}` for each
    /// of the connection's types of custom objects.
    pub path: &'static str,
    /// The path that lists it from a version on.
    pub moved: Option<&'static (&'static str, &'static str)>,
    /// The path of one object; the key is appended.
    pub detail: Option<&'static str>,
    /// The names under which an answer may hold the items.
    pub items: &'static [&'static str],
    /// How it is walked.
    pub paging: Paging,
    /// Rows per request, where the path takes `per_page`.
    pub per_page: Option<u32>,
    /// The fields that identify a row.
    pub key: &'static [&'static str],
    /// The field that says when a row changed.
    pub cursor_field: Option<&'static str>,
    /// From which version on there is a list of what was deleted, and its path.
    pub deletions: Option<&'static (&'static str, &'static str)>,
    /// The stream on whose rows this one hangs.
    pub parent: Option<&'static str>,
    /// Filters by name, with the field whose value they ask for.
    pub filters: &'static [(&'static str, &'static str)],
    /// A request that costs little and shows whether the stream can be read; empty: there is none.
    pub probe: &'static str,
    /// What reading it needs, in the words of Intercom's Developer Hub.
    pub permission: &'static str,
    /// The API versions that have it.
    pub versions: &'static [&'static str],
    /// The declared fields of a record.
    pub fields: &'static [Field],
    /// What a record lacks.
    pub complement: Complement,
    /// The `model` of its custom attributes in `GET /data_attributes`.
    pub attribute_model: Option<&'static str>,
    /// Counts up when the declared fields change in a way that a sink notices.
    pub schema_version: u32,
}

impl Stream {
    /// The field that may hold rows of another stream; empty: there is none.
    pub fn embedded(&self) -> &'static str {
        let mut fields = self.fields.iter();
        let found = fields.find(|field| matches!(field.kind, Kind::Elsewhere));
        found.map_or("", Field::name)
    }

    /// The path that lists it in a version.
    pub fn list_path(&self, version: &str) -> &'static str {
        match self.moved {
            Some((from, path)) if is_from(version, from) => path,
            _ => self.path,
        }
    }

    /// The request that shows whether it can be read in a version; empty: there is none.
    pub fn probe_path(&self, version: &str) -> &'static str {
        match self.moved {
            Some((from, path)) if is_from(version, from) => path,
            _ => self.probe,
        }
    }

    /// What hangs on the rows of its parent, and the parent.
    pub fn children(&self) -> Option<(&'static Stream, &'static Children)> {
        match (self.paging, self.parent.and_then(find)) {
            (Paging::Children(children), Some(parent)) => Some((parent, children)),
            _ => None,
        }
    }

    /// Whether only one walk at a time is possible in a workspace.
    pub fn exclusive(&self) -> bool {
        match self.paging {
            Paging::Scroll { .. } | Paging::Export => true,
            _ => self
                .children()
                .is_some_and(|(parent, _)| parent.exclusive()),
        }
    }

    /// Whether all of it can be read.
    pub fn listed(&self) -> bool {
        !matches!(self.paging, Paging::Told)
    }

    /// Whether what changed since can be read.
    pub fn incremental(&self) -> bool {
        match self.paging {
            Paging::Children(children) => children.given != Given::Always,
            Paging::Export | Paging::Told => false,
            _ => true,
        }
    }

    /// Whether rows can be read by their keys: they have a path of their own, or one answer holds all of them.
    pub fn by_keys(&self) -> bool {
        let whole =
            matches!(self.paging, Paging::Pages(Compare::Content)) && self.per_page.is_none();
        self.detail.is_some() || whole
    }
}

/// The stream of a name.
pub fn find(name: &str) -> Option<&'static Stream> {
    STREAMS.iter().find(|stream| stream.name == name)
}

/// The names of all streams.
pub fn names() -> impl Iterator<Item = &'static str> {
    STREAMS.iter().map(|stream| stream.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paged list of companies ends at 10,000.
    #[test]
    fn companies_are_read_by_scroll() {
        let companies = find("companies").unwrap();
        assert_eq!(companies.path, "/companies/scroll");
        assert!(matches!(companies.paging, Paging::Scroll { .. }));
    }

    #[test]
    fn every_row_is_consistent() {
        for stream in STREAMS {
            let names: Vec<&str> = stream.fields.iter().map(Field::name).collect();
            for name in stream.key.iter().chain(&stream.cursor_field) {
                assert!(
                    names.contains(name),
                    "{}: {name} is not a declared field",
                    stream.name
                );
            }
            for (_, field) in stream.filters {
                let first = field.split('.').next().unwrap();
                assert!(names.contains(&first), "{}: {field}", stream.name);
            }
            let mut sorted = names.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(
                sorted.len(),
                names.len(),
                "{}: a field is declared twice",
                stream.name
            );
            assert!(stream.path.starts_with('/') || stream.parent.is_some() || !stream.listed());
            assert!(stream.detail.is_none_or(|path| path.ends_with('/')));
            assert!(!stream.versions.is_empty(), "{}", stream.name);
            assert_eq!(
                STREAMS
                    .iter()
                    .filter(|other| other.name == stream.name)
                    .count(),
                1
            );
        }
    }

    #[test]
    fn children_carry_their_parents_key_and_exist_with_it() {
        for stream in STREAMS {
            let Paging::Children(children) = stream.paging else {
                assert_eq!(stream.parent, None);
                continue;
            };
            let (parent, _) = stream.children().expect(stream.name);
            assert!(
                stream
                    .fields
                    .iter()
                    .any(|field| field.name() == children.parent_field)
            );
            assert!(
                stream
                    .versions
                    .iter()
                    .all(|version| parent.versions.contains(version))
            );
            let embedded = children.embedded.into_iter();
            for name in embedded {
                let first = name.split('.').next().unwrap();
                assert!(
                    parent.fields.iter().any(|field| field.name() == first),
                    "{name}"
                );
            }
        }
    }
}
