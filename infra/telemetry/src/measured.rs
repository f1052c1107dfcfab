//! Decorators: the same port, with its calls counted and timed.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::event::RecordedEvent;
use ports::event_store::{Append, AppendError, Appended, CommandKey, CommandRecord, EventStore};
use ports::handler::{EventHandler, HandleError};
use ports::stream::{StreamName, StreamVersion};

use crate::Metrics;

/// An event store whose appends are measured.
pub struct MeasuredStore {
    inner: Arc<dyn EventStore>,
    metrics: Arc<Metrics>,
}

impl MeasuredStore {
    /// Measures `inner`.
    pub fn new(inner: Arc<dyn EventStore>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl EventStore for MeasuredStore {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let began = Instant::now();
        let category = append.stream.category.clone();
        let events = append.events.len() as u64;
        let result = self.inner.append(append).await;
        let (outcome, events) = match &result {
            Ok(_) => ("ok", events),
            Err(AppendError::Conflict { .. }) => ("conflict", 0),
            Err(AppendError::Repeated(_)) => ("repeated", 0),
            Err(AppendError::Unavailable(_)) => ("unavailable", 0),
        };
        self.metrics.appended(&category, outcome, events, began.elapsed().as_secs_f64());
        result
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, PortError> {
        self.inner.read_stream(stream, after, events_max).await
    }

    async fn find_command(&self, key: &CommandKey) -> Result<Option<CommandRecord>, PortError> {
        self.inner.find_command(key).await
    }
}

/// A handler whose batches are measured.
pub struct MeasuredHandler {
    inner: Arc<dyn EventHandler>,
    metrics: Arc<Metrics>,
}

impl MeasuredHandler {
    /// Measures `inner`.
    pub fn new(inner: Arc<dyn EventHandler>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }

    fn note(&self, began: Instant, events: usize, result: &Result<(), HandleError>) {
        let (outcome, events) = match result {
            Ok(()) => ("ok", events as u64),
            Err(HandleError::Poison { .. }) => ("poison", 0),
            Err(HandleError::Unavailable(_)) => ("unavailable", 0),
        };
        self.metrics.handled(self.inner.name(), outcome, events, began.elapsed().as_secs_f64());
    }
}

#[async_trait]
impl EventHandler for MeasuredHandler {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn categories(&self) -> &[&'static str] {
        self.inner.categories()
    }

    async fn progress(&self) -> Result<Option<Progress>, PortError> {
        self.inner.progress().await
    }

    async fn handle(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<(), HandleError> {
        let began = Instant::now();
        let result = self.inner.handle(events, progress).await;
        self.note(began, events.len(), &result);
        result
    }

    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        let began = Instant::now();
        let result = self.inner.replay(event).await;
        self.note(began, 1, &result);
        result
    }
}
