//! Lets a rebuild find all generations of its projection standing still.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ports::PortError;
use ports::stream::GlobalPosition;
use projections::rebuild::HoldLive;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tracing::error;

use super::{HostState, Hosted, START_RETRY_MS_MAX, START_RETRY_MS_MIN};
use crate::runner::HeldRunner;

/// Holds the runners of one projection.
pub(super) struct Holding {
    hosted: Arc<Hosted>,
    held: Mutex<Vec<HeldRunner>>,
}

impl Holding {
    pub(super) fn of(hosted: &Arc<Hosted>) -> Self {
        Self { hosted: Arc::clone(hosted), held: Mutex::default() }
    }
}

#[async_trait]
impl HoldLive for Holding {
    async fn hold(&self) -> Result<GlobalPosition, PortError> {
        let mut held = Vec::new();
        for kept in self.hosted.runners.lock().await.values() {
            held.extend(kept.handle.hold().await);
        }
        *self.held.lock().await = held;
        let models = &self.hosted.ports.read_models;
        let Some(live) = models.generations(self.hosted.kind.name()).await?.live else {
            return self.hosted.ports.log.head().await;
        };
        let progress = models.progress(&self.hosted.kind.collection(live)).await?;
        Ok(progress.map(|progress| progress.position).unwrap_or_default())
    }

    /// A projection without its runner would stand still for good, so this goes on until the stores answer or another
    /// process keeps the projections.
    async fn release(&self) {
        self.held.lock().await.clear();
        let mut state = self.hosted.state.clone();
        let mut pause_ms = START_RETRY_MS_MIN;
        while let Err(error) = self.hosted.sync().await {
            let reason = error.chain();
            let projection = self.hosted.kind.name();
            error!(projection, reason, "resuming the runners failed; trying again");
            let ends = state.wait_for(|state| *state != HostState::Serving);
            if timeout(Duration::from_millis(pause_ms), ends).await.is_ok() {
                return;
            }
            pause_ms = (pause_ms * 2).min(START_RETRY_MS_MAX);
        }
    }
}
