//! Read models whose next read can be held back after it was made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::memory::MemoryReadModels;
use ports::read_models::{
    Collection, Document, Filter, Generations, Page, Query, ReadModels, Write,
};
use serde_json::Value;
use tokio::sync::Semaphore;

/// The reference adapter, with a hand on its `get`.
pub(crate) struct Held {
    pub(crate) models: MemoryReadModels,
    /// How many reads are to be held back.
    to_hold: AtomicU64,
    arrived: Semaphore,
    released: Semaphore,
    /// How many reads there were.
    pub(crate) reads: AtomicU64,
    /// How often the progress was asked for.
    pub(crate) looks: AtomicU64,
}

#[allow(dead_code, reason = "each test uses some of it")]
impl Held {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            models: MemoryReadModels::default(),
            to_hold: AtomicU64::new(0),
            arrived: Semaphore::new(0),
            released: Semaphore::new(0),
            reads: AtomicU64::new(0),
            looks: AtomicU64::new(0),
        })
    }

    /// The next read gets its documents, and returns once it is released.
    pub(crate) fn hold_next(&self) {
        self.to_hold.store(1, Ordering::SeqCst);
    }

    /// Returns when that read has its documents.
    pub(crate) async fn has_read(&self) {
        self.arrived.acquire().await.expect("it stays open").forget();
    }

    pub(crate) fn release(&self) {
        self.released.add_permits(1);
    }

    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl ReadModels for Held {
    async fn ensure(&self, collection: &Collection) -> Result<(), PortError> {
        self.models.ensure(collection).await
    }

    async fn commit(
        &self,
        collection: &Collection,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), PortError> {
        self.models.commit(collection, writes, progress).await
    }

    async fn get(
        &self,
        collection: &Collection,
        keys: &[String],
    ) -> Result<Vec<Document>, PortError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let documents = self.models.get(collection, keys).await;
        if self.to_hold.swap(0, Ordering::SeqCst) == 1 {
            self.arrived.add_permits(1);
            self.released.acquire().await.expect("it stays open").forget();
        }
        documents
    }

    async fn query(&self, collection: &Collection, query: &Query) -> Result<Page, PortError> {
        self.models.query(collection, query).await
    }

    async fn count_by(
        &self,
        collection: &Collection,
        filters: &[Filter],
        field: &'static str,
    ) -> Result<Vec<(Option<Value>, u64)>, PortError> {
        self.models.count_by(collection, filters, field).await
    }

    async fn progress(&self, collection: &Collection) -> Result<Option<Progress>, PortError> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        // A server answers after a while, in which others ask.
        tokio::task::yield_now().await;
        self.models.progress(collection).await
    }

    async fn generations(&self, name: &str) -> Result<Generations, PortError> {
        self.models.generations(name).await
    }

    async fn promote(&self, name: &str, generations: Generations) -> Result<(), PortError> {
        self.models.promote(name, generations).await
    }

    async fn drop_collection(&self, collection: &Collection) -> Result<(), PortError> {
        self.models.drop_collection(collection).await
    }
}
