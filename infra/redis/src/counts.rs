//! What the cache was good for.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start of the process.
#[derive(Debug, Default)]
pub struct CacheCounts {
    /// Documents, or that there are none, that came from the cache.
    pub hits: AtomicU64,
    /// Those of them for which not even Redis was asked.
    pub kept_hits: AtomicU64,
    /// Keys for which the store was asked although the cache answered.
    pub misses: AtomicU64,
    /// Entries that were not put, since something newer was there or a lease was lost.
    pub refusals: AtomicU64,
    /// Times that Redis did not answer, or answered with an error.
    pub failures: AtomicU64,
    /// Times that a writer left all entries of a collection behind.
    pub epochs: AtomicU64,
}

impl CacheCounts {
    pub(crate) fn add(count: &AtomicU64, more: usize) {
        count.fetch_add(more as u64, Ordering::Relaxed);
    }
}
