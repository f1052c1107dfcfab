//! How far a named reader has come.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::PortError;
use crate::stream::GlobalPosition;

/// Where a subscription resumes. Only its source can read it: a position here, partitions and offsets there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checkpoint(pub String);

/// How far a handler has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Every event up to here was handled or parked: a prefix of the log, not merely the highest one seen.
    pub position: GlobalPosition,
    /// Where its subscription resumes.
    pub checkpoint: Checkpoint,
}

/// Keeps the progress of handlers whose effects live elsewhere.
#[async_trait]
pub trait Checkpoints: Send + Sync {
    /// What was last saved under `name`.
    async fn load(&self, name: &str) -> Result<Option<Progress>, PortError>;

    /// [Kept](crate) when it returns. A progress with an older position changes nothing.
    async fn save(&self, name: &str, progress: &Progress) -> Result<(), PortError>;

    /// Forgets `name`: its next load gives `None`.
    async fn forget(&self, name: &str) -> Result<(), PortError>;
}
