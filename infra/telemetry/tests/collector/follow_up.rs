//! A world to be traced: a log, and a handler that answers each event with an append, as processors do.

use std::sync::Arc;

use async_trait::async_trait;
use domain::aggregate::EncodedEvent;
use infra_telemetry::{MeasuredHandler, MeasuredStore, Metrics};
use ports::PortError;
use ports::checkpoint::Progress;
use ports::event::{Metadata, RecordedEvent};
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, EventStore};
use ports::handler::{EventHandler, HandleError};
use ports::memory::{ManualClock, MemoryLog};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use ports::subscription::progress_at;
use uuid::Uuid;

pub(crate) struct World {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) store: Arc<MeasuredStore>,
    handler: MeasuredHandler,
}

impl World {
    pub(crate) fn new() -> Self {
        let metrics = Arc::new(Metrics::new().expect("metrics can be set up"));
        let log = Arc::new(MemoryLog::new(Arc::new(ManualClock::default())));
        let store = Arc::new(MeasuredStore::new(log.clone(), Arc::clone(&metrics)));
        let handler = MeasuredHandler::new(Arc::new(FollowUp(store.clone())), metrics);
        Self { log, store, handler }
    }

    /// As the write side appends: the client's traceparent goes with the events.
    pub(crate) async fn append(&self, category: &str, id: u128, traceparent: Option<&str>) {
        let metadata =
            Metadata { traceparent: traceparent.map(str::to_owned), ..Metadata::default() };
        let append = append(category, Uuid::from_u128(id), metadata);
        self.store.append(append).await.expect("the stream is new");
    }

    /// As a runner hands events on, wherever they came through: what is left of a trace is in their metadata.
    pub(crate) async fn handle_all(&self) -> Vec<RecordedEvent> {
        let query = LogQuery { events_max: 100, ..LogQuery::default() };
        let events = self.log.read(&query).await.expect("memory answers").events;
        let progress = progress_at(GlobalPosition(events.len() as u64));
        self.handler.handle(&events, &progress).await.expect("memory answers");
        events
    }
}

struct FollowUp(Arc<MeasuredStore>);

#[async_trait]
impl EventHandler for FollowUp {
    fn name(&self) -> &str {
        "follow_up"
    }

    fn categories(&self) -> &[&'static str] {
        &[]
    }

    async fn progress(&self) -> Result<Option<Progress>, PortError> {
        Ok(None)
    }

    async fn handle(&self, events: &[RecordedEvent], _: &Progress) -> Result<(), HandleError> {
        for event in events {
            self.replay(event).await?;
        }
        Ok(())
    }

    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        let append = append("answer", event.stream.id, event.metadata.clone());
        self.0.append(append).await.map_err(|error| PortError::new("answering", error))?;
        Ok(())
    }
}

fn append(category: &str, id: Uuid, metadata: Metadata) -> Append {
    let data = serde_json::value::to_raw_value(&serde_json::json!({})).expect("it is JSON");
    let event = EncodedEvent { event_type: "happened".to_owned(), schema_version: 1, data };
    Append {
        stream: StreamName::new(category, id),
        expected: StreamVersion(0),
        events: vec![event],
        metadata,
        key: None,
    }
}
