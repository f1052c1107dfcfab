//! The documents of a projection as they are stored, and as they should be.

use std::sync::Arc;

use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::memory::MemoryReadModels;
use ports::read_models::{Document, PAGE_DOCUMENTS_MAX, Query, ReadModels};
use ports::stream::GlobalPosition;
use ports::subscription::progress_at;
use projections::ProjectionKind;

/// The generation that every test fills.
pub(crate) const GENERATION: u64 = 1;

pub(crate) type Documents = Vec<Document>;

pub(crate) async fn all_of_the_log(log: &dyn EventLog) -> Vec<RecordedEvent> {
    let mut query = LogQuery { events_max: usize::MAX, ..LogQuery::default() };
    let mut events = Vec::new();
    loop {
        let page = log.read(&query).await.expect("memory does not fail");
        if page.through == query.after {
            return events;
        }
        query.after = page.through;
        events.extend(page.events);
    }
}

/// All documents of the projection, by key.
pub(crate) async fn documents(models: &dyn ReadModels, kind: &dyn ProjectionKind) -> Documents {
    let mut query = Query { documents_max: PAGE_DOCUMENTS_MAX, ..Query::default() };
    let mut documents = Vec::new();
    loop {
        let page =
            models.query(&kind.collection(GENERATION), &query).await.expect("memory does not fail");
        documents.extend(page.documents);
        query.cursor = page.next;
        if query.cursor.is_none() {
            return documents;
        }
    }
}

/// What the projection makes of `events` when nothing ever goes wrong.
pub(crate) async fn fold(kind: &dyn ProjectionKind, events: &[RecordedEvent]) -> Documents {
    let models = Arc::new(MemoryReadModels::default());
    models.ensure(&kind.collection(GENERATION)).await.expect("memory does not fail");
    let head = events.last().map_or(GlobalPosition(0), |event| event.position);
    let projector = kind.projector(GENERATION, models.clone());
    projector.handle(events, &progress_at(head)).await.expect("memory does not fail");
    documents(&*models, kind).await
}
