//! Where an image task stands, and the fold that takes it there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Image, ImageEvent};

/// Where an image task stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was never submitted.
    #[default]
    #[serde(skip)]
    Nothing,
    /// It waits for its first attempt or for the next one.
    Submitted,
    /// An attempt is under way.
    Processing,
    /// Its variants are stored.
    Completed,
    /// It was given up.
    Failed,
    /// Its variants are no longer wanted.
    Cancelled,
    /// It was kept for long enough; its pictures are gone.
    Expired,
}

impl State {
    /// The state after `event`, whatever the state before: shared by the aggregate and its read models.
    #[must_use]
    pub fn after(self, event: &ImageEvent) -> Self {
        match event {
            ImageEvent::Submitted(_) | ImageEvent::RetryRequested {} => Self::Submitted,
            ImageEvent::ProcessingStarted { .. } => Self::Processing,
            ImageEvent::Reused { .. } | ImageEvent::VariantProduced(_) => self,
            ImageEvent::Completed {} => Self::Completed,
            ImageEvent::AttemptFailed { .. } => Self::Submitted,
            ImageEvent::DeadLettered { .. } => Self::Failed,
            ImageEvent::Cancelled {} => Self::Cancelled,
            ImageEvent::Expired { .. } => Self::Expired,
        }
    }
}

impl Image {
    pub(super) fn fold(&mut self, event: &ImageEvent) {
        self.state = self.state.after(event);
        match event {
            ImageEvent::ProcessingStarted { attempt } => self.attempts = *attempt,
            ImageEvent::RetryRequested {} => self.attempts = 0,
            ImageEvent::VariantProduced(variant) => self.variants.push(variant.name.clone()),
            _ => {}
        }
    }
}
