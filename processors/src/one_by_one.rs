//! Handlers whose deeds are durable one by one, each before the progress is.

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::{Checkpoints, Progress};
use ports::event::RecordedEvent;
use ports::handler::{EventHandler, HandleError};

/// Who acts on single events, and keeps nothing but how far it has come.
#[async_trait]
pub(crate) trait Acts: Send + Sync {
    /// Under which its progress is kept.
    const NAME: &'static str;
    /// Those of the events that it wants.
    const CATEGORIES: &'static [&'static str];

    /// It is durable when this returns, and done twice it changes nothing.
    async fn act_on(&self, event: &RecordedEvent) -> Result<(), HandleError>;
}

/// Such a handler, as the runner knows handlers.
pub(crate) struct OneByOne<A> {
    acts: A,
    checkpoints: Arc<dyn Checkpoints>,
}

impl<A: Acts> OneByOne<A> {
    /// Keeps its progress in `checkpoints`.
    pub(crate) const fn new(acts: A, checkpoints: Arc<dyn Checkpoints>) -> Self {
        Self { acts, checkpoints }
    }
}

#[async_trait]
impl<A: Acts> EventHandler for OneByOne<A> {
    fn name(&self) -> &str {
        A::NAME
    }

    fn categories(&self) -> &[&'static str] {
        A::CATEGORIES
    }

    async fn progress(&self) -> Result<Option<Progress>, PortError> {
        self.checkpoints.load(A::NAME).await
    }

    async fn handle(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<(), HandleError> {
        for event in events {
            self.acts.act_on(event).await?;
        }
        Ok(self.checkpoints.save(A::NAME, progress).await?)
    }

    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        self.acts.act_on(event).await
    }
}
