//! Under which topics changes of the catalogue are told.

use super::catalogue::CatalogueKind as Kind;
use super::help_center::is_published;
use super::shelf::Item;
use super::topics::Subject;
use super::workspace::{State, Workspace};

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectChange {
    Created,
    Updated,
    Published,
    Unpublished,
    Deleted,
}

/// What is told of which change. A call begins and ends when it is created; what was said comes later.
const TOPICS: &[(Kind, ObjectChange, &[&str])] = &[
    (Kind::Articles, ObjectChange::Created, &["article.created"]),
    (Kind::Articles, ObjectChange::Updated, &["article.updated"]),
    (
        Kind::Articles,
        ObjectChange::Published,
        &["article.updated", "article.published"],
    ),
    (
        Kind::Articles,
        ObjectChange::Unpublished,
        &["article.updated", "article.unpublished"],
    ),
    (Kind::Articles, ObjectChange::Deleted, &["article.deleted"]),
    (
        Kind::Calls,
        ObjectChange::Created,
        &["call.started", "call.ended"],
    ),
    (
        Kind::Calls,
        ObjectChange::Updated,
        &["call.transcription_available", "call.recording_available"],
    ),
    (
        Kind::ActivityLogs,
        ObjectChange::Created,
        &["admin.activity_log_event.created"],
    ),
];

impl Workspace {
    /// Tells of a change of an object; an article that is there for everybody from the start was published as well.
    pub(crate) fn tell_of_object(
        &self,
        state: &State,
        kind: Kind,
        change: ObjectChange,
        item: &Item,
    ) {
        let subject = Subject {
            object: Some((kind, item)),
            ..Subject::default()
        };
        let rows = TOPICS.iter();
        let rows = rows.filter(|(told, of, _)| (*told, *of) == (kind, change));
        for topic in rows.flat_map(|(_, _, topics)| *topics) {
            self.tell(state, topic, subject);
        }
        if (kind, change) == (Kind::Articles, ObjectChange::Created) && is_published(item) {
            self.tell(state, "article.published", subject);
        }
    }
}
