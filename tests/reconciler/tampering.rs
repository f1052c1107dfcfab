//! Read models to which somebody does what no port can: documents vanish or change under the same position.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::memory::MemoryReadModels;
use ports::read_models::{
    Collection, Document, Filter, Generations, Page, Query, ReadModels, Write,
};
use serde_json::Value;

/// What is read in place of a document; `None`: it is gone without a trace.
type Instead = BTreeMap<(&'static str, String), Option<Document>>;

#[derive(Default)]
pub(crate) struct Tampered {
    pub(crate) inner: Arc<MemoryReadModels>,
    instead: Mutex<Instead>,
}

impl Tampered {
    pub(crate) fn delete(&self, model: &'static str, key: &str) {
        self.lock().insert((model, key.to_owned()), None);
    }

    pub(crate) fn replace(&self, model: &'static str, document: Document) {
        self.lock().insert((model, document.key.clone()), Some(document));
    }

    pub(crate) fn heal(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Instead> {
        self.instead.lock().expect("nobody panics with it in hand")
    }

    fn seen(&self, collection: &Collection, documents: Vec<Document>) -> Vec<Document> {
        let instead = self.lock();
        let seen = |document: Document| {
            let found = instead.get(&(collection.name, document.key.clone()));
            found.cloned().unwrap_or(Some(document))
        };
        documents.into_iter().filter_map(seen).collect()
    }
}

#[async_trait]
impl ReadModels for Tampered {
    async fn ensure(&self, collection: &Collection) -> Result<(), PortError> {
        self.inner.ensure(collection).await
    }

    async fn commit(
        &self,
        collection: &Collection,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), PortError> {
        self.inner.commit(collection, writes, progress).await
    }

    async fn get(
        &self,
        collection: &Collection,
        keys: &[String],
    ) -> Result<Vec<Document>, PortError> {
        Ok(self.seen(collection, self.inner.get(collection, keys).await?))
    }

    async fn query(&self, collection: &Collection, query: &Query) -> Result<Page, PortError> {
        let Page { documents, next } = self.inner.query(collection, query).await?;
        Ok(Page { documents: self.seen(collection, documents), next })
    }

    async fn count_by(
        &self,
        collection: &Collection,
        filters: &[Filter],
        field: &'static str,
    ) -> Result<Vec<(Option<Value>, u64)>, PortError> {
        self.inner.count_by(collection, filters, field).await
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
