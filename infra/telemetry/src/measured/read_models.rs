//! Read models whose reads and writes are measured.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::read_models::{
    Collection, Document, Filter, Generations, Page, Query, ReadModels, Write, WrittenDocument,
};
use serde_json::Value;

use super::UNAVAILABLE;
use crate::{Metrics, TraceSpan};

/// Read models whose reads and writes are measured.
pub struct MeasuredReadModels {
    inner: Arc<dyn ReadModels>,
    metrics: Arc<Metrics>,
}

impl MeasuredReadModels {
    /// Measures `inner`.
    pub fn new(inner: Arc<dyn ReadModels>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }

    async fn measured<T>(
        &self,
        operation: &'static str,
        collection: &Collection,
        working: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        let span = TraceSpan::read(operation, collection.name, &self.metrics);
        let began = Instant::now();
        let result = span.run(working).await;
        let error = result.is_err().then_some(UNAVAILABLE);
        self.metrics.operated(operation, collection.name, error, began.elapsed().as_secs_f64());
        span.end(error);
        result
    }
}

#[async_trait]
impl ReadModels for MeasuredReadModels {
    async fn ensure(&self, collection: &Collection) -> Result<(), PortError> {
        self.inner.ensure(collection).await
    }

    async fn commit(
        &self,
        collection: &Collection,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), PortError> {
        let writing = self.inner.commit(collection, writes, progress);
        self.measured("commit", collection, writing).await
    }

    async fn get(
        &self,
        collection: &Collection,
        keys: &[String],
    ) -> Result<Vec<Document>, PortError> {
        self.measured("get", collection, self.inner.get(collection, keys)).await
    }

    async fn get_written(
        &self,
        collection: &Collection,
        key: &str,
    ) -> Result<Option<WrittenDocument>, PortError> {
        self.measured("get", collection, self.inner.get_written(collection, key)).await
    }

    async fn query(&self, collection: &Collection, query: &Query) -> Result<Page, PortError> {
        self.measured("query", collection, self.inner.query(collection, query)).await
    }

    async fn count_by(
        &self,
        collection: &Collection,
        filters: &[Filter],
        field: &'static str,
    ) -> Result<Vec<(Option<Value>, u64)>, PortError> {
        let counting = self.inner.count_by(collection, filters, field);
        self.measured("count_by", collection, counting).await
    }

    async fn progress(&self, collection: &Collection) -> Result<Option<Progress>, PortError> {
        self.inner.progress(collection).await
    }

    async fn generations(&self, name: &str) -> Result<Generations, PortError> {
        self.inner.generations(name).await
    }

    async fn promote(&self, name: &str, generations: Generations) -> Result<(), PortError> {
        self.inner.promote(name, generations).await
    }

    async fn drop_collection(&self, collection: &Collection) -> Result<(), PortError> {
        self.inner.drop_collection(collection).await
    }
}
