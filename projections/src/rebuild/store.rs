//! The generation that a rebuild fills, in the store.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::{TryStreamExt, stream};
use ports::PortError;
use ports::read_models::{Collection, Document, ReadModels, Write};

use super::compare::{Unsettled, get, walk};
use super::hash::CollectionHash;
use super::patience::patiently;

/// How many documents go into one commit.
const COMMIT_DOCUMENTS_MAX: usize = 2_000;
/// How many commits are under way at a time.
const COMMITS_MAX: usize = 2;

/// One generation's documents.
pub(super) struct Store {
    pub(super) collection: Collection,
    models: Arc<dyn ReadModels>,
    /// Nothing was stored yet, so that there is nothing to be read.
    is_empty: bool,
    compared: Option<Compared>,
}

/// What is known since all documents were looked at.
struct Compared {
    /// `None`: not any more.
    hash: Option<CollectionHash>,
    unsettled: Unsettled,
}

impl Store {
    pub(super) fn new(
        models: &Arc<dyn ReadModels>,
        collection: Collection,
        is_empty: bool,
    ) -> Self {
        Self { collection, models: Arc::clone(models), is_empty, compared: None }
    }

    /// The stored documents that are about to be replaced, if there may be any.
    pub(super) async fn take(
        &mut self,
        keys: impl FnOnce() -> BTreeSet<String>,
    ) -> Result<Vec<Document>, PortError> {
        if self.is_empty {
            return Ok(Vec::new());
        }
        let documents = get(&*self.models, &self.collection, keys()).await?;
        if let Some(hash) = self.compared.as_mut().and_then(|compared| compared.hash.as_mut()) {
            documents.iter().for_each(|document| hash.remove(document));
        }
        Ok(documents)
    }

    /// Stores what has become of them, in the order of their keys: neighbours lie together where they are stored, and
    /// each place is gone to once.
    pub(super) async fn put(&mut self, mut writes: Vec<Write>) -> Result<(), PortError> {
        writes.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        let (models, collection) = (&*self.models, &self.collection);
        let commits = stream::iter(writes.chunks(COMMIT_DOCUMENTS_MAX).map(Ok::<_, PortError>));
        let commit = |some| patiently(move || models.commit(collection, some, None));
        commits.try_for_each_concurrent(COMMITS_MAX, commit).await?;
        self.is_empty &= writes.is_empty();
        let Some(Compared { hash, unsettled }) = &mut self.compared else { return Ok(()) };
        for Write { key, position, body } in writes {
            unsettled.note(key.clone());
            if let Some(hash) = hash {
                hash.add(&Document { key, position, body });
            }
        }
        Ok(())
    }

    /// Somebody else writes to the documents under these keys.
    pub(super) fn is_written_past(&mut self, keys: impl Iterator<Item = String>) {
        self.is_empty = false;
        if let Some(compared) = &mut self.compared {
            compared.hash = None;
            keys.for_each(|key| compared.unsettled.note(key));
        }
    }

    /// Looks at all documents, and compares them with those of `live`, if there is such a one.
    pub(super) async fn compare(&mut self, live: Option<&Collection>) -> Result<(), PortError> {
        let (hash, unsettled) = walk(&*self.models, live, &self.collection).await?;
        self.compared = Some(Compared { hash: Some(hash), unsettled });
        Ok(())
    }

    /// Compares what was found to differ or has been written since, and tells how many documents differ still.
    pub(super) async fn compare_again(&mut self, live: &Collection) -> Result<usize, PortError> {
        let Some(Compared { unsettled, .. }) = &mut self.compared else {
            self.compare(Some(live)).await?;
            return Ok(self.unsettled());
        };
        unsettled.settle(&*self.models, live, &self.collection).await?;
        Ok(self.unsettled())
    }

    /// How many documents differed when they were last looked at, or have been written since.
    pub(super) fn unsettled(&self) -> usize {
        self.compared.as_ref().map_or(usize::MAX, |compared| compared.unsettled.len())
    }

    /// The first key of those.
    pub(super) fn first_unsettled(&self) -> Option<&String> {
        self.compared.as_ref()?.unsettled.first()
    }

    /// What all documents come to.
    pub(super) async fn hash(&self) -> Result<CollectionHash, PortError> {
        match self.compared.as_ref().and_then(|compared| compared.hash.as_ref()) {
            Some(hash) => Ok(hash.clone()),
            None => super::hash::hash(&*self.models, &self.collection).await,
        }
    }
}
