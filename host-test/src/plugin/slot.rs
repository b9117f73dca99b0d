//! The place from which calls take their code, and what becomes of code that was there.

use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use super::code::{Code, Described};
use super::tally::Counted;

/// How often somebody who waits for the last call of a version looks.
const LOOK: Duration = Duration::from_millis(2);

/// One version at a time.
pub(super) struct Slot {
    current: RwLock<Arc<Code>>,
}

impl Slot {
    pub(super) fn new(code: Arc<Code>) -> Self {
        Self {
            current: RwLock::new(code),
        }
    }

    /// The version that is there now. A call takes it once and looks at the slot no more.
    pub(super) fn current(&self) -> Arc<Code> {
        // Nothing is done under the lock that could panic.
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a version there, and gives the one that was.
    pub(super) fn put(&self, next: Arc<Code>) -> Arc<Code> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, next)
    }
}

/// A version that is watched and not held: it is drained when no slot has it and no call runs in it.
#[derive(Clone)]
pub struct Retired {
    described: Arc<Described>,
    code: Weak<Code>,
}

impl Retired {
    pub(super) fn new(code: &Arc<Code>) -> Self {
        Self {
            described: Arc::clone(&code.described),
            code: Arc::downgrade(code),
        }
    }

    /// What is known of it.
    pub fn described(&self) -> &Described {
        &self.described
    }

    /// Whether its code is freed.
    pub fn is_drained(&self) -> bool {
        self.code.strong_count() == 0
    }

    /// What its calls came to; absent when it is drained.
    pub fn counted(&self) -> Option<Counted> {
        self.code.upgrade().map(|code| code.tally.counted())
    }

    /// Waits until its code is freed.
    pub async fn drained(&self) {
        while !self.is_drained() {
            tokio::time::sleep(LOOK).await;
        }
    }
}
