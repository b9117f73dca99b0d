//! What the kinds of the catalogue differ in.

use serde_json::Value;

use super::catalogue::CatalogueKind as Kind;
use super::options::Options;
use super::shelf::Item;
use super::version::ApiVersion;
use super::workspace::Workspace;
use super::{
    activity_logs, calls, custom_objects, help_center, macros, news, subscriptions,
    workspace_settings as settings,
};

/// How an object is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) version: ApiVersion,
    /// Whether it is one of a list, which may show less of it.
    pub(crate) listed: bool,
}

/// A kind of object.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    /// Where the API lists them.
    pub(crate) path: &'static str,
    /// The id of the first one; those of the others count up from it.
    pub(crate) first_id: u64,
    /// How many are generated.
    pub(crate) count: fn(&Options) -> u64,
    /// How many a page has unless the request says otherwise, and at most.
    pub(crate) page: (usize, usize),
    /// What the API says when there is none with an id.
    pub(crate) missing: &'static str,
    pub(crate) render: fn(&Workspace, &Item, View) -> Value,
}

impl Row {
    /// An object as the API shows it: what it is by itself, and over it what was written of what the version has.
    pub(crate) fn show(&self, workspace: &Workspace, item: &Item, view: View) -> Value {
        let mut shown = (self.render)(workspace, item, view);
        for (name, value) in item.fields.iter().flat_map(|fields| fields.iter()) {
            if let Some(place) = shown.get_mut(name) {
                place.clone_from(value);
            }
        }
        shown
    }
}

/// Nobody said how large the pages of these lists can be.
const LARGEST: usize = 150;
/// Lists that are not paged.
const WHOLE: (usize, usize) = (usize::MAX, usize::MAX);
const NOT_FOUND: &str = "Resource Not Found";

/// Every kind, in the order of the enumeration.
pub(crate) static TABLE: [Row; 14] = [
    Row {
        kind: Kind::Articles,
        path: "/articles",
        first_id: 39,
        count: |options| options.catalogue.articles,
        page: (25, LARGEST),
        missing: NOT_FOUND,
        render: help_center::article,
    },
    Row {
        kind: Kind::InternalArticles,
        path: "/internal_articles",
        first_id: 7_039,
        count: |options| options.catalogue.internal_articles,
        page: (25, LARGEST),
        missing: NOT_FOUND,
        render: help_center::internal_article,
    },
    Row {
        kind: Kind::Collections,
        path: "/help_center/collections",
        first_id: 159,
        count: |options| options.catalogue.collections,
        page: (20, LARGEST),
        missing: NOT_FOUND,
        render: help_center::collection,
    },
    Row {
        kind: Kind::HelpCenters,
        path: "/help_center/help_centers",
        first_id: help_center::FIRST_HELP_CENTER_ID,
        count: |_| help_center::HELP_CENTERS,
        page: WHOLE,
        missing: NOT_FOUND,
        render: help_center::help_center,
    },
    Row {
        kind: Kind::NewsItems,
        path: "/news/news_items",
        first_id: 29,
        count: |options| options.catalogue.news_items,
        page: (10, LARGEST),
        missing: NOT_FOUND,
        render: news::item,
    },
    Row {
        kind: Kind::Newsfeeds,
        path: "/news/newsfeeds",
        first_id: news::FIRST_FEED_ID,
        count: |_| news::FEEDS,
        page: (10, LARGEST),
        missing: NOT_FOUND,
        render: news::feed,
    },
    Row {
        kind: Kind::Calls,
        path: "/calls",
        first_id: 123,
        count: |options| options.catalogue.calls,
        page: (25, 25),
        missing: "Not Found",
        render: calls::call,
    },
    Row {
        kind: Kind::CustomObjects,
        path: "/custom_object_instances",
        first_id: 22,
        count: |options| options.catalogue.custom_objects,
        page: (20, 150),
        missing: NOT_FOUND,
        render: custom_objects::instance,
    },
    Row {
        kind: Kind::Macros,
        path: "/macros",
        first_id: 456,
        count: |options| options.catalogue.macros,
        page: (50, 150),
        missing: "Macro not found",
        render: macros::saved_reply,
    },
    Row {
        kind: Kind::Brands,
        path: "/brands",
        first_id: settings::FIRST_BRAND_ID,
        count: |_| settings::BRANDS,
        page: WHOLE,
        missing: "Brand not found",
        render: settings::brand,
    },
    Row {
        kind: Kind::Emails,
        path: "/emails",
        first_id: settings::FIRST_EMAIL_ID,
        count: |_| 3,
        page: WHOLE,
        missing: "Email setting not found",
        render: settings::email,
    },
    Row {
        kind: Kind::AwayStatusReasons,
        path: "/away_status_reasons",
        first_id: 1,
        count: |_| 4,
        page: WHOLE,
        missing: NOT_FOUND,
        render: settings::away_status_reason,
    },
    Row {
        kind: Kind::SubscriptionTypes,
        path: "/subscription_types",
        first_id: subscriptions::FIRST_TYPE_ID,
        count: |options| u64::from(options.subscription_types),
        page: WHOLE,
        missing: NOT_FOUND,
        render: settings::subscription_type,
    },
    Row {
        kind: Kind::ActivityLogs,
        path: "/admins/activity_logs",
        first_id: 1,
        count: |options| options.catalogue.activity_logs,
        page: (20, LARGEST),
        missing: NOT_FOUND,
        render: activity_logs::entry,
    },
];
