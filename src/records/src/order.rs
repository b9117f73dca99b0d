//! Order.

use crate::prelude::*;
use alloc::collections::BinaryHeap;

/// What is given, from the least to the greatest. The standard library's sort is faster, and 4 kB of the component for each type.
pub fn in_order<T: Ord>(items: Vec<T>) -> Vec<T> {
    BinaryHeap::from(items).into_sorted_vec()
}
