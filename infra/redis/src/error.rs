//! What can go wrong before there is a cache. Afterwards nothing does: without Redis all goes on, uncached.

/// Why the cache cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address cannot be read.
    #[error("the address of Redis cannot be read")]
    Address(#[source] redis::RedisError),
}
