//! The budgets of this process: one for each rate key, whichever client, tenant or runtime asks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::RateBucket;

/// The bucket of a key, as long as anybody has it; made from `make` otherwise.
pub fn shared_bucket(key: &str, make: impl FnOnce() -> RateBucket) -> Arc<RateBucket> {
    static BUCKETS: OnceLock<Mutex<HashMap<String, Weak<RateBucket>>>> = OnceLock::new();
    let mut buckets = BUCKETS
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(bucket) = buckets.get(key).and_then(Weak::upgrade) {
        return bucket;
    }
    buckets.retain(|_, bucket| bucket.strong_count() > 0);
    let bucket = Arc::new(make());
    buckets.insert(key.to_owned(), Arc::downgrade(&bucket));
    bucket
}
