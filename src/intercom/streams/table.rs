//! The rows.

use super::{ChildPlace, Children, Compare, Complement, Given, Paging, Stream};
use crate::intercom::fields::{
    ACTIVITY_LOG, ADMIN, ARTICLE, ATTRIBUTE, AWAY_STATUS_REASON, BRAND, CALL, COLLECTION, COMPANY,
    COMPANY_NOTE, COMPANY_SEGMENT, CONTACT, CONTACT_COMPANY, CONTACT_NOTE, CONTACT_SEGMENT,
    CONTACT_SUBSCRIPTION, CONTACT_TAG, CONTENT_EXPORT, CONTENT_STAT, CONVERSATION,
    CONVERSATION_PART, CUSTOM_OBJECT_INSTANCE, EMAIL, EVENT, EVENT_SUMMARY, HELP_CENTER,
    INTERNAL_ARTICLE, JOB, MACRO, NEWS_ITEM, NEWSFEED, SEGMENT, SUBSCRIPTION_TYPE, TAG, TEAM,
    TICKET, TICKET_PART, TICKET_STATE, TICKET_TYPE,
};
use crate::intercom::versions::{
    SINCE_2_12, SINCE_2_13, SINCE_2_14, SINCE_2_15, SINCE_2_16, VERSIONS,
};

const PEOPLE: &str = "Read and list users and companies";
const CONVERSATIONS: &str = "Read conversations";
const ARTICLES: &str = "Read and list articles";

const UPDATED_AT: Option<&str> = Some("updated_at");
const CREATED_AT: Option<&str> = Some("created_at");

const ATTRIBUTE_KEY: &[&str] = &["model", "full_name"];

/// What most rows have in common: a list in one answer, compared by content.
const BASE: Stream = Stream {
    name: "",
    path: "",
    moved: None,
    detail: None,
    items: &["data"],
    paging: Paging::Pages(Compare::Content),
    per_page: None,
    key: &["id"],
    cursor_field: None,
    deletions: None,
    parent: None,
    filters: &[],
    probe: "",
    permission: "",
    versions: VERSIONS,
    fields: &[],
    complement: Complement::Nothing,
    attribute_model: None,
    schema_version: 1,
};

/// All streams.
pub const STREAMS: &[Stream] = &[
    Stream {
        name: "contacts",
        path: "/contacts",
        detail: Some("/contacts/"),
        items: &["data", "contacts"],
        paging: Paging::ListThenSearch {
            search: "/contacts/search",
        },
        per_page: Some(150),
        cursor_field: UPDATED_AT,
        filters: &[("role", "role")],
        probe: "/contacts?per_page=1",
        permission: PEOPLE,
        attribute_model: Some("contact"),
        fields: CONTACT,
        ..BASE
    },
    Stream {
        name: "companies",
        path: "/companies/scroll",
        detail: Some("/companies/"),
        items: &["data", "companies"],
        paging: Paging::Scroll { list: "/companies" },
        per_page: Some(50),
        cursor_field: UPDATED_AT,
        probe: "/companies?per_page=1",
        permission: PEOPLE,
        attribute_model: Some("company"),
        fields: COMPANY,
        ..BASE
    },
    Stream {
        name: "conversations",
        path: "/conversations/search",
        detail: Some("/conversations/"),
        items: &["conversations", "data"],
        paging: Paging::Search,
        per_page: Some(150),
        cursor_field: UPDATED_AT,
        deletions: Some(&("2.16", "/conversations/deleted")),
        filters: &[("state", "state")],
        probe: "/conversations?per_page=1",
        permission: CONVERSATIONS,
        attribute_model: Some("conversation"),
        fields: CONVERSATION,
        ..BASE
    },
    Stream {
        name: "conversation_parts",
        paging: Paging::Children(&Children {
            parent_field: "conversation_id",
            place: ChildPlace::Detail("conversation_parts"),
            given: Given::WithParent,
            embedded: Some("statistics.count_conversation_parts"),
        }),
        cursor_field: UPDATED_AT,
        parent: Some("conversations"),
        permission: CONVERSATIONS,
        fields: CONVERSATION_PART,
        ..BASE
    },
    Stream {
        name: "tickets",
        path: "/tickets/search",
        detail: Some("/tickets/"),
        items: &["tickets", "data"],
        paging: Paging::Search,
        per_page: Some(150),
        cursor_field: UPDATED_AT,
        filters: &[("state", "ticket_state.category")],
        probe: "/ticket_types",
        permission: "Read tickets",
        attribute_model: Some("ticket"),
        fields: TICKET,
        ..BASE
    },
    Stream {
        name: "ticket_parts",
        paging: Paging::Children(&Children {
            parent_field: "ticket_id",
            place: ChildPlace::Detail("ticket_parts"),
            given: Given::WithParent,
            embedded: Some("ticket_parts"),
        }),
        cursor_field: UPDATED_AT,
        parent: Some("tickets"),
        permission: "Read tickets",
        fields: TICKET_PART,
        ..BASE
    },
    Stream {
        name: "ticket_types",
        path: "/ticket_types",
        detail: Some("/ticket_types/"),
        items: &["data", "ticket_types"],
        probe: "/ticket_types",
        permission: "Read tickets",
        fields: TICKET_TYPE,
        ..BASE
    },
    Stream {
        name: "ticket_states",
        path: "/ticket_states",
        items: &["data", "ticket_states"],
        probe: "/ticket_states",
        permission: "Read tickets",
        versions: SINCE_2_12,
        fields: TICKET_STATE,
        ..BASE
    },
    Stream {
        name: "calls",
        path: "/calls",
        detail: Some("/calls/"),
        paging: Paging::Pages(Compare::Time),
        per_page: Some(25),
        cursor_field: UPDATED_AT,
        probe: "/calls?per_page=1",
        permission: CONVERSATIONS,
        versions: SINCE_2_14,
        fields: CALL,
        ..BASE
    },
    Stream {
        name: "admins",
        path: "/admins",
        detail: Some("/admins/"),
        items: &["admins", "data"],
        probe: "/admins",
        permission: "Read admins",
        fields: ADMIN,
        ..BASE
    },
    Stream {
        name: "teams",
        path: "/teams",
        detail: Some("/teams/"),
        items: &["teams", "data"],
        probe: "/teams",
        permission: "Read admins",
        fields: TEAM,
        ..BASE
    },
    Stream {
        name: "tags",
        path: "/tags",
        detail: Some("/tags/"),
        items: &["data", "tags"],
        probe: "/tags",
        permission: "Read tags",
        fields: TAG,
        ..BASE
    },
    Stream {
        name: "segments",
        path: "/segments",
        detail: Some("/segments/"),
        items: &["segments", "data"],
        cursor_field: UPDATED_AT,
        probe: "/segments",
        permission: PEOPLE,
        fields: SEGMENT,
        ..BASE
    },
    Stream {
        name: "activity_logs",
        path: "/admins/activity_logs?created_at_after={since}",
        items: &["activity_logs", "data"],
        paging: Paging::Pages(Compare::Time),
        cursor_field: CREATED_AT,
        probe: "/admins/activity_logs?created_at_after=4102444800",
        permission: "Read admin activity logs",
        fields: ACTIVITY_LOG,
        ..BASE
    },
    Stream {
        name: "contact_attributes",
        path: "/data_attributes?model=contact&include_archived=true",
        key: ATTRIBUTE_KEY,
        probe: "/data_attributes?model=contact",
        permission: PEOPLE,
        complement: Complement::Attribute("contact"),
        fields: ATTRIBUTE,
        ..BASE
    },
    Stream {
        name: "company_attributes",
        path: "/data_attributes?model=company&include_archived=true",
        key: ATTRIBUTE_KEY,
        probe: "/data_attributes?model=company",
        permission: PEOPLE,
        complement: Complement::Attribute("company"),
        fields: ATTRIBUTE,
        ..BASE
    },
    Stream {
        name: "conversation_attributes",
        path: "/data_attributes?model=conversation&include_archived=true",
        moved: Some(&("2.16", "/conversations/attributes?include_archived=true")),
        key: ATTRIBUTE_KEY,
        probe: "/data_attributes?model=conversation",
        permission: CONVERSATIONS,
        complement: Complement::Attribute("conversation"),
        fields: ATTRIBUTE,
        ..BASE
    },
    Stream {
        name: "contact_tags",
        paging: Paging::Children(&Children {
            parent_field: "contact_id",
            place: ChildPlace::Links("/contacts/{id}/tags", "tag_id"),
            given: Given::Always,
            embedded: Some("tags"),
        }),
        key: &["contact_id", "tag_id"],
        parent: Some("contacts"),
        permission: PEOPLE,
        items: &["data", "tags"],
        fields: CONTACT_TAG,
        ..BASE
    },
    Stream {
        name: "contact_companies",
        paging: Paging::Children(&Children {
            parent_field: "contact_id",
            place: ChildPlace::Links("/contacts/{id}/companies", "company_id"),
            given: Given::Always,
            embedded: Some("companies"),
        }),
        key: &["contact_id", "company_id"],
        parent: Some("contacts"),
        permission: PEOPLE,
        items: &["data", "companies"],
        per_page: Some(50),
        fields: CONTACT_COMPANY,
        ..BASE
    },
    Stream {
        name: "contact_segments",
        paging: Paging::Children(&Children {
            parent_field: "contact_id",
            place: ChildPlace::List("/contacts/{id}/segments"),
            given: Given::Always,
            embedded: None,
        }),
        key: &["contact_id", "id"],
        parent: Some("contacts"),
        permission: PEOPLE,
        items: &["data", "segments"],
        cursor_field: UPDATED_AT,
        fields: CONTACT_SEGMENT,
        ..BASE
    },
    Stream {
        name: "contact_subscriptions",
        paging: Paging::Children(&Children {
            parent_field: "contact_id",
            place: ChildPlace::List("/contacts/{id}/subscriptions"),
            given: Given::Always,
            embedded: None,
        }),
        key: &["contact_id", "id"],
        parent: Some("contacts"),
        permission: PEOPLE,
        fields: CONTACT_SUBSCRIPTION,
        ..BASE
    },
    Stream {
        name: "contact_notes",
        paging: Paging::Children(&Children {
            parent_field: "contact_id",
            place: ChildPlace::List("/contacts/{id}/notes"),
            given: Given::ByTime,
            embedded: Some("notes"),
        }),
        parent: Some("contacts"),
        permission: PEOPLE,
        items: &["data", "notes"],
        per_page: Some(50),
        cursor_field: CREATED_AT,
        fields: CONTACT_NOTE,
        ..BASE
    },
    Stream {
        name: "company_notes",
        paging: Paging::Children(&Children {
            parent_field: "company_id",
            place: ChildPlace::List("/companies/{id}/notes"),
            given: Given::ByTime,
            embedded: None,
        }),
        parent: Some("companies"),
        permission: PEOPLE,
        items: &["data", "notes"],
        cursor_field: CREATED_AT,
        versions: SINCE_2_15,
        fields: COMPANY_NOTE,
        ..BASE
    },
    Stream {
        name: "company_segments",
        paging: Paging::Children(&Children {
            parent_field: "company_id",
            place: ChildPlace::List("/companies/{id}/segments"),
            given: Given::Always,
            embedded: None,
        }),
        key: &["company_id", "id"],
        parent: Some("companies"),
        permission: PEOPLE,
        items: &["data", "segments"],
        cursor_field: UPDATED_AT,
        fields: COMPANY_SEGMENT,
        ..BASE
    },
    Stream {
        name: "company_contacts",
        paging: Paging::Children(&Children {
            parent_field: "company_id",
            place: ChildPlace::Links("/companies/{id}/contacts", "contact_id"),
            given: Given::Always,
            embedded: None,
        }),
        key: &["company_id", "contact_id"],
        parent: Some("companies"),
        permission: PEOPLE,
        items: &["data", "contacts"],
        per_page: Some(50),
        fields: CONTACT_COMPANY,
        ..BASE
    },
    Stream {
        name: "events",
        paging: Paging::Children(&Children {
            parent_field: "contact_id",
            place: ChildPlace::List("/events?type=user&intercom_user_id={id}"),
            given: Given::ByTime,
            embedded: None,
        }),
        parent: Some("contacts"),
        permission: "Read events",
        items: &["events", "data"],
        per_page: Some(50),
        cursor_field: CREATED_AT,
        probe: "/events?type=user&intercom_user_id=none",
        fields: EVENT,
        ..BASE
    },
    Stream {
        name: "event_summaries",
        paging: Paging::Children(&Children {
            parent_field: "contact_id",
            place: ChildPlace::List("/events?type=user&summary=true&intercom_user_id={id}"),
            given: Given::Always,
            embedded: None,
        }),
        key: &["contact_id", "name"],
        parent: Some("contacts"),
        permission: "Read events",
        items: &["events", "data"],
        cursor_field: Some("last"),
        probe: "/events?type=user&intercom_user_id=none",
        fields: EVENT_SUMMARY,
        ..BASE
    },
    Stream {
        name: "subscription_types",
        path: "/subscription_types",
        probe: "/subscription_types",
        permission: PEOPLE,
        fields: SUBSCRIPTION_TYPE,
        ..BASE
    },
    Stream {
        name: "away_status_reasons",
        path: "/away_status_reasons",
        items: &["data", "away_status_reasons"],
        probe: "/away_status_reasons",
        permission: "Read admins",
        versions: SINCE_2_14,
        fields: AWAY_STATUS_REASON,
        ..BASE
    },
    Stream {
        name: "brands",
        path: "/brands",
        detail: Some("/brands/"),
        probe: "/brands",
        permission: "Read admins",
        versions: SINCE_2_15,
        fields: BRAND,
        ..BASE
    },
    Stream {
        name: "emails",
        path: "/emails",
        detail: Some("/emails/"),
        probe: "/emails",
        permission: "Read admins",
        versions: SINCE_2_15,
        fields: EMAIL,
        ..BASE
    },
    Stream {
        name: "articles",
        path: "/articles",
        detail: Some("/articles/"),
        paging: Paging::Pages(Compare::Time),
        per_page: Some(50),
        cursor_field: UPDATED_AT,
        probe: "/articles?per_page=1",
        permission: ARTICLES,
        fields: ARTICLE,
        ..BASE
    },
    Stream {
        name: "internal_articles",
        path: "/internal_articles",
        detail: Some("/internal_articles/"),
        paging: Paging::Pages(Compare::Time),
        cursor_field: UPDATED_AT,
        probe: "/internal_articles",
        permission: ARTICLES,
        versions: SINCE_2_13,
        fields: INTERNAL_ARTICLE,
        ..BASE
    },
    Stream {
        name: "collections",
        path: "/help_center/collections",
        detail: Some("/help_center/collections/"),
        per_page: Some(50),
        probe: "/help_center/collections?per_page=1",
        permission: ARTICLES,
        fields: COLLECTION,
        ..BASE
    },
    Stream {
        name: "help_centers",
        path: "/help_center/help_centers",
        detail: Some("/help_center/help_centers/"),
        per_page: Some(50),
        probe: "/help_center/help_centers",
        permission: ARTICLES,
        fields: HELP_CENTER,
        ..BASE
    },
    Stream {
        name: "newsfeeds",
        path: "/news/newsfeeds",
        detail: Some("/news/newsfeeds/"),
        probe: "/news/newsfeeds",
        permission: "Read news",
        fields: NEWSFEED,
        ..BASE
    },
    Stream {
        name: "news_items",
        path: "/news/news_items",
        detail: Some("/news/news_items/"),
        paging: Paging::Pages(Compare::Time),
        cursor_field: UPDATED_AT,
        probe: "/news/news_items",
        permission: "Read news",
        fields: NEWS_ITEM,
        ..BASE
    },
    Stream {
        name: "macros",
        path: "/macros",
        detail: Some("/macros/"),
        per_page: Some(150),
        probe: "/macros?per_page=1",
        permission: CONVERSATIONS,
        versions: SINCE_2_16,
        fields: MACRO,
        ..BASE
    },
    Stream {
        name: "custom_object_instances",
        path: "/custom_object_instances/{type}",
        detail: Some("/custom_object_instances/"),
        paging: Paging::Pages(Compare::Time),
        per_page: Some(150),
        key: &["type", "id"],
        cursor_field: UPDATED_AT,
        permission: "Read custom object instances",
        versions: SINCE_2_16,
        fields: CUSTOM_OBJECT_INSTANCE,
        ..BASE
    },
    Stream {
        name: "content_export",
        path: "/export/content/data",
        paging: Paging::Export,
        key: &["receipt_id"],
        cursor_field: Some("received_at"),
        probe: "/export/content/data/none",
        permission: "Export content data",
        fields: CONTENT_EXPORT,
        ..BASE
    },
    Stream {
        name: "content_stats",
        paging: Paging::Told,
        key: &["content_type", "stat_type", "id"],
        cursor_field: CREATED_AT,
        permission: "Read content data",
        fields: CONTENT_STAT,
        ..BASE
    },
    Stream {
        name: "jobs",
        detail: Some("/jobs/status/"),
        paging: Paging::Told,
        permission: "Read jobs",
        versions: SINCE_2_14,
        fields: JOB,
        ..BASE
    },
];
