//! Writes: the documents, then their entries, then the progress.

use std::collections::HashMap;

use ports::PortError;
use ports::checkpoint::Progress;
use ports::read_models::{Collection, Write};
use ports::stream::GlobalPosition;
use tracing::debug;

use super::Shared;
use super::standing::{Standing, Unsettled, Writer};
use crate::counts::CacheCounts;
use crate::entries::{Place, Put};
use crate::entry;
use crate::epoch::{Epoch, Published};
use crate::kill_points::{AFTER_PROGRESS, BEFORE_PROGRESS, BEFORE_PUT, kill_point};

impl Shared {
    pub(super) async fn write(
        &self,
        collection: &Collection,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), PortError> {
        let standing = self.standings.of(collection);
        let commit = Unsettled::of(&standing);
        if !writes.is_empty() {
            self.inner.commit(collection, writes, None).await?;
        }
        kill_point(BEFORE_PUT);
        let mut writer = standing.writer.lock().await;
        self.publish(collection, &standing, &mut writer, writes, progress).await?;
        commit.settled();
        Ok(())
    }

    /// Makes the entries agree with the documents, then lets the progress be seen.
    async fn publish(
        &self,
        collection: &Collection,
        standing: &Standing,
        writer: &mut Writer,
        writes: &[Write],
        progress: Option<&Progress>,
    ) -> Result<(), PortError> {
        let reads = standing.take_reads();
        let is_unsettled = standing.settle();
        if is_unsettled || writer.epoch.is_none() || writer.link != self.entries.link.number() {
            self.leave(collection, writer);
        }
        let changes_nothing = writes.is_empty() && reads.is_empty();
        let published = match progress.filter(|progress| is_cached(progress)) {
            Some(progress) if writer.leads_to(progress) => Some(progress.clone()),
            None if changes_nothing && writer.is_published => None,
            // Readers learn of any change by the revision in the progress that there is.
            wanted => further(wanted.cloned(), self.stored(collection, writer).await?),
        };
        // Nobody reads entries of a collection that has not come anywhere yet.
        if published.is_some() && self.put(collection, writer, writes, &reads).await.is_none() {
            self.leave(collection, writer);
        }
        kill_point(BEFORE_PROGRESS);
        if let Some(progress) = published {
            writer.revision += 1;
            let (epoch, revision) = (writer.epoch.clone(), writer.revision);
            let position = progress.position;
            let stored = Published { progress, epoch, revision }.stored();
            writer.is_published = false;
            self.inner.commit(collection, &[], Some(&stored)).await?;
            writer.is_published = true;
            writer.position = position;
            standing.forget();
        } else if let Some(begun) = progress.filter(|progress| !is_cached(progress)) {
            self.inner.commit(collection, &[], Some(begun)).await?;
            standing.forget();
        }
        kill_point(AFTER_PROGRESS);
        Ok(())
    }

    /// The progress that there is. Another writer may have told it: its events are in the store, but not in the entries
    /// of this one, which are left then.
    async fn stored(
        &self,
        collection: &Collection,
        writer: &mut Writer,
    ) -> Result<Option<Progress>, PortError> {
        let Some(stored) = self.inner.progress(collection).await?.map(Published::told) else {
            return Ok(None);
        };
        if writer.is_published && stored.epoch != writer.epoch {
            self.leave(collection, writer);
        }
        Ok(Some(stored.progress).filter(is_cached))
    }

    /// Leaves all entries behind: those under the new epoch are none.
    fn leave(&self, collection: &Collection, writer: &mut Writer) {
        let Collection { name, generation, .. } = collection;
        let epoch = self.names.fresh();
        debug!(name, generation, epoch, "a new epoch of cached documents begins");
        CacheCounts::add(&self.entries.counts.epochs, 1);
        *writer = Writer {
            epoch: Some(Epoch(epoch)),
            revision: 0,
            is_published: false,
            position: GlobalPosition(0),
            link: self.entries.link.number(),
        };
    }

    /// Puts the entries of what was written. What was read and not written may have been written by somebody else, who
    /// kept another epoch: entries that are older than it go. `None`: it is not known whether all this happened.
    async fn put(
        &self,
        collection: &Collection,
        writer: &mut Writer,
        writes: &[Write],
        reads: &HashMap<String, GlobalPosition>,
    ) -> Option<()> {
        let mut newest: HashMap<&str, &Write> = HashMap::with_capacity(writes.len());
        for write in writes {
            let known = newest.entry(&write.key).or_insert(write);
            if known.position < write.position {
                *known = write;
            }
        }
        let only_read = reads.iter().filter(|(key, _)| !newest.contains_key(key.as_str()));
        let mut puts: Vec<Put<'_>> = only_read
            .map(|(key, position)| (key.as_str(), entry::outdated_below(*position)))
            .collect();
        puts.extend(newest.into_values().map(|Write { key, position, body }| {
            (key.as_str(), self.entry_of(*position, body.as_ref()))
        }));
        if puts.is_empty() {
            return Some(());
        }
        let epoch = writer.epoch.clone()?;
        self.entries.put(&Place { collection, epoch: &epoch }, &puts).await?;
        if writer.link == self.entries.link.number() {
            return Some(());
        }
        // The connection is new. Under a new epoch that nobody has seen there is nothing that could have been lost.
        writer.link = self.entries.link.number();
        (!writer.is_published).then_some(())
    }
}

/// A progress that is behind the stored one would not be taken on, and with it neither epoch nor revision.
fn further(wanted: Option<Progress>, stored: Option<Progress>) -> Option<Progress> {
    match (wanted, stored) {
        (Some(wanted), Some(stored)) if stored.position > wanted.position => Some(stored),
        (wanted, stored) => wanted.or(stored),
    }
}

/// At position 0 a collection is being filled, and there is nobody to read it.
fn is_cached(progress: &Progress) -> bool {
    progress.position > GlobalPosition(0)
}
