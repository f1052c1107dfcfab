//! The schemas of our own events, made known when the first of them is needed.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::{Registry, RegistryError, SchemaIds};
use crate::schema::EventSchemas;
use crate::topics::Topics;

/// Shared by all that write events to topics, so that each schema is registered once in a process.
pub struct OwnSchemas {
    registry: Arc<Registry>,
    schemas: Arc<EventSchemas>,
    topics: Topics,
    ids: OnceCell<Arc<SchemaIds>>,
}

impl OwnSchemas {
    /// `schemas`, under the subjects of `topics`. Nothing is asked of `registry` yet.
    pub fn new(registry: Arc<Registry>, schemas: Arc<EventSchemas>, topics: Topics) -> Self {
        Self { registry, schemas, topics, ids: OnceCell::new() }
    }

    /// Where events are written.
    pub const fn topics(&self) -> &Topics {
        &self.topics
    }

    /// The number of each schema. Whoever asks first waits for the registry, and others with them; a failure is
    /// forgotten, so that asking again may help.
    ///
    /// # Errors
    /// Those of [`Registry::register`].
    pub async fn ids(&self) -> Result<Arc<SchemaIds>, RegistryError> {
        let registering = async || {
            let topic_of = |category: &str| self.topics.events_of(category);
            self.registry.register(&self.schemas, topic_of).await.map(Arc::new)
        };
        self.ids.get_or_try_init(registering).await.cloned()
    }
}
