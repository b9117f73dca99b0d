//! The component that connections run on: each has the version that is active for it, and follows what is activated.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::components::{Components, ComponentsError, asked_by};
use crate::plugin::Plugin;

/// Where connections take their component from. Cheap to clone.
#[derive(Clone)]
pub struct ComponentSlot {
    components: Arc<Components>,
    connector: Arc<str>,
    of_all: Plugin,
}

impl ComponentSlot {
    /// The versions of a connector, which are followed from now on, whoever activates them.
    pub async fn following(
        components: Arc<Components>,
        connector: &str,
    ) -> Result<ComponentSlot, ComponentsError> {
        let of_all = components.plugin(connector, "").await?;
        if let Err(error) = components.store().grant(connector, asked_by(&of_all)) {
            tracing::warn!("the first version that is activated needs no consent: {error}");
        }
        components.watch();
        Ok(ComponentSlot {
            components,
            connector: connector.into(),
            of_all,
        })
    }

    /// The version of all connections that have none of their own.
    pub fn current(&self) -> Plugin {
        self.of_all.renewed()
    }

    /// The version of a connection. Its calls take another one as soon as that is active.
    pub(super) async fn of_connection(&self, name: &str) -> Result<Plugin, ComponentsError> {
        self.components.plugin(&self.connector, name).await
    }

    /// The cursor formats of versions that were taken back.
    pub(super) async fn given_up(&self) -> BTreeSet<u8> {
        self.components.given_up(&self.connector).await
    }

    pub(super) fn components(&self) -> &Components {
        &self.components
    }

    pub(super) fn connector(&self) -> &str {
        &self.connector
    }
}
