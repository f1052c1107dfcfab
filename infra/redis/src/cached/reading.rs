//! Reads: from the cache where it may be believed, else from the store.

use std::sync::Arc;
use std::time::Duration;

use ports::PortError;
use ports::read_models::{Collection, Document, WrittenDocument};
use ports::stream::GlobalPosition;
use tokio::time::Instant;

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
    ) -> Result<Option<Arc<Published>>, PortError> {
        let age_max = Duration::from_millis(self.entries.settings.progress_ms_max);
        if let Some(seen) = standing.seen(age_max) {
            return Ok(seen);
        }
        let asked = Instant::now();
        let _looking = standing.looking.lock().await;
        // On a busy machine it takes a while until each who waited has its turn: one look is enough for all of them.
        if let Some(seen) = standing.seen(age_max).or_else(|| standing.seen_from(asked)) {
            return Ok(seen);
        }
        let (changes, began) = (standing.changes(), Instant::now());
        let published = self.inner.progress(collection).await?.map(Published::told).map(Arc::new);
        standing.saw(changes, began, published.clone());
        Ok(published)
    }

    /// One document, handed on as it was kept where that is so.
    pub(super) async fn written(
        &self,
        collection: &Collection,
        key: &str,
    ) -> Result<Option<WrittenDocument>, PortError> {
        if !self.entries.link.is_off() {
            let standing = self.standings.of(collection);
            let age_max = Duration::from_millis(self.entries.settings.entry_ms_max);
            if let Some(look) = self.look(collection, &standing).await?
                && let Some(kept) = standing.kept().get(&look, key, age_max)
            {
                self.count_kept(1);
                return Ok(kept);
            }
        }
        let found = self.documents(collection, &[key.to_owned()]).await?;
        let found = found.into_iter().find(|document| document.key == key);
        Ok(found.map(|document| WrittenDocument::of(document.position, document.body.as_ref())))
    }

    fn count_kept(&self, hits: usize) {
        CacheCounts::add(&self.entries.counts.hits, hits);
        CacheCounts::add(&self.entries.counts.kept_hits, hits);
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
        let look = self.look(collection, &standing).await?;
        let Some((look, epoch)) = look.as_ref().and_then(|look| Some((look, look.epoch.as_ref()?)))
        else {
            return self.inner.get(collection, keys).await;
        };
        let mut documents = Vec::with_capacity(keys.len());
        let unkept = self.kept(&standing, look, keys, &mut documents)?;
        let place = Place { collection, epoch };
        for some in unkept.chunks(ENTRIES_MAX) {
            documents.extend(self.some_documents(&place, &standing, look, some).await?);
        }
        Ok(documents)
    }

    /// Takes what this process has kept; tells of which keys that is nothing.
    fn kept(
        &self,
        standing: &Standing,
        look: &Published,
        keys: &[String],
        documents: &mut Vec<Document>,
    ) -> Result<Vec<String>, PortError> {
        let age_max = Duration::from_millis(self.entries.settings.entry_ms_max);
        let kept = standing.kept();
        let mut unkept = Vec::new();
        for key in keys {
            match kept.get(look, key, age_max) {
                Some(document) => documents.extend(document.map(|it| read(key, it)).transpose()?),
                None => unkept.push(key.clone()),
            }
        }
        drop(kept);
        self.count_kept(keys.len() - unkept.len());
        Ok(unkept)
    }

    async fn some_documents(
        &self,
        place: &Place<'_>,
        standing: &Standing,
        look: &Arc<Published>,
        keys: &[String],
    ) -> Result<Vec<Document>, PortError> {
        let Some(entries) = self.entries.get(place, keys).await else {
            return self.inner.get(place.collection, keys).await;
        };
        let kept_bytes_max = self.entries.settings.kept_bytes_max;
        let (mut documents, mut missing, mut asked) = (Vec::new(), Vec::new(), Vec::new());
        for (key, (entry, bytes)) in keys.iter().zip(entries) {
            let known = match entry {
                Entry::Known(document) => Some(document),
                Entry::Absent => None,
                Entry::AskStore => {
                    asked.push(key.clone());
                    continue;
                }
                Entry::Missing => {
                    missing.push(key.as_str());
                    asked.push(key.clone());
                    continue;
                }
            };
            documents.extend(known.clone().map(|it| read(key, it)).transpose()?);
            standing.kept().put(look, key, known, bytes, kept_bytes_max);
        }
        let counts = &self.entries.counts;
        CacheCounts::add(&counts.hits, keys.len() - asked.len());
        CacheCounts::add(&counts.misses, asked.len());
        if !asked.is_empty() {
            documents.extend(self.fetched(place, &missing, &asked).await?);
        }
        Ok(documents)
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

/// What was kept under `key` was seen to be JSON before.
fn read(key: &str, written: WrittenDocument) -> Result<Document, PortError> {
    let WrittenDocument { position, body } = written;
    let body = body.map(|body| serde_json::from_slice(&body)).transpose();
    let body = body.map_err(|error| PortError::new(format!("reading the cached {key}"), error))?;
    Ok(Document { key: key.to_owned(), position, body })
}
