//! A handler whose batches are measured and traced.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::event::RecordedEvent;
use ports::handler::{EventHandler, HandleError};

use super::UNAVAILABLE;
use crate::{Metrics, TraceSpan};

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

    async fn measured(
        &self,
        events: &[RecordedEvent],
        handling: impl Future<Output = Result<(), HandleError>>,
    ) -> Result<(), HandleError> {
        let span = TraceSpan::batch(self.inner.name(), events, &self.metrics);
        let began = Instant::now();
        let result = span.run(handling).await;
        let error = match &result {
            Ok(()) => None,
            Err(HandleError::Poison { .. }) => Some("poison"),
            Err(HandleError::Unavailable(_)) => Some(UNAVAILABLE),
        };
        let duration_s = began.elapsed().as_secs_f64();
        self.metrics.handled(self.inner.name(), error, events.len() as u64, duration_s);
        span.end(error);
        result
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
        self.measured(events, self.inner.handle(events, progress)).await
    }

    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        self.measured(std::slice::from_ref(event), self.inner.replay(event)).await
    }
}
