//! Stores what a projection folds: one generation of its documents, whatever comes twice or in other batches.

use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::event::RecordedEvent;
use ports::handler::{EventHandler, HandleError};
use ports::read_models::{
    Collection, DOCUMENT_BYTES_MAX, Document, PAGE_DOCUMENTS_MAX, ReadModels, Write,
};
use ports::stream::GlobalPosition;

use crate::kind::collection;
use crate::projection::Projection;

/// Fills one generation of `P`.
///
/// Its name carries the generation (`motors.3`), live or not: so a name never changes its meaning when generations
/// are swapped, and their dead letters stay apart.
pub struct Projector<P> {
    name: String,
    collection: Collection,
    models: Arc<dyn ReadModels>,
    projection: PhantomData<fn() -> P>,
}

impl<P: Projection> Projector<P> {
    /// Fills `generation` in `models`; its collection must have been ensured.
    pub fn of(generation: u64, models: Arc<dyn ReadModels>) -> Self {
        let collection = collection::<P>(generation);
        Self { name: handler_name(&collection), collection, models, projection: PhantomData }
    }

    /// What `events` make of the documents, one write per document that changes.
    async fn fold(&self, events: &[RecordedEvent]) -> Result<Vec<Write>, HandleError> {
        let by_key = by_key::<P>(events);
        let keys: Vec<String> = by_key.keys().cloned().collect();
        let mut stored = self.stored(&keys).await?;
        let mut writes = Vec::with_capacity(by_key.len());
        let mut first: Option<Poison> = None;
        for (key, events) in by_key {
            match fold::<P>(stored.remove(&key), &events) {
                Ok(Some((position, body))) => writes.push(Write { key, position, body }),
                Ok(None) => {}
                Err(poison) => {
                    let earlier = first.take().filter(|known| known.position < poison.position);
                    first = earlier.or(Some(poison));
                }
            }
        }
        first.map_or(Ok(writes), |Poison { position, reason }| {
            Err(HandleError::Poison { position, reason })
        })
    }

    async fn stored(&self, keys: &[String]) -> Result<HashMap<String, Document>, PortError> {
        let mut stored = HashMap::with_capacity(keys.len());
        for some in keys.chunks(PAGE_DOCUMENTS_MAX) {
            let documents = self.models.get(&self.collection, some).await?;
            stored.extend(documents.into_iter().map(|document| (document.key.clone(), document)));
        }
        Ok(stored)
    }
}

#[async_trait]
impl<P: Projection> EventHandler for Projector<P> {
    fn name(&self) -> &str {
        &self.name
    }

    fn categories(&self) -> &[&'static str] {
        P::CATEGORIES
    }

    async fn progress(&self) -> Result<Option<Progress>, PortError> {
        self.models.progress(&self.collection).await
    }

    async fn handle(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<(), HandleError> {
        let writes = self.fold(events).await?;
        Ok(self.models.commit(&self.collection, &writes, Some(progress)).await?)
    }

    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        let writes = self.fold(std::slice::from_ref(event)).await?;
        Ok(self.models.commit(&self.collection, &writes, None).await?)
    }
}

/// The name under which a generation's dead letters are kept: `motors.3`.
pub fn handler_name(collection: &Collection) -> String {
    format!("{}.{}", collection.name, collection.generation)
}

/// An event that cannot be folded, however often it is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poison {
    pub position: GlobalPosition,
    pub reason: String,
}

fn by_key<P: Projection>(events: &[RecordedEvent]) -> BTreeMap<String, Vec<&RecordedEvent>> {
    let mut by_key: BTreeMap<String, Vec<&RecordedEvent>> = BTreeMap::new();
    for event in events {
        if let Some(key) = key::<P>(event) {
            by_key.entry(key).or_default().push(event);
        }
    }
    by_key
}

/// The document that an event changes; `None`: none.
pub(crate) fn key<P: Projection>(event: &RecordedEvent) -> Option<String> {
    P::CATEGORIES.contains(&event.stream.category.as_str()).then(|| P::key(event))?
}

type Changed = (GlobalPosition, Option<serde_json::Value>);

/// The document after those of `events` that it has not seen; `None` when it has seen them all.
pub(crate) fn fold<P: Projection>(
    stored: Option<Document>,
    events: &[&RecordedEvent],
) -> Result<Option<Changed>, Poison> {
    let seen = stored.as_ref().map_or_else(GlobalPosition::default, |document| document.position);
    let fresh: Vec<&RecordedEvent> =
        events.iter().copied().filter(|event| event.position > seen).collect();
    let (Some(first), Some(last)) = (fresh.first(), fresh.last()) else { return Ok(None) };
    let before = stored.and_then(|document| document.body);
    let read = |body: serde_json::Value| {
        // Not the event's fault, but nothing can be done with it until the documents are rebuilt.
        let reason = |error| format!("the stored document cannot be read: {error}");
        serde_json::from_value::<P::Document>(body)
            .map_err(|error| Poison { position: first.position, reason: reason(error) })
    };
    let mut document = before.clone().map(read).transpose()?;
    for event in &fresh {
        document = P::evolve(document, event)
            .map_err(|error| Poison { position: event.position, reason: error.to_string() })?;
    }
    let body = document.map(|document| written(&document));
    if body.as_ref().is_some_and(is_too_large) {
        return Err(first_too_large::<P>(before, &fresh, last.position));
    }
    Ok(Some((last.position, body)))
}

pub(crate) fn written<D: serde::Serialize>(document: &D) -> serde_json::Value {
    serde_json::to_value(document).expect("documents are plain data with text as keys")
}

fn is_too_large(body: &serde_json::Value) -> bool {
    bytes(body) > DOCUMENT_BYTES_MAX
}

pub(crate) fn bytes(body: &serde_json::Value) -> usize {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, part: &[u8]) -> std::io::Result<usize> {
            self.0 += part.len();
            Ok(part.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, body).expect("counting cannot fail");
    counter.0
}

/// Which event made the document too large; the ones before it are blameless.
fn first_too_large<P: Projection>(
    before: Option<serde_json::Value>,
    events: &[&RecordedEvent],
    last: GlobalPosition,
) -> Poison {
    let mut document = before.and_then(|body| serde_json::from_value::<P::Document>(body).ok());
    let grown = events.iter().find(|event| {
        document = P::evolve(document.take(), event).unwrap_or(None);
        document.as_ref().is_some_and(|document| is_too_large(&written(document)))
    });
    Poison {
        position: grown.map_or(last, |event| event.position),
        reason: format!("the document would be larger than {DOCUMENT_BYTES_MAX} bytes"),
    }
}
