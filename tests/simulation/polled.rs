//! A log that is asked time and again: whom a notification wakes first is decided by no seed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::PortError;
use ports::event_log::{EventLog, LogPage, LogQuery};
use ports::memory::MemoryLog;
use ports::stream::GlobalPosition;
use tokio::time::sleep;

const POLL: Duration = Duration::from_millis(50);

/// The log, for those who follow it.
pub(crate) struct Polled(pub(crate) Arc<MemoryLog>);

#[async_trait]
impl EventLog for Polled {
    async fn read(&self, query: &LogQuery) -> Result<LogPage, PortError> {
        self.0.read(query).await
    }

    async fn head(&self) -> Result<GlobalPosition, PortError> {
        self.0.head().await
    }

    async fn wait_beyond(&self, position: GlobalPosition) -> Result<(), PortError> {
        while self.head().await? <= position {
            sleep(POLL).await;
        }
        Ok(())
    }
}
