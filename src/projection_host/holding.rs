//! Lets a rebuild find all generations of its projection standing still.

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::stream::GlobalPosition;
use projections::rebuild::HoldLive;
use tokio::sync::Mutex;
use tracing::error;

use super::Hosted;
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

    async fn release(&self) {
        self.held.lock().await.clear();
        if let Err(error) = self.hosted.sync().await {
            let reason = error.chain();
            error!(projection = self.hosted.kind.name(), reason, "resuming the runners failed");
        }
    }
}
