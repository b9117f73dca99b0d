//! Memories that can be looked at when their instance is gone.

use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex};

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

type Ended = Arc<Mutex<Vec<Vec<u8>>>>;

/// Makes memories, and keeps what was in them at their end.
#[derive(Default)]
pub(super) struct WatchedMemories {
    ended: Ended,
}

impl WatchedMemories {
    /// What was in the memories that have ended since the last time.
    pub(super) fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.ended.lock().unwrap())
    }
}

// SAFETY: the engine was told that memories may move and have neither a reservation nor a guard, which is checked here, so its
// code compares every access with the length. The bytes are not touched before the instance is gone.
unsafe impl MemoryCreator for WatchedMemories {
    fn new_memory(
        &self,
        _type: MemoryType,
        minimum: usize,
        _maximum: Option<usize>,
        reserved_size_in_bytes: Option<usize>,
        guard_size_in_bytes: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if reserved_size_in_bytes.unwrap_or(0) > 0 || guard_size_in_bytes > 0 {
            return Err("a memory here has no reservation and no guard".to_owned());
        }
        let mut bytes = vec![0; minimum];
        Ok(Box::new(WatchedMemory {
            start: AtomicPtr::new(bytes.as_mut_ptr()),
            bytes,
            ended: Arc::clone(&self.ended),
        }))
    }
}

struct WatchedMemory {
    bytes: Vec<u8>,
    start: AtomicPtr<u8>,
    ended: Ended,
}

// SAFETY: `start` is where `bytes` begin, and all of them are there.
unsafe impl LinearMemory for WatchedMemory {
    fn byte_size(&self) -> usize {
        self.bytes.len()
    }

    fn byte_capacity(&self) -> usize {
        self.bytes.len()
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        self.bytes.resize(new_size, 0);
        *self.start.get_mut() = self.bytes.as_mut_ptr();
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.start.load(Ordering::Relaxed)
    }
}

impl Drop for WatchedMemory {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.ended.lock().unwrap().push(bytes);
    }
}
