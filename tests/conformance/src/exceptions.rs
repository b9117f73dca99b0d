//! What is right although a document does not allow it.

use crate::violation::Violation;

/// A violation that is none.
#[derive(Debug)]
pub struct Exception {
    /// The version that the document describes.
    pub document: &'static str,
    /// Method and path, as the document writes it; [`ANY`] for a place in a component, whoever has it.
    pub operation: &'static str,
    /// The place of the violation; `*` stands for any one part of it.
    pub place: &'static str,
    /// The versions that such requests name; none for any.
    pub versions: &'static [&'static str],
    /// Why it is right.
    pub reason: &'static str,
}

/// Every operation.
pub const ANY: &str = "*";

const BEFORE_2_16: &[&str] = &["2.11", "2.12", "2.13", "2.14", "2.15"];
const BEFORE_2_14: &[&str] = &["2.11", "2.12", "2.13"];
const BEFORE_2_12: &[&str] = &["2.11"];
const FROM_2_12: &[&str] = &["2.12", "2.13", "2.14", "2.15", "2.16", "Preview"];
const FROM_2_13: &[&str] = &["2.13", "2.14", "2.15", "2.16", "Preview"];
const FROM_2_14: &[&str] = &["2.14", "2.15", "2.16", "Preview"];
const FROM_2_16: &[&str] = &["2.16", "Preview"];

const OPTIONS: &str = "a list is text with options in 2.11, and a type of its own in 2.16: a request has the form of its version";
const NAMED: &str = "the title of a conversation can be written from 2.13 on";
const TICKET: &str = "the state and the assignment of a ticket have another form from 2.12 and 2.14 on: a request has the form of its version";
const SORT: &str = "2.11 speaks of sorting in its text, and 2.16 declares it";
const PAGES: &str = "2.11 declares it; the answers in 2.16 have page sizes and cursors, which nothing else could ask for";
const SORTED: &str =
    "clients that are in use sort these searches, and a walk that may be cut off needs an order";
const EARLIER: &str = "the address of the next page, which the answer gives, has it";
const MODEL: &str = "the attributes of conversations have a path of their own from 2.16 on, and are asked for there";
const OWNER: &str = "an owner is an integer before 2.16 and text from there on: a request has the form of its version";
const CLEARED: &str = "null clears a field; the documents declare it for the other fields of a contact, and no other way for this one";
const LEAD: &str = "a lead may have no address";
const NEXT_PAGE: &str =
    "lists by page number give the address of the next page; the schema is that of lists by cursor";
const PAGE: &str =
    "lists by page number give the address of the next page, which has these parameters";
const FILE: &str =
    "the answer is a file, of which the documents say nothing but that it is compressed CSV";
const CURSOR: &str =
    "the cursor of a next page comes with the number of that page; 2.16 requires nothing of it";
const UNKNOWN: &str = "a lead may have neither address nor key of the workspace";
const EVENTS: &str = "without `summary` events are listed themselves, as the text says; the schema is that of the summary";
const LATER_EVENTS: &str = "the address of what comes after a page has it";
const NOT_YET: &str = "what has not happened yet is null";
const ASKED: &str =
    "a rating that was asked for and not given is there with nothing in it, as recorded elsewhere";
const CONVERSATION_MODEL: &str = "it is one of the models that may be asked for";
const NOTE: &str = "the ids of contacts are text, as the other operations of the document say";

const ASSIGNMENT: &str = "from 2.14 on the fields of an assignment are those of the ticket: a request has the form of its version";

const COMPANY: &str = "from 2.14 on a conversation can be given a company";

const TICKET_COMPANY: &str = "from 2.14 on a ticket can be given another company";

const NO_COMPANY: &str = "null takes a ticket from its company, as the text says";

const ONE_COMPANY: &str = "asked for by the workspace's own id, it is one company, as the text says; the schema is that of the list";
const NO_BODY: &str = "2.11 declares no body for an update, without which there would be nothing to update; 2.12 does";
const NO_UPDATE: &str = "Preview declares no body for an update, without which there would be nothing to update; the stable versions from 2.12 on do";
const MONEY: &str = "the text describes links and amounts of money in metadata, which are objects";

const ATTRIBUTE: &str = "attributes of conversations are decimals, true, false and lists of ids as well, as the examples of the document are";

const fn exception(
    document: &'static str,
    operation: &'static str,
    place: &'static str,
    reason: &'static str,
) -> Exception {
    Exception {
        document,
        operation,
        place,
        versions: &[],
        reason,
    }
}

const fn owner(
    document: &'static str,
    place: &'static str,
    versions: &'static [&'static str],
) -> Exception {
    Exception {
        versions,
        ..exception(document, ANY, place, OWNER)
    }
}

const fn next_page(document: &'static str, operation: &'static str) -> Exception {
    exception(document, operation, "starting_after_paging/type", NEXT_PAGE)
}

/// Every exception. A test holds that each is needed.
pub static EXCEPTIONS: &[Exception] = &[
    // Requests of the component.
    exception(
        "2.16",
        "PUT /conversations/{conversation_id}",
        "custom_attributes/additionalProperties/anyOf",
        ATTRIBUTE,
    ),
    exception(
        "2.11",
        "POST /contacts/search",
        "body/undeclared/sort",
        SORT,
    ),
    exception(
        "2.11",
        "POST /events",
        "create_data_event_request/metadata/additionalProperties/type",
        MONEY,
    ),
    exception(
        "2.16",
        "POST /events",
        "create_data_event_request/metadata/additionalProperties/type",
        MONEY,
    ),
    exception("2.16", "GET /contacts", "query per_page", PAGES),
    exception(
        "2.11",
        "POST /conversations/search",
        "body/undeclared/sort",
        SORT,
    ),
    exception("2.11", "POST /tickets/search", "body/undeclared/sort", SORT),
    exception(
        "2.16",
        "POST /conversations/search",
        "body/undeclared/sort",
        SORTED,
    ),
    exception(
        "2.16",
        "POST /tickets/search",
        "body/undeclared/sort",
        SORTED,
    ),
    exception("2.16", "GET /articles", "query page", PAGES),
    exception(
        "2.16",
        "GET /contacts/{contact_id}/notes",
        "query page",
        PAGES,
    ),
    exception(
        "2.16",
        "GET /companies/{company_id}/notes",
        "query page",
        PAGES,
    ),
    exception(
        "2.16",
        "GET /contacts/{contact_id}/companies",
        "query page",
        PAGES,
    ),
    exception(
        "2.16",
        "GET /companies/{company_id}/contacts",
        "query page",
        PAGES,
    ),
    exception("2.11", "GET /events", "query before", EARLIER),
    exception("2.16", "GET /events", "query before", EARLIER),
    exception("2.16", "GET /articles", "query per_page", PAGES),
    exception("2.16", "GET /events", "query per_page", PAGES),
    exception(
        "2.16",
        "GET /help_center/collections",
        "query per_page",
        PAGES,
    ),
    exception(
        "2.16",
        "GET /help_center/help_centers",
        "query per_page",
        PAGES,
    ),
    exception(
        "2.16",
        "GET /contacts/{contact_id}/notes",
        "query per_page",
        PAGES,
    ),
    exception(
        "2.16",
        "GET /contacts/{contact_id}/companies",
        "query per_page",
        PAGES,
    ),
    exception(
        "2.16",
        "GET /companies/{company_id}/contacts",
        "query per_page",
        PAGES,
    ),
    Exception {
        versions: BEFORE_2_16,
        ..exception("2.16", "GET /data_attributes", "query model/enum", MODEL)
    },
    Exception {
        versions: BEFORE_2_16,
        ..exception(
            "2.16",
            "POST /data_attributes",
            "body/undeclared/options",
            OPTIONS,
        )
    },
    Exception {
        versions: BEFORE_2_14,
        ..exception(
            "2.16",
            "PUT /tickets/{ticket_id}",
            "body/undeclared/assignment",
            TICKET,
        )
    },
    Exception {
        versions: BEFORE_2_12,
        ..exception(
            "2.16",
            "PUT /tickets/{ticket_id}",
            "body/undeclared/state",
            TICKET,
        )
    },
    Exception {
        versions: FROM_2_14,
        ..exception(
            "2.11",
            "POST /data_attributes",
            "create_data_attribute_request/data_type/enum",
            OPTIONS,
        )
    },
    Exception {
        versions: FROM_2_14,
        ..exception(
            "2.11",
            "POST /data_attributes",
            "create_data_attribute_request/options/items/type",
            OPTIONS,
        )
    },
    Exception {
        versions: FROM_2_12,
        ..exception(
            "2.11",
            "PUT /tickets/{ticket_id}",
            "body/undeclared/ticket_state_id",
            TICKET,
        )
    },
    Exception {
        versions: FROM_2_14,
        ..exception(
            "2.11",
            "PUT /tickets/{ticket_id}",
            "body/undeclared/assignee_id",
            TICKET,
        )
    },
    Exception {
        versions: FROM_2_13,
        ..exception(
            "2.11",
            "PUT /conversations/{conversation_id}",
            "body/undeclared/title",
            NAMED,
        )
    },
    exception("2.16", "GET /contacts", "query starting_after", PAGES),
    owner("2.11", "create_contact_request/owner_id/type", FROM_2_16),
    owner("2.11", "update_contact_request/owner_id/type", FROM_2_16),
    owner("2.16", "create_contact_request/owner_id/type", BEFORE_2_16),
    owner("2.16", "update_contact_request/owner_id/type", BEFORE_2_16),
    exception("2.11", ANY, "create_contact_request/email/type", CLEARED),
    exception(
        "2.11",
        ANY,
        "create_contact_request/external_id/type",
        CLEARED,
    ),
    exception("2.11", ANY, "update_contact_request/email/type", CLEARED),
    exception(
        "2.11",
        ANY,
        "update_contact_request/external_id/type",
        CLEARED,
    ),
    exception("2.16", ANY, "create_contact_request/email/type", CLEARED),
    exception(
        "2.16",
        ANY,
        "create_contact_request/external_id/type",
        CLEARED,
    ),
    exception("2.16", ANY, "update_contact_request/email/type", CLEARED),
    exception(
        "2.16",
        ANY,
        "update_contact_request/external_id/type",
        CLEARED,
    ),
    exception("Preview", "POST /contacts/{id}/notes", "path id/type", NOTE),
    exception("Preview", "PUT /companies/{id}", "body", NO_UPDATE),
    exception(
        "Preview",
        "PUT /tickets/{id}",
        "update_ticket_request/company_id/type",
        NO_COMPANY,
    ),
    // Requests of the simulator's tests.
    exception("2.11", "GET /events", "query since", LATER_EVENTS),
    exception("2.16", "GET /events", "query since", LATER_EVENTS),
    exception(
        "2.16",
        "POST /contacts/{contact_id}/notes",
        "path contact_id/type",
        NOTE,
    ),
    Exception {
        versions: FROM_2_16,
        ..exception(
            "2.11",
            "PUT /tickets/{ticket_id}",
            "body/undeclared/admin_id",
            ASSIGNMENT,
        )
    },
    Exception {
        versions: FROM_2_14,
        ..exception(
            "2.11",
            "PUT /tickets/{ticket_id}",
            "body/undeclared/company_id",
            TICKET_COMPANY,
        )
    },
    exception(
        "2.16",
        "PUT /tickets/{ticket_id}",
        "update_ticket_request/company_id/type",
        NO_COMPANY,
    ),
    Exception {
        versions: FROM_2_16,
        ..exception(
            "2.11",
            "PUT /conversations/{conversation_id}",
            "body/undeclared/company_id",
            COMPANY,
        )
    },
    // Requests for a next page.
    exception("2.11", "GET /news/news_items", "query page", PAGE),
    exception("2.11", "GET /news/news_items", "query per_page", PAGE),
    exception("2.11", "GET /news/newsfeeds", "query page", PAGE),
    exception("2.11", "GET /news/newsfeeds", "query per_page", PAGE),
    exception(
        "2.11",
        "GET /news/newsfeeds/{newsfeed_id}/items",
        "query page",
        PAGE,
    ),
    exception(
        "2.11",
        "GET /news/newsfeeds/{newsfeed_id}/items",
        "query per_page",
        PAGE,
    ),
    exception("2.11", "GET /admins/activity_logs", "query page", PAGE),
    exception("2.11", "GET /admins/activity_logs", "query per_page", PAGE),
    exception("2.16", "GET /help_center/collections", "query page", PAGE),
    exception("2.16", "GET /news/news_items", "query page", PAGE),
    exception("2.16", "GET /news/news_items", "query per_page", PAGE),
    exception("2.16", "GET /news/newsfeeds", "query page", PAGE),
    exception("2.16", "GET /news/newsfeeds", "query per_page", PAGE),
    exception(
        "2.16",
        "GET /news/newsfeeds/{newsfeed_id}/items",
        "query page",
        PAGE,
    ),
    exception(
        "2.16",
        "GET /news/newsfeeds/{newsfeed_id}/items",
        "query per_page",
        PAGE,
    ),
    exception("2.16", "GET /admins/activity_logs", "query page", PAGE),
    exception("2.16", "GET /admins/activity_logs", "query per_page", PAGE),
    exception("2.16", "GET /internal_articles", "query page", PAGE),
    exception("2.16", "GET /internal_articles", "query per_page", PAGE),
    // Answers of the simulator.
    exception(
        "2.11",
        "GET /events",
        "data_event_summary/email/type",
        UNKNOWN,
    ),
    exception(
        "2.11",
        "GET /events",
        "data_event_summary/user_id/type",
        UNKNOWN,
    ),
    exception(
        "2.11",
        "GET /events",
        "data_event_summary_item/required/name",
        EVENTS,
    ),
    exception(
        "2.11",
        "GET /events",
        "data_event_summary_item/required/first",
        EVENTS,
    ),
    exception(
        "2.11",
        "GET /events",
        "data_event_summary_item/required/last",
        EVENTS,
    ),
    exception(
        "2.11",
        "GET /events",
        "data_event_summary_item/required/count",
        EVENTS,
    ),
    exception(
        "2.16",
        "GET /events",
        "data_event_summary/type/enum",
        EVENTS,
    ),
    exception(
        "2.16",
        "GET /events",
        "data_event_summary/email/type",
        UNKNOWN,
    ),
    exception(
        "2.16",
        "GET /events",
        "data_event_summary/user_id/type",
        UNKNOWN,
    ),
    exception("2.11", ANY, "conversation_statistics/*/type", NOT_YET),
    exception("2.16", ANY, "conversation_statistics/*/type", NOT_YET),
    exception("Preview", ANY, "conversation_statistics/*/type", NOT_YET),
    exception("2.11", ANY, "conversation_rating/*/type", ASKED),
    exception("2.16", ANY, "conversation_rating/*/type", ASKED),
    exception("2.11", ANY, "contact_reference/type", ASKED),
    exception("2.16", ANY, "contact_reference/type", ASKED),
    exception("2.11", ANY, "reference/type", ASKED),
    exception("2.16", ANY, "reference/type", ASKED),
    exception(
        "2.11",
        "GET /data_attributes",
        "data_attribute/model/enum",
        CONVERSATION_MODEL,
    ),
    exception("2.11", ANY, "contact/email/type", LEAD),
    exception("2.16", ANY, "contact/email/type", LEAD),
    exception(
        "2.11",
        ANY,
        "starting_after_paging/required/per_page",
        CURSOR,
    ),
    exception(
        "2.11",
        "GET /companies",
        "company_list/required/*",
        ONE_COMPANY,
    ),
    exception(
        "2.11",
        "GET /companies",
        "company_list/type/enum",
        ONE_COMPANY,
    ),
    exception(
        "2.16",
        "GET /companies",
        "company_list/type/enum",
        ONE_COMPANY,
    ),
    exception("2.11", "PUT /companies/{company_id}", "body", NO_BODY),
    next_page("2.11", "GET /companies"),
    next_page("2.11", "POST /companies/list"),
    next_page("2.16", "GET /companies"),
    next_page("2.16", "POST /companies/list"),
    next_page("2.11", "GET /contacts/{contact_id}/notes"),
    next_page("2.11", "GET /companies/{company_id}/contacts"),
    next_page("2.11", "GET /articles"),
    next_page("2.11", "GET /help_center/collections"),
    next_page("2.11", "GET /news/news_items"),
    next_page("2.11", "GET /news/newsfeeds"),
    next_page("2.11", "GET /news/newsfeeds/{newsfeed_id}/items"),
    next_page("2.11", "GET /admins/activity_logs"),
    next_page("2.16", "GET /contacts/{contact_id}/notes"),
    next_page("2.16", "GET /companies/{company_id}/contacts"),
    next_page("2.16", "GET /companies/{company_id}/notes"),
    next_page("2.16", "GET /articles"),
    next_page("2.16", "GET /help_center/collections"),
    next_page("2.16", "GET /news/news_items"),
    next_page("2.16", "GET /news/newsfeeds"),
    next_page("2.16", "GET /news/newsfeeds/{newsfeed_id}/items"),
    next_page("2.16", "GET /admins/activity_logs"),
    next_page("2.16", "GET /internal_articles"),
    next_page("2.16", "GET /calls"),
    next_page("2.16", "POST /admins/activity_logs/search"),
    exception(
        "2.11",
        "GET /download/content/data/{job_identifier}",
        "answer",
        FILE,
    ),
    exception(
        "2.16",
        "GET /download/content/data/{job_identifier}",
        "answer",
        FILE,
    ),
];

/// Takes the exceptions out of violations of an exchange whose request names a version. Gives what is left, and the
/// exceptions that were used.
pub(crate) fn sift(
    version: Option<&str>,
    violations: Vec<Violation>,
) -> (Vec<Violation>, Vec<&'static Exception>) {
    let mut used = Vec::new();
    let left = violations
        .into_iter()
        .filter(|violation| {
            let exception = EXCEPTIONS
                .iter()
                .find(|exception| exception.covers(version, violation));
            used.extend(exception);
            exception.is_none()
        })
        .collect();
    (left, used)
}

impl Exception {
    fn covers(&self, version: Option<&str>, violation: &Violation) -> bool {
        self.document == violation.document
            && is_at(self.place, &violation.place)
            && (self.operation == ANY || self.operation == violation.operation)
            && (self.versions.is_empty()
                || version.is_some_and(|version| self.versions.contains(&version)))
    }
}

/// Whether a place is the one that is written, in which `*` stands for any one part.
fn is_at(written: &str, place: &str) -> bool {
    let same = |(written, part): (&str, &str)| written == "*" || written == part;
    written.split('/').count() == place.split('/').count()
        && written.split('/').zip(place.split('/')).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_part() {
        for (written, place, expected) in [
            ("a/b/type", "a/b/type", true),
            ("a/*/type", "a/b/type", true),
            ("a/*/type", "a/b/c/type", false),
            ("a/*/type", "a/type", false),
            ("a/b/type", "a/c/type", false),
        ] {
            assert_eq!(is_at(written, place), expected, "{written} {place}");
        }
    }
}
