//! One operation of the API: what a resource's table is made of.

use super::call::{Call, Outcome};
use super::version::ApiVersion;
use super::workspace::Workspace;

pub(crate) const JSON: &str = "application/json";
pub(crate) const OCTETS: &str = "application/octet-stream";

/// One operation of the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    /// HTTP method.
    pub(crate) method: &'static str,
    /// Path; `{…}` stands for any one part.
    pub(crate) path: &'static str,
    /// The permission it needs, and with it the stream it belongs to; empty for none.
    pub(crate) permission: &'static str,
    /// Whether it needs no token, and takes a form for its body as well as JSON.
    pub(crate) open: bool,
    /// Whether it changes something: a token may be good for reading alone.
    pub(crate) writes: bool,
    /// The first version that has it.
    pub(crate) since: ApiVersion,
    /// The last one.
    pub(crate) until: ApiVersion,
    /// The media type that the request has to accept.
    pub(crate) media_type: &'static str,
    /// Answers it.
    pub(crate) handler: fn(&Workspace, &Call) -> Outcome,
}

impl Route {
    pub(crate) const fn new(
        method: &'static str,
        path: &'static str,
        permission: &'static str,
        handler: fn(&Workspace, &Call) -> Outcome,
    ) -> Route {
        Route {
            method,
            path,
            permission,
            open: false,
            writes: false,
            since: ApiVersion::FIRST,
            until: ApiVersion::PREVIEW,
            media_type: JSON,
            handler,
        }
    }

    /// An operation that changes something.
    pub(crate) const fn write(
        method: &'static str,
        path: &'static str,
        permission: &'static str,
        handler: fn(&Workspace, &Call) -> Outcome,
    ) -> Route {
        Route {
            writes: true,
            ..Route::new(method, path, permission, handler)
        }
    }

    /// The same, up to a version.
    pub(crate) const fn until(self, until: ApiVersion) -> Route {
        Route { until, ..self }
    }

    /// The same, from a version on.
    pub(crate) const fn since(self, since: ApiVersion) -> Route {
        Route { since, ..self }
    }

    /// The same, with bytes for an answer.
    pub(crate) const fn octets(self) -> Route {
        Route {
            media_type: OCTETS,
            ..self
        }
    }

    /// An operation that needs no token, and takes a form for its body as well as JSON.
    pub(crate) const fn open(
        method: &'static str,
        path: &'static str,
        handler: fn(&Workspace, &Call) -> Outcome,
    ) -> Route {
        Route {
            open: true,
            ..Route::new(method, path, "", handler)
        }
    }

    /// The machine name of the permission, as a refusal states it.
    pub(crate) fn scope(&self) -> &'static str {
        match self.permission {
            "conversations" if self.writes => "write_conversations",
            "tickets" if self.writes => "write_tickets",
            "events" if self.writes => "write_events",
            "admins" if self.writes => "update_admins",
            "articles" | "internal_articles" | "collections" if self.writes => {
                "read_write_articles_scope"
            }
            "admins" | "teams" => "read_admins",
            "conversations" => "read_conversations",
            "tickets" => "read_tickets",
            "tags" => "read_write_tags",
            "data_attributes" => "write_data_attributes",
            "events" => "read_events",
            "away_status_reasons" => "read_admins",
            "activity_logs" => "read_admin_activity_logs",
            "articles" | "internal_articles" | "collections" | "help_centers" => {
                "read_articles_scope"
            }
            "news_items" | "newsfeeds" => "read_write_news",
            "calls" | "macros" => "read_conversations",
            "custom_objects" => "read_write_custom_object_instances",
            "brands" | "emails" => "gather_app_data",
            "content_export" => "export_content_data",
            _ => "read_write_users",
        }
    }
}
