//! State in memory: for tests and for runs that keep nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Size, StateError, StateLimits, StateStore, check_size, expires_at, size_of, stale};
use crate::contract::state::{Change, Swapped};

/// A value and its end.
struct Held {
    value: Vec<u8>,
    expires_at_ms: Option<i64>,
}

impl Held {
    fn is_over(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|end| end <= now_ms)
    }
}

/// State that ends with the process.
#[derive(Default)]
pub struct MemoryState {
    namespaces: Mutex<HashMap<String, BTreeMap<String, Held>>>,
}

impl MemoryState {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A thread that panicked while it held the lock left no half-made change: changes are made after all checks.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, BTreeMap<String, Held>>> {
        self.namespaces
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for MemoryState {
    fn get(&self, namespace: &str, key: &str, now_ms: i64) -> Result<Option<Vec<u8>>, StateError> {
        let namespaces = self.lock();
        let held = namespaces.get(namespace).and_then(|values| values.get(key));
        Ok(held
            .filter(|held| !held.is_over(now_ms))
            .map(|held| held.value.clone()))
    }

    fn swap_all(
        &self,
        namespace: &str,
        changes: &[Change],
        limits: StateLimits,
        now_ms: i64,
    ) -> Result<Swapped, StateError> {
        let mut namespaces = self.lock();
        let values = namespaces.entry(namespace.to_owned()).or_default();
        values.retain(|_, held| !held.is_over(now_ms));

        let stale = stale(changes, |key| {
            Ok::<_, StateError>(values.get(key).map(|held| held.value.clone()))
        })?;
        if !stale.is_empty() {
            return Ok(Swapped::Stale(stale));
        }

        let sizes = values.iter().map(|(key, held)| size_of(key, &held.value));
        let before = Size {
            bytes: sizes.sum(),
            keys: values.len() as u64,
        };
        check_size(before, changes.iter().fold(before, Size::changed), limits)?;

        for change in changes {
            match &change.value {
                Some(value) => {
                    let expires_at_ms = expires_at(now_ms, change.ttl_ms);
                    let held = Held {
                        value: value.clone(),
                        expires_at_ms,
                    };
                    values.insert(change.key.clone(), held);
                }
                None => {
                    values.remove(&change.key);
                }
            }
        }
        Ok(Swapped::Done)
    }

    fn clear(&self, namespace: &str) -> Result<(), StateError> {
        self.lock().remove(namespace);
        Ok(())
    }
}
