//! Where pages come from.

use std::future::Future;

use crate::call::CallError;
use crate::contract::connector::{Formats, Page, PageRequest};
use crate::plugin::Plugin;
use crate::tenant::{Tenant, Usage};

/// Gives pages, and counts what they cost.
pub trait PageSource {
    /// Reads one page.
    fn read_page(
        &self,
        request: &PageRequest,
    ) -> impl Future<Output = Result<Page, CallError>> + Send;

    /// What has been used so far.
    fn usage(&self) -> Usage;

    /// The cursor formats of the version that the next page comes from, where versions change while pages are read.
    fn cursor_formats(&self) -> Option<Formats> {
        None
    }

    /// The workspace, when it is known: exclusive streams are locked by it.
    fn workspace_id(&self) -> Option<String>;

    /// The API version in force, when it is known.
    fn api_version(&self) -> Option<String>;

    /// The connection's name: others who want the same see it.
    fn connection_name(&self) -> String {
        "unnamed".to_owned()
    }

    /// Where the provider is: workspaces of different places are never the same.
    fn place(&self) -> String {
        String::new()
    }
}

/// The component, with one tenant's connection.
#[derive(Clone, Copy)]
pub struct ConnectedSource<'a> {
    /// The component.
    pub plugin: &'a Plugin,
    /// The connection.
    pub tenant: &'a Tenant,
}

impl PageSource for ConnectedSource<'_> {
    fn read_page(
        &self,
        request: &PageRequest,
    ) -> impl Future<Output = Result<Page, CallError>> + Send {
        self.plugin.read_page(self.tenant, request)
    }

    fn usage(&self) -> Usage {
        self.tenant.usage()
    }

    fn cursor_formats(&self) -> Option<Formats> {
        Some(self.plugin.renewed().descriptor().cursor_formats.clone())
    }

    fn workspace_id(&self) -> Option<String> {
        let account = self.tenant.connection().account.as_ref();
        account.map(|account| account.workspace_id.clone())
    }

    fn api_version(&self) -> Option<String> {
        let account = self.tenant.connection().account.as_ref();
        account.and_then(|account| account.api_version.clone())
    }

    fn connection_name(&self) -> String {
        self.tenant.name().to_owned()
    }

    fn place(&self) -> String {
        self.tenant.place().to_owned()
    }
}
