//! One operation of the API: what a resource's table is made of.

use super::call::{Call, Outcome};
use super::version::ApiVersion;
use super::workspace::Workspace;

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
    /// The first version that has it; none when all have it.
    pub(crate) since: Option<ApiVersion>,
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
            since: None,
            handler,
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

    /// An operation that versions have from one on.
    pub(crate) const fn since(version: ApiVersion, route: Route) -> Route {
        Route {
            since: Some(version),
            ..route
        }
    }

    /// The machine name of the permission, as a refusal states it.
    pub(crate) fn scope(&self) -> &'static str {
        match self.permission {
            "admins" | "teams" => "read_admins",
            "conversations" => "read_conversations",
            "tickets" => "read_tickets",
            "tags" => "read_write_tags",
            "data_attributes" => "write_data_attributes",
            _ => "read_write_users",
        }
    }
}
