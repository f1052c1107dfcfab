//! A projection with its types forgotten, so that all of them fit into one list.

use std::marker::PhantomData;
use std::sync::Arc;

use ports::event::RecordedEvent;
use ports::handler::EventHandler;
use ports::read_models::{Collection, Document, ReadModels};
use schemars::{Schema, SchemaGenerator};

use crate::folding::{Folding, Held};
use crate::projection::{Projection, Resource};
use crate::projector::{Poison, Projector, fold, key};

/// What the runner, the rebuild, HTTP and the API's description know of a projection.
pub trait ProjectionKind: Send + Sync {
    /// See [`Projection::NAME`].
    fn name(&self) -> &'static str;
    /// See [`Projection::VERSION`].
    fn version(&self) -> u32;
    /// See [`Projection::CATEGORIES`].
    fn categories(&self) -> &'static [&'static str];
    /// See [`Projection::RESOURCE`].
    fn resource(&self) -> Option<Resource>;
    /// The collection that holds one generation.
    fn collection(&self, generation: u64) -> Collection;
    /// Fills one generation.
    fn projector(&self, generation: u64, models: Arc<dyn ReadModels>) -> Arc<dyn EventHandler>;
    /// Folds many events in memory, beginning with no document.
    fn folding(&self) -> Box<dyn Folding>;
    /// The document that an event changes; `None`: none.
    fn key(&self, event: &RecordedEvent) -> Option<String>;
    /// The document under `key` after `events`, all of them of this key and in order; those that it has seen change
    /// nothing. Nothing is read or written.
    ///
    /// # Errors
    /// One of the events cannot be folded.
    fn fold(
        &self,
        key: &str,
        document: Option<Document>,
        events: &[&RecordedEvent],
    ) -> Result<Option<Document>, Poison>;
    /// The schema of its documents.
    fn schema(&self, generator: &mut SchemaGenerator) -> Schema;
}

/// `P` as one of the list.
pub(crate) fn kind<P: Projection>() -> Arc<dyn ProjectionKind> {
    Arc::new(Kind::<P>(PhantomData))
}

struct Kind<P>(PhantomData<fn() -> P>);

impl<P: Projection> ProjectionKind for Kind<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn version(&self) -> u32 {
        P::VERSION
    }

    fn categories(&self) -> &'static [&'static str] {
        P::CATEGORIES
    }

    fn resource(&self) -> Option<Resource> {
        P::RESOURCE
    }

    fn collection(&self, generation: u64) -> Collection {
        collection::<P>(generation)
    }

    fn projector(&self, generation: u64, models: Arc<dyn ReadModels>) -> Arc<dyn EventHandler> {
        Arc::new(Projector::<P>::of(generation, models))
    }

    fn folding(&self) -> Box<dyn Folding> {
        Box::new(Held::<P>::default())
    }

    fn key(&self, event: &RecordedEvent) -> Option<String> {
        key::<P>(event)
    }

    fn fold(
        &self,
        key: &str,
        document: Option<Document>,
        events: &[&RecordedEvent],
    ) -> Result<Option<Document>, Poison> {
        let changed = fold::<P>(document.clone(), events)?;
        Ok(changed.map_or(document, |(position, body)| {
            Some(Document { key: key.to_owned(), position, body })
        }))
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<P::Document>()
    }
}

/// The collection that holds one generation of `P`.
pub const fn collection<P: Projection>(generation: u64) -> Collection {
    Collection { name: P::NAME, generation, fields: P::FIELDS }
}
