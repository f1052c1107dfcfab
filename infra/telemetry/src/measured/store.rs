//! An event store whose calls are measured, and whose events know of which trace they are.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_store::{Append, AppendError, Appended, CommandKey, CommandRecord, EventStore};
use ports::stream::{StreamName, StreamVersion};

use super::UNAVAILABLE;
use crate::{Metrics, TraceSpan};

/// The collection of remembered commands; they have no category.
const COMMANDS: &str = "commands";

/// An event store whose calls are measured.
pub struct MeasuredStore {
    inner: Arc<dyn EventStore>,
    metrics: Arc<Metrics>,
}

impl MeasuredStore {
    /// Measures `inner`.
    pub fn new(inner: Arc<dyn EventStore>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }

    async fn read<T>(
        &self,
        operation: &'static str,
        collection: &str,
        reading: impl Future<Output = Result<T, PortError>>,
    ) -> Result<T, PortError> {
        let span = TraceSpan::read(operation, collection, &self.metrics);
        let began = Instant::now();
        let result = span.run(reading).await;
        let error = result.is_err().then_some(UNAVAILABLE);
        self.metrics.operated(operation, collection, error, began.elapsed().as_secs_f64());
        span.end(error);
        result
    }
}

#[async_trait]
impl EventStore for MeasuredStore {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        let category = append.stream.category.clone();
        let events = append.events.len() as u64;
        let span = TraceSpan::append(&append, &self.metrics);
        // Whatever the events lead to belongs to this append, and through it to what led to the append.
        append.metadata.traceparent = span.traceparent().or(append.metadata.traceparent);
        let began = Instant::now();
        let result = span.run(self.inner.append(append)).await;
        let error = match &result {
            Ok(_) => None,
            Err(AppendError::Conflict { .. }) => Some("conflict"),
            Err(AppendError::Repeated(_)) => Some("repeated"),
            Err(AppendError::Unavailable(_)) => Some(UNAVAILABLE),
        };
        self.metrics.operated("append", &category, error, began.elapsed().as_secs_f64());
        self.metrics.appended(&category, if error.is_none() { events } else { 0 });
        // Nothing is wrong with a repeated command.
        span.end(error.filter(|error| *error != "repeated"));
        result
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, PortError> {
        let reading = self.inner.read_stream(stream, after, events_max);
        self.read("read_stream", &stream.category, reading).await
    }

    async fn find_command(&self, key: &CommandKey) -> Result<Option<CommandRecord>, PortError> {
        self.read("find_command", COMMANDS, self.inner.find_command(key)).await
    }
}
