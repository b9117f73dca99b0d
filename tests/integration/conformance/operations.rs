/// What an answer holds, and with it how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// A page of a list, under this name.
    Page(&'static str),
    /// What a search found, under this name.
    Found(&'static str),
    /// A page of the list that is read where the scroll is refused, under this name.
    Fallback(&'static str),
    /// A page of which only the form matters to the check of a connection, under this name.
    Probe(&'static str),
    /// What was deleted, under this name.
    Deleted(&'static str),
    /// One object.
    One,
    /// Rows that hang on one object, at this place.
    Rows(&'static str),
    /// Objects under a name, each of which holds rows of another stream at this place; without a name, the one object.
    Embeds(Option<&'static str>, &'static str),
    /// The object that was created.
    Created,
    /// The object that was updated.
    Updated,
    /// A receipt for an object that came out of the archive.
    Receipt,
    /// Whose token it is.
    Identity,
    /// Data attributes, under this name.
    Attributes(&'static str),
    /// A job that began.
    Job,
    /// How far a job is.
    Progress,
    /// A file, of which documents have no examples.
    File,
}

/// An operation that the component uses: method and path, the stream of its rows, and what its answer holds. One whose
/// answer is read in several ways is there for each of them.
pub type Used = (&'static str, &'static str, Holds);

/// Every operation that the component uses, by the first version in which it does. A test holds that these are the ones.
pub const USED: &[(&str, &[Used])] = &[
    ("2.11", SINCE_2_11),
    (
        "2.12",
        &[("GET /ticket_states", "ticket_states", Holds::Page("data"))],
    ),
    (
        "2.13",
        &[
            (
                "GET /internal_articles",
                "internal_articles",
                Holds::Page("data"),
            ),
            ("GET /internal_articles/{}", "internal_articles", Holds::One),
        ],
    ),
    (
        "2.14",
        &[
            ("GET /calls", "calls", Holds::Page("data")),
            ("GET /calls/{}", "calls", Holds::One),
            (
                "GET /away_status_reasons",
                "away_status_reasons",
                Holds::Page("data"),
            ),
        ],
    ),
    (
        "2.15",
        &[
            (
                "GET /companies/{}/notes",
                "company_notes",
                Holds::Rows("/data"),
            ),
            ("GET /brands", "brands", Holds::Page("data")),
            ("GET /brands/{}", "brands", Holds::One),
            ("GET /emails", "emails", Holds::Page("data")),
            ("GET /emails/{}", "emails", Holds::One),
        ],
    ),
    ("2.16", SINCE_2_16),
];

const SINCE_2_11: &[Used] = &[
    ("GET /me", "", Holds::Identity),
    ("GET /data_attributes", "", Holds::Attributes("data")),
    (
        "GET /data_attributes",
        "contact_attributes",
        Holds::Page("data"),
    ),
    (
        "GET /data_attributes",
        "company_attributes",
        Holds::Page("data"),
    ),
    ("GET /contacts", "contacts", Holds::Page("data")),
    ("POST /contacts/search", "contacts", Holds::Found("data")),
    ("GET /contacts/{}", "contacts", Holds::One),
    (
        "GET /contacts/{}",
        "contact_tags",
        Holds::Embeds(None, "/tags/data"),
    ),
    (
        "GET /contacts/{}",
        "contact_companies",
        Holds::Embeds(None, "/companies/data"),
    ),
    ("POST /contacts", "contacts", Holds::Created),
    ("PUT /contacts/{}", "contacts", Holds::Updated),
    ("POST /contacts/{}/unarchive", "contacts", Holds::Receipt),
    (
        "GET /contacts/{}/tags",
        "contact_tags",
        Holds::Rows("/data"),
    ),
    (
        "GET /contacts/{}/companies",
        "contact_companies",
        Holds::Rows("/data"),
    ),
    (
        "GET /contacts/{}/segments",
        "contact_segments",
        Holds::Rows("/data"),
    ),
    (
        "GET /contacts/{}/subscriptions",
        "contact_subscriptions",
        Holds::Rows("/data"),
    ),
    (
        "GET /contacts/{}/notes",
        "contact_notes",
        Holds::Rows("/data"),
    ),
    ("GET /events", "events", Holds::Rows("/events")),
    ("GET /events", "event_summaries", Holds::Rows("/events")),
    ("GET /companies", "companies", Holds::Probe("data")),
    ("GET /companies", "companies", Holds::Fallback("data")),
    ("GET /companies/scroll", "companies", Holds::Page("data")),
    ("GET /companies/{}", "companies", Holds::One),
    (
        "GET /companies/{}/segments",
        "company_segments",
        Holds::Rows("/data"),
    ),
    (
        "GET /companies/{}/contacts",
        "company_contacts",
        Holds::Rows("/data"),
    ),
    (
        "GET /conversations",
        "conversations",
        Holds::Probe("conversations"),
    ),
    (
        "POST /conversations/search",
        "conversations",
        Holds::Found("conversations"),
    ),
    ("GET /conversations/{}", "conversations", Holds::One),
    (
        "GET /conversations/{}",
        "conversation_parts",
        Holds::Rows("/conversation_parts/conversation_parts"),
    ),
    ("POST /tickets/search", "tickets", Holds::Found("tickets")),
    (
        "POST /tickets/search",
        "ticket_parts",
        Holds::Embeds(Some("tickets"), "/ticket_parts/ticket_parts"),
    ),
    ("GET /tickets/{}", "tickets", Holds::One),
    (
        "GET /tickets/{}",
        "ticket_parts",
        Holds::Rows("/ticket_parts/ticket_parts"),
    ),
    ("GET /ticket_types", "ticket_types", Holds::Page("data")),
    ("GET /ticket_types/{}", "ticket_types", Holds::One),
    ("GET /admins", "admins", Holds::Page("admins")),
    ("GET /admins/{}", "admins", Holds::One),
    (
        "GET /admins/activity_logs",
        "activity_logs",
        Holds::Page("activity_logs"),
    ),
    ("GET /teams", "teams", Holds::Page("teams")),
    ("GET /teams/{}", "teams", Holds::One),
    ("GET /tags", "tags", Holds::Page("data")),
    ("GET /tags/{}", "tags", Holds::One),
    ("GET /segments", "segments", Holds::Page("segments")),
    ("GET /segments/{}", "segments", Holds::One),
    (
        "GET /subscription_types",
        "subscription_types",
        Holds::Page("data"),
    ),
    ("GET /articles", "articles", Holds::Page("data")),
    ("GET /articles/{}", "articles", Holds::One),
    (
        "GET /help_center/collections",
        "collections",
        Holds::Page("data"),
    ),
    ("GET /help_center/collections/{}", "collections", Holds::One),
    (
        "GET /help_center/help_centers",
        "help_centers",
        Holds::Page("data"),
    ),
    (
        "GET /help_center/help_centers/{}",
        "help_centers",
        Holds::One,
    ),
    ("GET /news/newsfeeds", "newsfeeds", Holds::Page("data")),
    ("GET /news/newsfeeds/{}", "newsfeeds", Holds::One),
    ("GET /news/news_items", "news_items", Holds::Page("data")),
    ("GET /news/news_items/{}", "news_items", Holds::One),
    ("POST /export/content/data", "content_export", Holds::Job),
    (
        "GET /export/content/data/{}",
        "content_export",
        Holds::Progress,
    ),
    (
        "GET /download/content/data/{}",
        "content_export",
        Holds::File,
    ),
];

const SINCE_2_16: &[Used] = &[
    (
        "GET /conversations/attributes",
        "",
        Holds::Attributes("data"),
    ),
    (
        "GET /conversations/attributes",
        "conversation_attributes",
        Holds::Page("data"),
    ),
    (
        "GET /conversations/deleted",
        "conversations",
        Holds::Deleted("conversations"),
    ),
    ("GET /macros", "macros", Holds::Page("data")),
    ("GET /macros/{}", "macros", Holds::One),
    (
        "GET /custom_object_instances/{}",
        "custom_object_instances",
        Holds::Page("data"),
    ),
    (
        "GET /custom_object_instances/{}/{}",
        "custom_object_instances",
        Holds::One,
    ),
];

/// The operations that are used in a version.
pub fn used(version: &str) -> impl Iterator<Item = &'static Used> {
    let number = |version: &str| version.strip_prefix("2.")?.parse::<u8>().ok();
    let version = number(version);
    let groups = USED
        .iter()
        .filter(move |(since, _)| number(since) <= version);
    groups.flat_map(|(_, operations)| *operations)
}
