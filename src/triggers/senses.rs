//! Where the rows of streams have what triggers ask for.

use crate::intercom::streams::Stream;

/// Where the rows of a stream have it; empty: nowhere.
#[derive(Clone, Copy, Debug)]
pub struct Sense {
    stream: &'static str,
    /// The texts that keywords are looked for in. Parts that a row embeds are searched for what was written in them.
    pub texts: &'static [&'static str],
    /// Who wrote it, where no part says so.
    pub author: &'static str,
    /// The list of its tags.
    pub tags: &'static str,
    /// Since when somebody waits.
    pub waiting: &'static str,
}

const NONE: Sense = Sense {
    stream: "",
    texts: &[],
    author: "",
    tags: "",
    waiting: "",
};

const SENSES: [Sense; 10] = [
    Sense {
        stream: "conversations",
        texts: &[
            "title",
            "source.subject",
            "source.body",
            "conversation_parts",
        ],
        author: "source.author",
        tags: "tags.tags",
        waiting: "waiting_since",
    },
    Sense {
        stream: "conversation_parts",
        texts: &["body"],
        author: "author",
        tags: "tags",
        ..NONE
    },
    Sense {
        stream: "tickets",
        texts: &[
            "ticket_attributes._default_title_",
            "ticket_attributes._default_description_",
            "ticket_parts",
        ],
        author: "ticket_parts",
        ..NONE
    },
    Sense {
        stream: "ticket_parts",
        texts: &["body"],
        author: "author",
        ..NONE
    },
    Sense {
        stream: "contacts",
        tags: "tags.data",
        ..NONE
    },
    Sense {
        stream: "companies",
        tags: "tags.tags",
        ..NONE
    },
    Sense {
        stream: "contact_notes",
        texts: &["body"],
        author: "author",
        ..NONE
    },
    Sense {
        stream: "company_notes",
        texts: &["body"],
        author: "author",
        ..NONE
    },
    Sense {
        stream: "articles",
        texts: &["title", "description", "body"],
        ..NONE
    },
    Sense {
        stream: "internal_articles",
        texts: &["title", "body"],
        ..NONE
    },
];

/// Where a stream's rows have it.
pub fn of(stream: &Stream) -> Sense {
    let mut senses = SENSES.iter();
    let found = senses.find(|sense| sense.stream == stream.name);
    found.copied().unwrap_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intercom::streams;
    use crate::mapping::path::type_at;

    #[test]
    fn every_path_is_one_of_its_stream() {
        for sense in SENSES {
            let stream = streams::find(sense.stream).unwrap();
            let single = [sense.author, sense.tags, sense.waiting];
            for path in sense
                .texts
                .iter()
                .chain(&single)
                .filter(|path| !path.is_empty())
            {
                assert!(
                    type_at(stream, path, "").is_ok(),
                    "{}: {path}",
                    sense.stream
                );
            }
        }
    }
}
