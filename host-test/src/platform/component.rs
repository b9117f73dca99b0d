//! The component that connections run on: a slot, so that it can be exchanged while they do.

use std::sync::{Arc, PoisonError, RwLock};

use crate::plugin::Plugin;

/// Where the current component is. Whoever begins something takes it from here. Cheap to clone.
#[derive(Clone)]
pub struct ComponentSlot {
    current: Arc<RwLock<Plugin>>,
}

impl ComponentSlot {
    /// A slot with a component in it.
    pub fn new(plugin: Plugin) -> ComponentSlot {
        ComponentSlot {
            current: Arc::new(RwLock::new(plugin)),
        }
    }

    /// The current component.
    pub fn current(&self) -> Plugin {
        let current = self.current.read();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
