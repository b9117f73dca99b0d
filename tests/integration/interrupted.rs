use std::sync::atomic::{AtomicU32, Ordering};

use host_test::call::CallError;
use host_test::contract::connector::{Page, PageRequest};
use host_test::runner::{ConnectedSource, PageSource};
use host_test::tenant::Usage;

use crate::world::World;

/// A source before one of whose pages something happens.
pub struct Interrupted<'a, F> {
    source: ConnectedSource<'a>,
    pages: AtomicU32,
    page: u32,
    event: F,
}

impl<'a, F: Fn()> Interrupted<'a, F> {
    /// Calls `event` before page number `page`, counted from 1.
    pub fn new(world: &'a World, page: u32, event: F) -> Self {
        Self {
            source: ConnectedSource {
                plugin: &world.connection.plugin,
                tenant: &world.connection.tenant,
            },
            pages: AtomicU32::new(0),
            page,
            event,
        }
    }
}

impl<F: Fn() + Sync> PageSource for Interrupted<'_, F> {
    async fn read_page(&self, request: &PageRequest) -> Result<Page, CallError> {
        if self.pages.fetch_add(1, Ordering::SeqCst) + 1 == self.page {
            (self.event)();
        }
        self.source.read_page(request).await
    }

    fn usage(&self) -> Usage {
        self.source.usage()
    }

    fn workspace_id(&self) -> Option<String> {
        self.source.workspace_id()
    }

    fn api_version(&self) -> Option<String> {
        self.source.api_version()
    }
}
