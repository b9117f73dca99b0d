//! Where the state of connections is kept: small values by name space and key, changed by compare-and-swap only.

mod memory;
mod sqlite;

pub use memory::MemoryState;
pub use sqlite::SqliteState;

use crate::contract::state::{Change, Current, Swapped};

/// Bytes that a name space may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateLimits {
    /// Bytes in one value.
    pub value: usize,
    /// Bytes in all keys and values together.
    pub total: u64,
    /// Values.
    pub keys: u64,
}

/// Why a store did nothing.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The values exceed what the name space may hold.
    #[error("the state would hold {would_be} bytes, {allowed} are allowed")]
    TooLarge {
        /// Bytes that there would be.
        would_be: u64,
        /// Bytes that there may be.
        allowed: u64,
    },
    /// The values are more than the name space may hold.
    #[error("the state would hold {would_be} values, {allowed} are allowed")]
    TooMany {
        /// Values that there would be.
        would_be: u64,
        /// Values that there may be.
        allowed: u64,
    },
    /// The database does not answer.
    #[error("the state store cannot be reached: {0}")]
    Unavailable(String),
}

/// A store of state. The name space is an argument of its own and no part of the key, so no key can name another's value.
///
/// A value whose time is over is as good as absent, everywhere. Times are given by the caller, in Unix milliseconds.
pub trait StateStore: Send + Sync {
    /// The value of a key; `None` when there is none or its time is over.
    fn get(&self, namespace: &str, key: &str, now_ms: i64) -> Result<Option<Vec<u8>>, StateError>;

    /// The same, if it can be told without waiting for anybody; `None` where somebody else is at work or may be.
    fn get_at_once(&self, namespace: &str, key: &str, now_ms: i64) -> Option<Option<Vec<u8>>> {
        let at_once = !self.may_block();
        at_once
            .then(|| self.get(namespace, key, now_ms).ok())
            .flatten()
    }

    /// Changes all keys if each of them holds what is expected, else none. The keys differ from each other.
    fn swap_all(
        &self,
        namespace: &str,
        changes: &[Change],
        limits: StateLimits,
        now_ms: i64,
    ) -> Result<Swapped, StateError>;

    /// Removes all values of a name space: the connection is gone.
    fn clear(&self, namespace: &str) -> Result<(), StateError>;

    /// Whether a call may wait for a disk, so that it must not run on a thread that serves others.
    fn may_block(&self) -> bool {
        false
    }
}

pub(crate) use self::sqlite::{count_again, forget_ended};

/// When a value ends that is put there now.
fn expires_at(now_ms: i64, ttl_ms: Option<u64>) -> Option<i64> {
    ttl_ms.map(|ttl| now_ms.saturating_add(i64::try_from(ttl).unwrap_or(i64::MAX)))
}

/// An error when a name space would hold too much: it may shrink whatever it holds.
fn check_size(before: Size, after: Size, limits: StateLimits) -> Result<(), StateError> {
    if after.bytes > limits.total && after.bytes > before.bytes {
        return Err(StateError::TooLarge {
            would_be: after.bytes,
            allowed: limits.total,
        });
    }
    if after.keys > limits.keys && after.keys > before.keys {
        return Err(StateError::TooMany {
            would_be: after.keys,
            allowed: limits.keys,
        });
    }
    Ok(())
}

/// What a name space holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Size {
    bytes: u64,
    keys: u64,
}

impl Size {
    /// With one value more, or one less.
    fn changed(self, change: &Change) -> Size {
        let bytes = |value: &Option<Vec<u8>>| {
            value
                .as_deref()
                .map_or(0, |value| size_of(&change.key, value))
        };
        let (gone, come) = (&change.expected, &change.value);
        Size {
            bytes: (self.bytes + bytes(come)).saturating_sub(bytes(gone)),
            keys: (self.keys + u64::from(come.is_some())).saturating_sub(u64::from(gone.is_some())),
        }
    }
}

/// What counts towards the total.
fn size_of(key: &str, value: &[u8]) -> u64 {
    (key.len() + value.len()) as u64
}

/// The keys whose expectation does not hold, with what is there; `value_of` gives the value that is there now.
fn stale<E>(
    changes: &[Change],
    mut value_of: impl FnMut(&str) -> Result<Option<Vec<u8>>, E>,
) -> Result<Vec<Current>, E> {
    let mut stale = Vec::new();
    for change in changes {
        let value = value_of(&change.key)?;
        if value != change.expected {
            stale.push(Current {
                key: change.key.clone(),
                value,
            });
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests;
