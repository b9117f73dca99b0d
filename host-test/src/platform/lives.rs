//! Connections that are open: with their output, their state and, where webhooks are taken, their queue. A connection is
//! opened when there is something to do for it and closed a while after that, so that those that do nothing cost nothing.

mod live;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt as _};
use tokio::sync::Mutex as AsyncMutex;

pub(super) use self::live::{Live, OpenProblem, Opening};
use crate::alerts;
use crate::metrics;

/// How long a connection stays open that nobody uses.
const KEEP_OPEN: Duration = Duration::from_secs(20);

/// Connections that stay open without being used; beyond that, those are closed first that were used longest ago.
const MOST_UNUSED: usize = 32;

/// Connections that are closed at a time. Each has a thread that waits for the disk, and each thread memory of its own.
const CLOSED_AT_A_TIME: usize = 8;

/// How often to look whether a connection is free that is to be closed.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// One connection's place.
struct Slot {
    live: AsyncMutex<Option<Arc<Live>>>,
    /// When it was used last, in milliseconds since the pool was made.
    used: AtomicU64,
}

/// All that are open.
pub(super) struct Lives {
    slots: Mutex<HashMap<String, Arc<Slot>>>,
    began: Instant,
}

impl Lives {
    pub(super) fn new() -> Lives {
        Lives {
            slots: Mutex::default(),
            began: Instant::now(),
        }
    }

    /// The open connection of a name, opened when it is not. Whoever holds it keeps it open.
    pub(super) async fn get(
        &self,
        name: &str,
        opening: impl FnOnce() -> Result<Opening, OpenProblem>,
    ) -> Result<Arc<Live>, OpenProblem> {
        let slot = self.slot(name);
        let mut place = slot.live.lock().await;
        slot.used.store(self.now(), Relaxed);
        if let Some(live) = place.as_ref()
            && !live.is_outdated()
        {
            return Ok(Arc::clone(live));
        }
        close(&mut place).await;
        let live = Arc::new(Live::open(opening()?).await?);
        *place = Some(Arc::clone(&live));
        Ok(live)
    }

    /// Closes a connection, when those who use it now are done with it; nobody can open it before that.
    pub(super) async fn close(&self, name: &str) {
        close(&mut *self.slot(name).live.lock().await).await;
    }

    /// Closes a connection and forgets its place, and what it was watched for.
    pub(super) async fn forget(&self, name: &str) {
        if let Some(live) = self.slot(name).live.lock().await.as_ref() {
            live.stop_posting();
        }
        self.close(name).await;
        self.lock().remove(name);
        alerts::forget(name);
        metrics::forget(name);
    }

    /// Closes those that have been unused for a while, or are too many.
    pub(super) async fn tidy(&self) {
        let mut unused: Vec<(u64, Arc<Slot>)> = Vec::new();
        let slots: Vec<Arc<Slot>> = self.lock().values().cloned().collect();
        for slot in slots {
            // Whoever has it is using it.
            let Ok(place) = slot.live.try_lock() else {
                continue;
            };
            let free = place
                .as_ref()
                .is_some_and(|live| Arc::strong_count(live) == 1 && !live.has_work());
            drop(place);
            if free {
                unused.push((slot.used.load(Relaxed), slot));
            }
        }
        unused.sort_by_key(|(used, _)| *used);
        let too_many = unused.len().saturating_sub(MOST_UNUSED);
        let keep = u64::try_from(KEEP_OPEN.as_millis()).unwrap_or(u64::MAX);
        let before = self.now().saturating_sub(keep);
        let over = unused.into_iter().enumerate();
        let over = over.filter(|(index, (used, _))| *index < too_many || *used < before);
        let closing = stream::iter(over).map(|(_, (_, slot))| async move {
            if let Ok(mut place) = slot.live.try_lock()
                && place
                    .as_ref()
                    .is_some_and(|live| Arc::strong_count(live) == 1)
            {
                close(&mut place).await;
            }
        });
        closing.buffer_unordered(CLOSED_AT_A_TIME).count().await;
    }

    /// Ends what they are posting.
    pub(super) fn stop_posting(&self) {
        for slot in self.lock().values() {
            // One that is just being opened posts nothing.
            if let Ok(place) = slot.live.try_lock()
                && let Some(live) = place.as_ref()
            {
                live.stop_posting();
            }
        }
    }

    /// Closes all of them; gives how many deliveries wait in their queues.
    pub(super) async fn close_all(&self) -> u64 {
        let slots: Vec<Arc<Slot>> = self.lock().drain().map(|(_, slot)| slot).collect();
        let mut closing = tokio::task::JoinSet::new();
        for slot in slots {
            closing.spawn(async move { close(&mut *slot.live.lock().await).await });
        }
        let mut waiting = 0;
        while let Some(left) = closing.join_next().await {
            waiting += left.unwrap_or(0);
        }
        waiting
    }

    /// How many are open.
    pub(super) fn count(&self) -> usize {
        let slots = self.lock();
        let open = slots
            .values()
            .filter(|slot| slot.live.try_lock().map_or(true, |place| place.is_some()));
        open.count()
    }

    fn slot(&self, name: &str) -> Arc<Slot> {
        let mut slots = self.lock();
        if let Some(slot) = slots.get(name) {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot {
            live: AsyncMutex::new(None),
            used: AtomicU64::new(self.now()),
        });
        slots.insert(name.to_owned(), Arc::clone(&slot));
        slot
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Waits until nobody else has it, and closes it; gives how many deliveries wait in its queue.
async fn close(place: &mut Option<Arc<Live>>) -> u64 {
    let Some(mut live) = place.take() else {
        return 0;
    };
    loop {
        match Arc::try_unwrap(live) {
            Ok(live) => return live.close().await,
            Err(shared) => live = shared,
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}
