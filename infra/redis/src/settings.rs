//! Where the cache is, how long it may take, and how long entries live.

use std::fmt;

/// How Redis is reached and used. It is one server, or one that fails over to another; no cluster.
#[derive(Clone)]
pub struct CacheSettings {
    /// `redis://:password@host:6379/0`; `None`: nothing is cached.
    pub url: Option<String>,
    /// In front of every key.
    pub key_prefix: String,
    /// How long an entry lives in Redis, and how long a process keeps it. Twice this is how old a document can be that a
    /// fail-over of Redis that lost writes brings back.
    pub entry_ms_max: u64,
    /// For how long the first reader that misses an entry may fill it. Longer than the store takes to answer.
    pub lease_ms_max: u64,
    /// Documents with more bytes are read from the store.
    pub entry_bytes_max: usize,
    /// How many bytes of entries a process keeps itself, per collection: they are good until the next commit of anybody,
    /// of which it hears with the progress. 0: none.
    pub kept_bytes_max: usize,
    /// For how long a progress that was read is told again. A reader that waits for another position hears of it this
    /// much later at most; none is told a progress that its documents do not hold.
    pub progress_ms_max: u64,
    /// How long a connection may take to open.
    pub connect_ms_max: u64,
    /// How long Redis may take to answer.
    pub response_ms_max: u64,
    /// For how long nobody asks Redis after it failed.
    pub off_ms: u64,
}

impl CacheSettings {
    /// The server at `url`, in the same data centre.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::off() }
    }

    /// No server: documents are written as with one, so that one may be added later.
    pub fn off() -> Self {
        Self {
            url: None,
            key_prefix: "atalaya:".to_owned(),
            entry_ms_max: 60_000,
            lease_ms_max: 15_000,
            entry_bytes_max: 256 * 1024,
            kept_bytes_max: 32 * 1024 * 1024,
            progress_ms_max: 5,
            connect_ms_max: 50,
            response_ms_max: 50,
            off_ms: 2_000,
        }
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for CacheSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheSettings")
            .field("key_prefix", &self.key_prefix)
            .field("entry_ms_max", &self.entry_ms_max)
            .field("lease_ms_max", &self.lease_ms_max)
            .field("entry_bytes_max", &self.entry_bytes_max)
            .field("kept_bytes_max", &self.kept_bytes_max)
            .field("progress_ms_max", &self.progress_ms_max)
            .field("connect_ms_max", &self.connect_ms_max)
            .field("response_ms_max", &self.response_ms_max)
            .field("off_ms", &self.off_ms)
            .finish_non_exhaustive()
    }
}
