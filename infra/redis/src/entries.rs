//! The entries of one collection under one epoch.

use std::sync::Arc;

use bytes::Bytes;
use ports::read_models::Collection;
use redis::{Cmd, Pipeline, Script};

use crate::counts::CacheCounts;
use crate::entry::{self, Entry};
use crate::epoch::Epoch;
use crate::error::OpenError;
use crate::link::Link;
use crate::settings::CacheSettings;

const PUT: &str = include_str!("../lua/put.lua");
const FILL: &str = include_str!("../lua/fill.lua");

/// How many entries are asked for, or put, at a time: Redis does nothing else meanwhile.
pub(crate) const ENTRIES_MAX: usize = 500;

/// How many bytes are put at a time, unless it is a single entry.
const PUT_BYTES_MAX: usize = 1024 * 1024;

/// A document's key, and the bytes of its entry.
pub(crate) type Put<'a> = (&'a str, Vec<u8>);

/// Redis, as a place for entries. `None` from any of these: it did not answer.
pub(crate) struct Entries {
    pub(crate) link: Link,
    pub(crate) counts: Arc<CacheCounts>,
    pub(crate) settings: CacheSettings,
    put: Script,
    fill: Script,
}

impl Entries {
    pub(crate) fn new(settings: &CacheSettings) -> Result<Self, OpenError> {
        let counts = Arc::new(CacheCounts::default());
        Ok(Self {
            link: Link::new(settings, &counts)?,
            counts,
            settings: settings.clone(),
            put: Script::new(PUT),
            fill: Script::new(FILL),
        })
    }

    /// What is known under these keys, in their order, and how many bytes that took.
    pub(crate) async fn get(
        &self,
        place: &Place<'_>,
        keys: &[String],
    ) -> Option<Vec<(Entry, usize)>> {
        let read = |bytes: Option<Vec<u8>>| {
            let length = bytes.as_ref().map_or(0, Vec::len);
            (Entry::read(bytes.map(Bytes::from)), length)
        };
        if let [key] = keys {
            let bytes: Option<Vec<u8>> = self.link.ask(&Cmd::get(self.name(place, key))).await?;
            return Some(vec![read(bytes)]);
        }
        let names: Vec<String> = keys.iter().map(|key| self.name(place, key)).collect();
        let found: Vec<Option<Vec<u8>>> = self.link.ask(&Cmd::mget(names)).await?;
        Some(found.into_iter().map(read).collect())
    }

    /// Takes the places of missing entries; tells which ones nobody else had taken.
    pub(crate) async fn lease(
        &self,
        place: &Place<'_>,
        keys: &[&str],
        token: &str,
    ) -> Option<Vec<bool>> {
        let mut commands = Pipeline::with_capacity(keys.len());
        for key in keys {
            commands.cmd("SET").arg(self.name(place, key)).arg(entry::lease(token)).arg("NX");
            commands.arg("PX").arg(self.settings.lease_ms_max);
        }
        let taken: Vec<Option<String>> = self.link.ask_all(&commands).await?;
        Some(taken.iter().map(Option::is_some).collect())
    }

    /// Puts what the store told where the lease still is.
    pub(crate) async fn fill(
        &self,
        place: &Place<'_>,
        token: &str,
        found: &[Put<'_>],
    ) -> Option<()> {
        for some in pieces(found) {
            let mut script = self.fill.prepare_invoke();
            script.arg(self.settings.entry_ms_max).arg(entry::lease(token));
            for (key, bytes) in some {
                script.key(self.name(place, key)).arg(bytes.as_slice());
            }
            let refused = self.link.run(&script).await?;
            CacheCounts::add(&self.counts.refusals, refused);
        }
        Some(())
    }

    /// Puts what was written, unless what is there is newer.
    pub(crate) async fn put(&self, place: &Place<'_>, written: &[Put<'_>]) -> Option<()> {
        for some in pieces(written) {
            let mut script = self.put.prepare_invoke();
            script.arg(self.settings.entry_ms_max);
            for (key, bytes) in some {
                script.key(self.name(place, key)).arg(bytes.as_slice());
            }
            let refused = self.link.run(&script).await?;
            CacheCounts::add(&self.counts.refusals, refused);
        }
        Some(())
    }

    fn name(&self, Place { collection, epoch }: &Place<'_>, key: &str) -> String {
        let Collection { name, generation, .. } = collection;
        format!("{}{name}.{generation}:{}:{key}", self.settings.key_prefix, epoch.0)
    }
}

/// Where entries are.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) collection: &'a Collection,
    pub(crate) epoch: &'a Epoch,
}

/// Cuts what is to be put so that no piece keeps Redis busy for long.
fn pieces<'a, 'b>(all: &'a [Put<'b>]) -> impl Iterator<Item = &'a [Put<'b>]> {
    let mut rest = all;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |(_, entry): &&Put<'_>| {
            bytes += entry.len();
            bytes <= PUT_BYTES_MAX
        };
        let fitting = rest.iter().take(ENTRIES_MAX).take_while(fits).count();
        let (piece, later) = rest.split_at(fitting.max(1).min(rest.len()));
        rest = later;
        Some(piece).filter(|piece| !piece.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(sizes: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let puts: Vec<Put<'_>> = sizes.into_iter().map(|bytes| ("k", vec![b'x'; bytes])).collect();
        pieces(&puts).map(<[Put<'_>]>::len).collect()
    }

    #[test]
    fn pieces_are_bounded_in_number_and_size() {
        assert!(lengths([]).is_empty());
        assert_eq!(lengths([1; 2 * ENTRIES_MAX + 1]), [ENTRIES_MAX, ENTRIES_MAX, 1]);
        assert_eq!(lengths([1, PUT_BYTES_MAX, PUT_BYTES_MAX + 1, 2, 3]), [1, 1, 1, 2]);
    }
}
