//! The containers in which a reader stands.

use crate::prelude::*;

/// The containers that are open: for each, whether it is an object. A bit each, sixty-four at a time.
#[derive(Default)]
pub struct Containers {
    depth: usize,
    newest: u64,
    older: Vec<u64>,
}

impl Containers {
    #[inline(always)]
    pub fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.older.push(self.newest);
        }
        self.newest = self.newest << 1 | u64::from(object);
        self.depth += 1;
    }

    #[inline(always)]
    pub fn last(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.newest & 1 == 1)
    }

    #[inline(always)]
    pub fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.newest >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.newest = self.older.pop().unwrap_or_default();
        }
    }
}
