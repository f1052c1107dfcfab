//! Many documents held in memory while events go by, so that each is read and written once and not once per event.

use std::collections::{BTreeSet, HashMap};

use ports::event::RecordedEvent;
use ports::read_models::{DOCUMENT_BYTES_MAX, Document, Write};
use ports::stream::GlobalPosition;

use crate::projection::Projection;
use crate::projector::{bytes, key, written};

/// The documents of one projection, as the events so far make them. Nothing is stored until they are taken.
pub trait Folding: Send + Sync {
    /// The keys of the documents that `events` change and that are not held yet.
    fn missing(&self, events: &[RecordedEvent]) -> BTreeSet<String>;

    /// Holds what is stored; what was stored under none of the missing keys begins with its first event.
    ///
    /// # Errors
    /// One of them cannot be read.
    fn hold(&mut self, stored: Vec<Document>) -> Result<(), Unfolded>;

    /// Folds `events`, which come after all that were folded before. What a document has seen changes nothing.
    ///
    /// # Errors
    /// One of them cannot be folded. What is held is of no use any more.
    fn fold(&mut self, events: &[RecordedEvent]) -> Result<(), Unfolded>;

    /// How many documents are held.
    fn documents(&self) -> usize;

    /// Lets go of all documents, and gives those that have changed.
    ///
    /// # Errors
    /// One of them is too large to be stored.
    fn take(&mut self) -> Result<Vec<Write>, Unfolded>;
}

/// Something could not be folded; folding in smaller steps tells which event it was, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfolded;

/// The documents of `P`.
pub(crate) struct Held<P: Projection>(HashMap<String, Slot<P::Document>>);

struct Slot<D> {
    document: Option<D>,
    /// Of the last event that it has seen.
    position: GlobalPosition,
    is_changed: bool,
}

impl<P: Projection> Default for Held<P> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<D> Default for Slot<D> {
    fn default() -> Self {
        Self { document: None, position: GlobalPosition::default(), is_changed: false }
    }
}

impl<P: Projection> Folding for Held<P> {
    fn missing(&self, events: &[RecordedEvent]) -> BTreeSet<String> {
        events.iter().filter_map(key::<P>).filter(|key| !self.0.contains_key(key)).collect()
    }

    fn hold(&mut self, stored: Vec<Document>) -> Result<(), Unfolded> {
        for Document { key, position, body } in stored {
            let document = body.map(serde_json::from_value).transpose().map_err(|_| Unfolded)?;
            self.0.insert(key, Slot { document, position, is_changed: false });
        }
        Ok(())
    }

    fn fold(&mut self, events: &[RecordedEvent]) -> Result<(), Unfolded> {
        for event in events {
            let Some(key) = key::<P>(event) else { continue };
            let slot = self.0.entry(key).or_default();
            if event.position > slot.position {
                slot.document = P::evolve(slot.document.take(), event).map_err(|_| Unfolded)?;
                slot.position = event.position;
                slot.is_changed = true;
            }
        }
        Ok(())
    }

    fn documents(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self) -> Result<Vec<Write>, Unfolded> {
        let changed = self.0.drain().filter(|(_, slot)| slot.is_changed);
        let write = |(key, slot): (String, Slot<P::Document>)| {
            let body = slot.document.as_ref().map(written);
            let fits = body.as_ref().is_none_or(|body| bytes(body) <= DOCUMENT_BYTES_MAX);
            fits.then_some(Write { key, position: slot.position, body }).ok_or(Unfolded)
        };
        changed.map(write).collect()
    }
}
