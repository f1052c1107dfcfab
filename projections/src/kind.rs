//! A projection with its types forgotten, so that all of them fit into one list.

use std::marker::PhantomData;
use std::sync::Arc;

use ports::handler::EventHandler;
use ports::read_models::{Collection, ReadModels};
use schemars::{Schema, SchemaGenerator};

use crate::projection::{Projection, Resource};
use crate::projector::Projector;

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

    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<P::Document>()
    }
}

/// The collection that holds one generation of `P`.
pub const fn collection<P: Projection>(generation: u64) -> Collection {
    Collection { name: P::NAME, generation, fields: P::FIELDS }
}
