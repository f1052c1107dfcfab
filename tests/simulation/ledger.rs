//! A handler whose effects live in one place and its progress in another.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::{Checkpoints, Progress};
use ports::event::RecordedEvent;
use ports::handler::{EventHandler, HandleError};
use ports::stream::StreamName;
use tokio::task::yield_now;

pub(crate) const NAME: &str = "ledger";

/// Notes the versions of each stream in the order in which they take effect.
pub(crate) struct Ledger {
    pub(crate) lines: Arc<Mutex<BTreeMap<StreamName, Vec<u64>>>>,
    pub(crate) checkpoints: Arc<dyn Checkpoints>,
}

impl Ledger {
    /// What was seen before, or comes after a later event of its stream, changes nothing.
    fn note(&self, event: &RecordedEvent) {
        let mut lines = self.lines.lock().expect("nobody panics with the ledger in hand");
        let versions = lines.entry(event.stream.clone()).or_default();
        if versions.last().is_none_or(|&last| last < event.version.0) {
            versions.push(event.version.0);
        }
    }
}

#[async_trait]
impl EventHandler for Ledger {
    fn name(&self) -> &str {
        NAME
    }

    fn categories(&self) -> &[&'static str] {
        &[]
    }

    async fn progress(&self) -> Result<Option<Progress>, PortError> {
        self.checkpoints.load(NAME).await
    }

    async fn handle(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<(), HandleError> {
        for event in events {
            self.note(event);
            yield_now().await;
        }
        Ok(self.checkpoints.save(NAME, progress).await?)
    }

    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        yield_now().await;
        self.note(event);
        Ok(())
    }
}
