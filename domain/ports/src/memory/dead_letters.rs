//! Parked events, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;

use super::lock;
use crate::PortError;
use crate::dead_letter::{DeadLetter, DeadLetters, NewDeadLetter, REASON_BYTES_MAX};
use crate::stream::StreamName;

/// Dead letters that end with the process.
#[derive(Default)]
pub struct MemoryDeadLetters {
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    by_id: BTreeMap<u64, DeadLetter>,
    /// Handler and stream of the sequences to be replayed.
    requested: BTreeSet<(String, StreamName)>,
    id_last: u64,
}

impl Shelf {
    fn park(&mut self, letter: &NewDeadLetter) {
        let (handler, event) = (&letter.handler, &letter.event);
        if self.sequence(handler, &event.stream).any(|parked| parked.event.version == event.version)
        {
            return;
        }
        self.id_last += 1;
        let parked = DeadLetter {
            id: self.id_last,
            handler: handler.clone(),
            event: event.clone(),
            reason: cut(&letter.reason).to_owned(),
            attempts: letter.attempts,
            parked_at: letter.parked_at,
            replay_requested: false,
        };
        self.by_id.insert(parked.id, parked);
    }

    fn of<'a>(&'a self, handler: &'a str) -> impl Iterator<Item = &'a DeadLetter> {
        self.by_id.values().filter(move |letter| letter.handler == handler)
    }

    fn sequence<'a>(
        &'a self,
        handler: &'a str,
        stream: &'a StreamName,
    ) -> impl Iterator<Item = &'a DeadLetter> {
        self.of(handler).filter(move |letter| letter.event.stream == *stream)
    }

    /// The letter as it is given out: whether a replay was requested is a matter of its sequence.
    fn told(&self, letter: &DeadLetter) -> DeadLetter {
        let replay_requested = self.requested.contains(&sequence_of(letter));
        DeadLetter { replay_requested, ..letter.clone() }
    }
}

#[async_trait]
impl DeadLetters for MemoryDeadLetters {
    async fn park(&self, letters: &[NewDeadLetter]) -> Result<(), PortError> {
        let mut shelf = lock(&self.shelf);
        letters.iter().for_each(|letter| shelf.park(letter));
        Ok(())
    }

    async fn parked_streams(&self, handler: &str) -> Result<Vec<StreamName>, PortError> {
        let shelf = lock(&self.shelf);
        let streams: BTreeSet<_> = shelf.of(handler).map(|letter| &letter.event.stream).collect();
        Ok(streams.into_iter().cloned().collect())
    }

    async fn sequence(
        &self,
        handler: &str,
        stream: &StreamName,
        letters_max: usize,
    ) -> Result<Vec<DeadLetter>, PortError> {
        let shelf = lock(&self.shelf);
        let mut letters: Vec<_> = shelf.sequence(handler, stream).collect();
        letters.sort_by_key(|letter| letter.event.version);
        Ok(letters.into_iter().take(letters_max).map(|letter| shelf.told(letter)).collect())
    }

    async fn list(&self, after: u64, letters_max: usize) -> Result<Vec<DeadLetter>, PortError> {
        let shelf = lock(&self.shelf);
        let later = shelf.by_id.range(after.saturating_add(1)..);
        Ok(later.take(letters_max).map(|(_, letter)| shelf.told(letter)).collect())
    }

    async fn get(&self, id: u64) -> Result<Option<DeadLetter>, PortError> {
        let shelf = lock(&self.shelf);
        Ok(shelf.by_id.get(&id).map(|letter| shelf.told(letter)))
    }

    async fn count(&self) -> Result<u64, PortError> {
        Ok(lock(&self.shelf).by_id.len() as u64)
    }

    async fn request_replay(&self, id: u64) -> Result<bool, PortError> {
        let mut shelf = lock(&self.shelf);
        let sequence = shelf.by_id.get(&id).map(sequence_of);
        let found = sequence.is_some();
        shelf.requested.extend(sequence);
        Ok(found)
    }

    async fn requested_replays(&self, handler: &str) -> Result<Vec<StreamName>, PortError> {
        let shelf = lock(&self.shelf);
        let requested = shelf.requested.iter().filter(|(name, _)| name == handler);
        Ok(requested.map(|(_, stream)| stream.clone()).collect())
    }

    async fn settle_replay(&self, handler: &str, stream: &StreamName) -> Result<(), PortError> {
        lock(&self.shelf).requested.remove(&(handler.to_owned(), stream.clone()));
        Ok(())
    }

    async fn remove(&self, id: u64) -> Result<bool, PortError> {
        Ok(lock(&self.shelf).by_id.remove(&id).is_some())
    }
}

fn sequence_of(letter: &DeadLetter) -> (String, StreamName) {
    (letter.handler.clone(), letter.event.stream.clone())
}

/// As much of `reason` as fits, in whole characters.
fn cut(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)]
}
