//! What a hostile component can do: nothing to others. Every deed is a named failure of its own call.

/// A call that computes, recurses, allocates, floods or waits without end.
mod greed;
/// What is in the memory of a call, and what the host's own comes back to.
mod memory;
/// Panics in every export, and answers that make no sense.
mod nonsense;
/// Requests that leave their endpoint, and answers that are no answers.
mod requests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use host_test::call::CallError;
use host_test::plugin::Plugin;
use host_test::tenant::Tenant;
use tokio::task::JoinHandle;

use crate::hostile;

/// Another tenant of the same engine that calls all the time.
struct Neighbour {
    ended: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Neighbour {
    fn move_in(plugin: &Plugin) -> Self {
        let made = hostile::Made {
            name: "neighbour",
            ..hostile::Made::default()
        };
        let (plugin, tenant) = (plugin.clone(), made.tenant(plugin));
        let (ended, calls) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let (until, counted) = (Arc::clone(&ended), Arc::clone(&calls));
        let task = tokio::spawn(async move {
            while !until.load(Ordering::Relaxed) {
                let entries = plugin.map_record(&tenant, "rows", &[b"{}".to_vec()]).await;
                let entries = entries.expect("a neighbour's call");
                let entry = entries[0].as_ref().expect("a neighbour's entry");
                assert_eq!(entry.payload, b"{\"answer\":\"first\",\"said\":\"\"}");
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        Neighbour { ended, calls, task }
    }

    /// Says that all its calls were as ever, and that there were some since.
    async fn is_well(&self) {
        let before = self.calls.load(Ordering::Relaxed);
        while self.calls.load(Ordering::Relaxed) < before + 2 {
            assert!(!self.task.is_finished(), "the neighbour is gone");
            tokio::task::yield_now().await;
        }
    }

    async fn move_out(self) {
        self.is_well().await;
        self.ended.store(true, Ordering::Relaxed);
        self.task.await.expect("the neighbour is well");
    }
}

/// What a page says that a deed came to, or why it did not come to an end.
async fn page(plugin: &Plugin, tenant: &Tenant) -> Result<String, CallError> {
    let page = plugin.read_page(tenant, &hostile::first_page()).await?;
    let row: serde_json::Value =
        serde_json::from_slice(&page.entries[0].payload).expect("a row of the hostile component");
    Ok(row["said"].as_str().unwrap_or_default().to_owned())
}
