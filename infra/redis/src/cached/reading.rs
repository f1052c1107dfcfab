//! Reads: from the cache where it may be believed, else from the store.

use std::time::Duration;

use ports::PortError;
use ports::read_models::{Collection, Document};
use ports::stream::GlobalPosition;

use super::Shared;
use super::standing::Standing;
use crate::counts::CacheCounts;
use crate::entries::{ENTRIES_MAX, Place, Put};
use crate::entry::{self, Entry};
use crate::epoch::Published;

impl Shared {
    /// The progress, as it was at most `progress_ms_max` ago, with the epoch of the entries that go with it.
    pub(super) async fn look(
        &self,
        collection: &Collection,
        standing: &Standing,
    ) -> Result<Option<Published>, PortError> {
        let age_max = Duration::from_millis(self.entries.settings.progress_ms_max);
        if let Some(seen) = standing.seen(age_max) {
            return Ok(seen);
        }
        let _looking = standing.looking.lock().await;
        if let Some(seen) = standing.seen(age_max) {
            return Ok(seen);
        }
        let changes = standing.changes();
        let published = self.inner.progress(collection).await?.map(Published::told);
        standing.saw(changes, published.clone());
        Ok(published)
    }

    /// The documents, none of them older than the progress that was last seen.
    pub(super) async fn documents(
        &self,
        collection: &Collection,
        keys: &[String],
    ) -> Result<Vec<Document>, PortError> {
        if self.entries.link.is_off() || keys.is_empty() {
            return self.inner.get(collection, keys).await;
        }
        let standing = self.standings.of(collection);
        let epoch = self.look(collection, &standing).await?.and_then(|published| published.epoch);
        let Some(epoch) = epoch else { return self.inner.get(collection, keys).await };
        let place = Place { collection, epoch: &epoch };
        let mut documents = Vec::with_capacity(keys.len());
        for some in keys.chunks(ENTRIES_MAX) {
            self.some_documents(&place, some, &mut documents).await?;
        }
        Ok(documents)
    }

    async fn some_documents(
        &self,
        place: &Place<'_>,
        keys: &[String],
        documents: &mut Vec<Document>,
    ) -> Result<(), PortError> {
        let Some(entries) = self.entries.get(place, keys).await else {
            documents.extend(self.inner.get(place.collection, keys).await?);
            return Ok(());
        };
        let (mut missing, mut asked) = (Vec::new(), Vec::new());
        for (key, entry) in keys.iter().zip(entries) {
            match entry {
                Entry::Known(document) => documents.push(document),
                Entry::Absent => {}
                Entry::AskStore => asked.push(key.clone()),
                Entry::Missing => {
                    missing.push(key.as_str());
                    asked.push(key.clone());
                }
            }
        }
        let counts = &self.entries.counts;
        CacheCounts::add(&counts.hits, keys.len() - asked.len());
        CacheCounts::add(&counts.misses, asked.len());
        if !asked.is_empty() {
            documents.extend(self.fetched(place, &missing, &asked).await?);
        }
        Ok(())
    }

    /// What the store tells of `asked`; the entries that were missing are filled with it.
    ///
    /// The lease comes before the question: if it is still there afterwards, no writer has put a newer entry, and
    /// none was lost since either.
    async fn fetched(
        &self,
        place: &Place<'_>,
        missing: &[&str],
        asked: &[String],
    ) -> Result<Vec<Document>, PortError> {
        let token = self.names.fresh();
        let taken = match missing {
            [] => None,
            missing => self.entries.lease(place, missing, &token).await,
        };
        let found = self.inner.get(place.collection, asked).await?;
        let Some(taken) = taken else { return Ok(found) };
        let leased = missing.iter().zip(taken).filter_map(|(key, taken)| taken.then_some(*key));
        let puts: Vec<Put<'_>> = leased.map(|key| (key, self.entry(key, &found))).collect();
        // Whether it answers or not: the documents are told.
        self.entries.fill(place, &token, &puts).await;
        Ok(found)
    }

    fn entry(&self, key: &str, found: &[Document]) -> Vec<u8> {
        match found.iter().find(|document| document.key == key) {
            Some(Document { position, body, .. }) => self.entry_of(*position, body.as_ref()),
            None => entry::absent(),
        }
    }

    pub(super) fn entry_of(
        &self,
        position: GlobalPosition,
        body: Option<&serde_json::Value>,
    ) -> Vec<u8> {
        entry::document(position, body, self.entries.settings.entry_bytes_max)
    }
}
