//! The table of streams. Code exists per paging kind, not per stream.

use crate::intercom::fields::{ADMIN, COMPANY, CONTACT, Field, SEGMENT, TAG, TEAM};
use crate::intercom::versions::VERSIONS;

/// How a stream is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// Full by a list with a cursor, incremental by a search on the cursor field that compares whole days.
    ListThenSearch {
        /// The search's path.
        search: &'static str,
    },
    /// By a scroll, one at a time in a workspace; incremental by filtering it.
    Scroll,
    /// One answer holds everything; incremental by comparing contents.
    Whole,
}

/// A stream: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stream {
    /// Its name.
    pub name: &'static str,
    /// The path that lists it.
    pub path: &'static str,
    /// The path of one object; the key is appended.
    pub detail: &'static str,
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
    /// A request that costs little and shows whether the stream can be read.
    pub probe: &'static str,
    /// What reading it needs, in the words of Intercom's Developer Hub.
    pub permission: &'static str,
    /// The API versions that have it.
    pub versions: &'static [&'static str],
    /// The declared fields of a record.
    pub fields: &'static [Field],
    /// The `model` of its custom attributes in `GET /data_attributes`.
    pub attribute_model: Option<&'static str>,
    /// Counts up when the declared fields change in a way that a sink notices.
    pub schema_version: u32,
}

/// All streams.
pub const STREAMS: &[Stream] = &[
    Stream {
        name: "contacts",
        path: "/contacts",
        detail: "/contacts/",
        items: &["data", "contacts"],
        paging: Paging::ListThenSearch {
            search: "/contacts/search",
        },
        per_page: Some(150),
        key: &["id"],
        cursor_field: Some("updated_at"),
        probe: "/contacts?per_page=1",
        permission: "Read and list users and companies",
        versions: VERSIONS,
        fields: CONTACT,
        attribute_model: Some("contact"),
        schema_version: 1,
    },
    Stream {
        name: "companies",
        path: "/companies/scroll",
        detail: "/companies/",
        items: &["data", "companies"],
        paging: Paging::Scroll,
        per_page: None,
        key: &["id"],
        cursor_field: Some("updated_at"),
        probe: "/companies?per_page=1",
        permission: "Read and list users and companies",
        versions: VERSIONS,
        fields: COMPANY,
        attribute_model: Some("company"),
        schema_version: 1,
    },
    Stream {
        name: "admins",
        path: "/admins",
        detail: "/admins/",
        items: &["admins", "data"],
        paging: Paging::Whole,
        per_page: None,
        key: &["id"],
        cursor_field: None,
        probe: "/admins",
        permission: "Read admins",
        versions: VERSIONS,
        fields: ADMIN,
        attribute_model: None,
        schema_version: 1,
    },
    Stream {
        name: "teams",
        path: "/teams",
        detail: "/teams/",
        items: &["teams", "data"],
        paging: Paging::Whole,
        per_page: None,
        key: &["id"],
        cursor_field: None,
        probe: "/teams",
        permission: "Read admins",
        versions: VERSIONS,
        fields: TEAM,
        attribute_model: None,
        schema_version: 1,
    },
    Stream {
        name: "tags",
        path: "/tags",
        detail: "/tags/",
        items: &["data", "tags"],
        paging: Paging::Whole,
        per_page: None,
        key: &["id"],
        cursor_field: None,
        probe: "/tags",
        permission: "Read tags",
        versions: VERSIONS,
        fields: TAG,
        attribute_model: None,
        schema_version: 1,
    },
    Stream {
        name: "segments",
        path: "/segments",
        detail: "/segments/",
        items: &["segments", "data"],
        paging: Paging::Whole,
        per_page: None,
        key: &["id"],
        cursor_field: Some("updated_at"),
        probe: "/segments",
        permission: "Read and list users and companies",
        versions: VERSIONS,
        fields: SEGMENT,
        attribute_model: None,
        schema_version: 1,
    },
];

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
        assert!(matches!(companies.paging, Paging::Scroll));
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
            let mut sorted = names.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(
                sorted.len(),
                names.len(),
                "{}: a field is declared twice",
                stream.name
            );
            assert!(
                stream.detail.ends_with('/')
                    && stream.path.starts_with('/')
                    && stream.probe.starts_with('/')
            );
            assert_eq!(
                STREAMS
                    .iter()
                    .filter(|other| other.name == stream.name)
                    .count(),
                1
            );
        }
    }
}
