//! Read models behind a cache.

mod kept;
mod reading;
mod standing;
mod writing;

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::read_models::{
    Collection, Document, Filter, Generations, Page, Query, ReadModels, Write, WrittenDocument,
};
use serde_json::Value;

use self::standing::{Standings, Writer};
use crate::counts::CacheCounts;
use crate::entries::Entries;
use crate::epoch::{Names, Published};
use crate::{CacheSettings, OpenError};

/// `ReadModels` over others, with a cache in front of `get`.
///
/// The store that is inside keeps the epoch of the cache beside each progress: it is to be asked through this from
/// then on, with [`CacheSettings::off`] where there is no Redis.
pub struct CachedReadModels {
    shared: Arc<Shared>,
    is_direct: bool,
}

/// What all handles of one process have in common.
struct Shared {
    inner: Arc<dyn ReadModels>,
    entries: Entries,
    names: Names,
    standings: Standings,
}

impl CachedReadModels {
    /// In front of `inner`, for those who answer queries. Connects when it is first asked for something.
    ///
    /// # Errors
    /// The address of Redis cannot be read.
    pub fn new(inner: Arc<dyn ReadModels>, settings: &CacheSettings) -> Result<Self, OpenError> {
        let entries = Entries::new(settings)?;
        let shared =
            Shared { inner, entries, names: Names::new(), standings: Standings::default() };
        Ok(Self { shared: Arc::new(shared), is_direct: false })
    }

    /// The same, for projectors: what they read comes from the store, and what they write keeps the cache right.
    ///
    /// A projector folds events into what it has read. What a cache lost and found again would be folded, and would
    /// then be stored for good; so no projector may read through a cache.
    #[must_use]
    pub fn for_projectors(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), is_direct: true }
    }

    /// What the cache was good for.
    pub fn counts(&self) -> &Arc<CacheCounts> {
        &self.shared.entries.counts
    }

    /// Whether Redis is asked at the moment; if not, all goes on, uncached.
    pub fn is_on(&self) -> bool {
        !self.shared.entries.link.is_off()
    }
}

#[async_trait]
impl ReadModels for CachedReadModels {
    async fn ensure(&self, collection: &Collection) -> Result<(), PortError> {
        self.shared.inner.ensure(collection).await
    }

    async fn commit(
        &self,
        collection: &Collection,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), PortError> {
        self.shared.write(collection, writes, progress).await
    }

    async fn get(
        &self,
        collection: &Collection,
        keys: &[String],
    ) -> Result<Vec<Document>, PortError> {
        if !self.is_direct {
            return self.shared.documents(collection, keys).await;
        }
        let documents = self.shared.inner.get(collection, keys).await?;
        self.shared.standings.of(collection).note_reads(&documents);
        Ok(documents)
    }

    async fn get_written(
        &self,
        collection: &Collection,
        key: &str,
    ) -> Result<Option<WrittenDocument>, PortError> {
        if !self.is_direct {
            return self.shared.written(collection, key).await;
        }
        let documents = self.get(collection, &[key.to_owned()]).await?;
        let found = documents.into_iter().find(|document| document.key == key);
        Ok(found.map(|document| WrittenDocument::of(document.position, document.body.as_ref())))
    }

    async fn query(&self, collection: &Collection, query: &Query) -> Result<Page, PortError> {
        self.shared.inner.query(collection, query).await
    }

    async fn count_by(
        &self,
        collection: &Collection,
        filters: &[Filter],
        field: &'static str,
    ) -> Result<Vec<(Option<Value>, u64)>, PortError> {
        self.shared.inner.count_by(collection, filters, field).await
    }

    async fn progress(&self, collection: &Collection) -> Result<Option<Progress>, PortError> {
        let published = if self.is_direct {
            self.shared.inner.progress(collection).await?.map(Published::told).map(Arc::new)
        } else {
            let standing = self.shared.standings.of(collection);
            self.shared.look(collection, &standing).await?
        };
        Ok(published.map(|published| published.progress.clone()))
    }

    async fn generations(&self, name: &str) -> Result<Generations, PortError> {
        self.shared.inner.generations(name).await
    }

    async fn promote(&self, name: &str, generations: Generations) -> Result<(), PortError> {
        self.shared.inner.promote(name, generations).await
    }

    /// Its entries stay until they expire; whoever fills a collection of this name again has another epoch.
    async fn drop_collection(&self, collection: &Collection) -> Result<(), PortError> {
        let standing = self.shared.standings.of(collection);
        let mut writer = standing.writer.lock().await;
        *writer = Writer::default();
        let dropped = self.shared.inner.drop_collection(collection).await;
        standing.take_reads();
        standing.forget();
        dropped
    }
}
