//! The table of webhook topics.

/// What a topic's item says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The whole object as it is now.
    Whole,
    /// The object with some of its fields.
    Part,
    /// The object is gone, for this reason.
    Gone(&'static str),
    /// The whole object, into which `merged_from` went.
    Merged,
}

/// A topic: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    /// Other names under which it was and is sent.
    pub aliases: &'static [&'static str],
    /// The stream of its item.
    pub stream: &'static str,
    /// What its item says.
    pub meaning: Meaning,
    /// What subscribing to it needs, in the words of Intercom's Developer Hub.
    pub permission: &'static str,
}

const READ: &str = "Read and list users and companies";

const fn contact(name: &'static str, aliases: &'static [&'static str], meaning: Meaning) -> Topic {
    Topic {
        name,
        aliases,
        stream: "contacts",
        meaning,
        permission: READ,
    }
}

const fn company(name: &'static str, meaning: Meaning) -> Topic {
    Topic {
        name,
        aliases: &[],
        stream: "companies",
        meaning,
        permission: READ,
    }
}

/// All topics.
pub const TOPICS: &[Topic] = &[
    contact("contact.user.created", &["user.created"], Meaning::Whole),
    contact("contact.user.updated", &[], Meaning::Whole),
    contact("contact.lead.created", &["contact.created"], Meaning::Whole),
    contact("contact.lead.updated", &["contact.updated"], Meaning::Whole),
    contact(
        "contact.lead.signed_up",
        &["contact.signed_up"],
        Meaning::Whole,
    ),
    contact(
        "contact.lead.added_email",
        &["contact.added_email"],
        Meaning::Whole,
    ),
    contact(
        "contact.email.updated",
        &["user.email.updated"],
        Meaning::Whole,
    ),
    contact("contact.subscribed", &[], Meaning::Whole),
    contact(
        "contact.unsubscribed",
        &["user.unsubscribed"],
        Meaning::Whole,
    ),
    contact("contact.unarchive", &["contact.unarchived"], Meaning::Whole),
    contact(
        "contact.archived",
        &["contact.archive"],
        Meaning::Gone("archived"),
    ),
    contact(
        "contact.deleted",
        &["user.deleted"],
        Meaning::Gone("deleted"),
    ),
    contact("contact.merged", &[], Meaning::Merged),
    company("company.created", Meaning::Part),
    company("company.updated", Meaning::Part),
    company("company.deleted", Meaning::Gone("deleted")),
];

/// The topic of a name or an alias.
pub fn find(name: &str) -> Option<&'static Topic> {
    TOPICS
        .iter()
        .find(|topic| topic.name == name || topic.aliases.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intercom::streams;

    #[test]
    fn every_name_means_one_topic_and_every_stream_exists() {
        for topic in TOPICS {
            assert!(streams::find(topic.stream).is_some());
            for name in topic.aliases.iter().chain([&topic.name]) {
                let named = TOPICS
                    .iter()
                    .filter(|other| other.name == *name || other.aliases.contains(name))
                    .count();
                assert_eq!(named, 1, "{name}");
            }
        }
    }
}
