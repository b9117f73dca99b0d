//! The table of webhook topics. Code exists per meaning, not per topic.

mod subjects;
mod table;

use crate::prelude::*;

pub use subjects::{
    ACTIVITY_LOG, ADMIN, ARTICLE, CALL, COMPANY, CONTACT, CONVERSATION, EVENT, JOB, Subject, TAG,
    TICKET,
};
pub use table::TOPICS;

/// What a topic's item says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Whether the door is open.
    Ping,
    /// An object as it is now, or some of it, with what hangs on it.
    Subject(&'static Subject),
    /// The same, which may come within another object, as that is now.
    Within(&'static Subject, &'static Subject),
    /// An object as the first, whose parts were redacted.
    Redacted(&'static Subject),
    /// The object is gone, for this reason.
    Gone(&'static Subject, &'static str),
    /// The object as it is now, into which `merged_from` went.
    Merged(&'static Subject),
    /// Objects that belong together from now on, or no longer.
    Linked {
        /// The objects.
        subjects: &'static [&'static Subject],
        /// The streams whose rows say that they belong together. Their keys name the objects: `contact_id`, `tag_id`.
        links: &'static [&'static str],
        /// Whether they do.
        linked: bool,
    },
    /// A contact, and kinds of messages to which it said yes (or no).
    Subscription(bool),
    /// What a contact did with a message.
    Engagement,
    /// Nothing that a stream could hold, for this reason.
    Nothing(&'static str),
}

/// A topic: a row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    /// Other names under which it was and is sent and known. One name may stand for several topics.
    pub aliases: &'static [&'static str],
    /// What it has in common with topics of the same meaning.
    pub told: &'static Told,
}

impl PartialEq for Topic {
    /// A topic is its name: nobody compares what it means.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// What topics of one meaning tell: half of the table's bytes, as long as it is there once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// What an item says.
    pub meaning: Meaning,
    /// The streams of which an item can have rows.
    pub streams: &'static [&'static str],
    /// What subscribing to them needs, in the words of Intercom's Developer Hub; empty: nothing.
    pub permission: &'static str,
}

/// The topic that is sent under a name. Topics that have an alias in common mean the same: the first of them.
pub fn find(name: &str) -> Option<&'static Topic> {
    match TOPICS.binary_search_by(|topic| topic.name.cmp(name)) {
        Ok(place) => TOPICS.get(place),
        Err(_) => TOPICS.iter().find(|topic| topic.aliases.contains(&name)),
    }
}

/// All names of topics, their aliases too.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for topic in TOPICS {
        names.push(topic.name);
        names.extend_from_slice(topic.aliases);
    }
    names
}

/// All topics that a name stands for: the one that has it, or those of which it is an alias.
pub fn named(name: &str) -> impl Iterator<Item = &'static Topic> {
    let own = find(name).is_some_and(|topic| topic.name == name);
    TOPICS.iter().filter(move |topic| match own {
        true => topic.name == name,
        false => topic.aliases.contains(&name),
    })
}

/// Whether a choice means a topic: by its name, by an alias, or with `*` at the end by how one of these begins.
pub fn chooses(choice: &str, topic: &Topic) -> bool {
    match choice.strip_suffix('*') {
        Some(start) => [&topic.name]
            .into_iter()
            .chain(topic.aliases)
            .any(|name| name.starts_with(start)),
        None => named(choice).any(|one| one.name == topic.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intercom::streams;

    #[test]
    fn every_name_is_found_and_every_stream_exists() {
        assert!(TOPICS.is_sorted_by_key(|topic| topic.name));
        for topic in TOPICS {
            assert_eq!(find(topic.name), Some(topic));
            assert_eq!(named(topic.name).collect::<Vec<_>>(), [topic]);
            for stream in topic.told.streams {
                assert!(streams::find(stream).is_some(), "{}: {stream}", topic.name);
            }
            let gives = !matches!(topic.told.meaning, Meaning::Ping | Meaning::Nothing(_));
            assert_eq!(gives, !topic.told.streams.is_empty(), "{}", topic.name);
        }
    }

    #[test]
    fn topics_with_a_name_in_common_mean_the_same() {
        for topic in TOPICS {
            for alias in topic.aliases {
                let found = find(alias).unwrap();
                assert_ne!(found.name, *alias, "an alias is a topic's name");
                assert_eq!(found.told.meaning, topic.told.meaning, "{alias}");
                assert!(named(alias).any(|other| other == topic), "{alias}");
            }
        }
    }

    #[test]
    fn one_name_may_stand_for_several_topics() {
        let names = |name| named(name).map(|topic| topic.name).collect::<Vec<_>>();
        assert_eq!(
            names("contact.created"),
            ["contact.lead.created", "contact.user.created"]
        );
        assert_eq!(
            names("conversation.created"),
            [
                "conversation.admin.single.created",
                "conversation.user.created"
            ]
        );
        assert_eq!(names("contact.deleted"), ["contact.deleted"]);
        assert_eq!(names("galaxy.created"), [""; 0]);
    }

    #[test]
    fn a_choice_means_topics_by_name_alias_or_beginning() {
        let chosen = |choice: &str| {
            let chosen = TOPICS.iter().filter(|topic| chooses(choice, topic));
            chosen.map(|topic| topic.name).collect::<Vec<_>>()
        };
        assert_eq!(chosen("contact.deleted"), ["contact.deleted"]);
        assert_eq!(chosen("lead.deleted"), ["contact.deleted"]);
        assert_eq!(
            chosen("contact.created"),
            ["contact.lead.created", "contact.user.created"]
        );
        assert_eq!(
            chosen("company.contact.*"),
            ["company.contact.attached", "company.contact.detached"]
        );
        assert!(chosen("user.*").contains(&"contact.deleted"));
        assert_eq!(chosen("*").len(), TOPICS.len());
        assert_eq!(chosen("contact"), [""; 0]);
        assert_eq!(chosen(""), [""; 0]);
    }

    /// A link's key names the objects that it links.
    #[test]
    fn links_are_between_the_objects_of_an_item() {
        for topic in TOPICS {
            let Meaning::Linked {
                subjects, links, ..
            } = topic.told.meaning
            else {
                continue;
            };
            for link in links {
                for field in streams::find(link).unwrap().key {
                    let mut subjects = subjects.iter();
                    assert!(subjects.any(|one| one.is_named_by(field)), "{link}.{field}");
                }
            }
        }
    }
}
