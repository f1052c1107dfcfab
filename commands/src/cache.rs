//! Folded aggregates in memory, so that a long stream is not read for every command.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use uuid::Uuid;

use crate::history::Folded;

/// At most so many aggregates; those that were not asked for lately go first.
///
/// Two generations instead of a list in order of use: what is used moves into the young one, and when that is full
/// the old one is dropped as a whole. What is in here may be out of date: its user proves it.
pub(crate) struct Cache<A> {
    generations: Mutex<Generations<A>>,
    generation_max: usize,
}

struct Generations<A> {
    young: HashMap<Uuid, Known<A>>,
    old: HashMap<Uuid, Known<A>>,
}

/// An aggregate as it was at some moment.
pub(crate) struct Known<A> {
    pub(crate) folded: Arc<Folded<A>>,
    /// It was up to date at this moment, or later.
    pub(crate) seen_at: Instant,
}

impl<A> Clone for Known<A> {
    fn clone(&self) -> Self {
        Self { folded: Arc::clone(&self.folded), seen_at: self.seen_at }
    }
}

impl<A> Cache<A> {
    pub(crate) fn new(aggregates_max: usize) -> Self {
        let generations = Generations { young: HashMap::new(), old: HashMap::new() };
        Self { generations: Mutex::new(generations), generation_max: aggregates_max / 2 }
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<Known<A>> {
        let mut generations = self.lock();
        if let Some(known) = generations.young.get(&id) {
            return Some(known.clone());
        }
        let known = generations.old.remove(&id)?;
        generations.insert(id, known.clone(), self.generation_max);
        Some(known)
    }

    /// Of two states of one aggregate the newer one stays. What has no events yet is not kept, so that requests for
    /// made-up ids push nothing out.
    pub(crate) fn put(&self, id: Uuid, folded: Arc<Folded<A>>, seen_at: Instant) {
        if folded.version.0 == 0 {
            return;
        }
        let mut generations = self.lock();
        let old = generations.old.remove(&id);
        let present = generations.young.remove(&id).or(old);
        let newer = present
            .filter(|known| (known.folded.version, known.seen_at) > (folded.version, seen_at));
        let known = newer.unwrap_or(Known { folded, seen_at });
        generations.insert(id, known, self.generation_max);
    }

    pub(crate) fn forget(&self, id: Uuid) {
        let mut generations = self.lock();
        generations.young.remove(&id);
        generations.old.remove(&id);
    }

    /// Held for one step, never across an await. Every step leaves the maps whole, whatever panics around it.
    fn lock(&self) -> MutexGuard<'_, Generations<A>> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<A> Generations<A> {
    fn insert(&mut self, id: Uuid, known: Known<A>, generation_max: usize) {
        if self.young.len() >= generation_max {
            self.old = mem::take(&mut self.young);
        }
        if generation_max > 0 {
            self.young.insert(id, known);
        }
    }
}

#[cfg(test)]
mod tests {
    use ports::stream::{GlobalPosition, StreamVersion};

    use super::*;

    fn at(version: u64) -> Arc<Folded<&'static str>> {
        let (version, position) = (StreamVersion(version), GlobalPosition(version));
        Arc::new(Folded { state: "as it was", version, position })
    }

    fn version(cache: &Cache<&'static str>, id: u128) -> Option<u64> {
        cache.get(Uuid::from_u128(id)).map(|known| known.folded.version.0)
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let cache = Cache::new(10);
        for id in 0..1_000 {
            cache.put(Uuid::from_u128(id), at(1), Instant::now());
        }
        let kept = (0..1_000).filter(|&id| version(&cache, id).is_some()).count();
        assert!((5..=10).contains(&kept), "{kept}");
    }

    #[test]
    fn what_is_used_stays() {
        let cache = Cache::new(10);
        for id in 0..1_000 {
            cache.put(Uuid::from_u128(id), at(1), Instant::now());
            assert_eq!(version(&cache, 0), Some(1), "after {id}");
        }
    }

    #[test]
    fn an_old_state_never_replaces_a_newer_one() {
        let cache = Cache::new(10);
        cache.put(Uuid::nil(), at(2), Instant::now());
        cache.put(Uuid::nil(), at(1), Instant::now());
        assert_eq!(version(&cache, 0), Some(2));
        cache.forget(Uuid::nil());
        assert_eq!(version(&cache, 0), None);
    }

    #[test]
    fn a_cache_for_nothing_keeps_nothing() {
        let cache = Cache::new(0);
        cache.put(Uuid::nil(), at(2), Instant::now());
        assert_eq!(version(&cache, 0), None);
    }

    #[test]
    fn what_does_not_exist_is_not_kept() {
        let cache = Cache::new(10);
        cache.put(Uuid::nil(), at(0), Instant::now());
        assert_eq!(version(&cache, 0), None);
    }
}
