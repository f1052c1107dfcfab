//! The same picture is rendered once: a second task of it waits for the first, and takes over what that has made.
//!
//! Each task has files of its own in the end, so that the end of one is nothing to the other. Whatever goes wrong here
//! costs a rendering more, and never a picture.

use bytes::Bytes;
use domain::image::Variant;
use domain::picture::Preset;
use domain::time::Timestamp;
use ports::PortError;
use ports::blobs::{BlobKey, VariantName};
use ports::renditions::{Claim, Rendition};
use sha2::{Digest, Sha256};
use tracing::{info, warn};
use uuid::Uuid;

use super::bench::Bench;
use crate::picture::recipe;

/// So long a task waits before it asks again whether another one has made what it needs.
const WAIT_S: f64 = 1.0;

/// How a task gets its variants.
pub(super) enum Way {
    /// By rendering them.
    Render,
    /// From another task.
    Reuse(Rendition),
    /// Another task is at it.
    Wait(Timestamp),
}

/// Variants that are stored.
#[derive(Clone)]
pub(super) struct Made {
    pub(super) variants: Vec<Variant>,
    /// The task from which they were taken over.
    pub(super) same_as: Option<Uuid>,
}

impl Bench {
    /// Asked before the attempt is counted: to wait is no attempt.
    pub(super) async fn way(&self, task_id: Uuid, sha256: Option<&str>) -> Way {
        let Some(sha256) = sha256 else { return Way::Render };
        let now = self.clock.now();
        // Long enough for everything that is bounded; what takes longer is rendered twice.
        let until = now.plus_seconds(self.settings.lease_s + self.settings.render_s_max);
        match self.renditions.claim(&self.content(sha256), task_id, now, until).await {
            Ok(Claim::Granted) => Way::Render,
            Ok(Claim::Made(rendition)) if rendition.task_id == task_id => Way::Render,
            Ok(Claim::Made(rendition)) => Way::Reuse(rendition),
            Ok(Claim::Held(until)) => {
                let soon = now.plus_seconds(WAIT_S);
                Way::Wait(if until > now { until.min(soon) } else { soon })
            }
            Err(error) => {
                warn!(task = %task_id, "asking for the same picture: {}", error.chain());
                Way::Render
            }
        }
    }

    /// Takes over what another task has made; none when there is nothing, or no longer.
    pub(super) async fn reused(&self, task_id: Uuid, way: &Way) -> Option<Made> {
        let Way::Reuse(Rendition { task_id: source, outcome }) = way else { return None };
        let variants: Vec<Variant> = serde_json::from_str(outcome).ok()?;
        for variant in &variants {
            match self.take_over(*source, task_id, variant).await {
                Ok(true) => {}
                Ok(false) => {
                    info!(task = %task_id, "what image {source} had is gone; rendering it anew");
                    self.give_up_claims(*source).await;
                    return None;
                }
                Err(error) => {
                    warn!(task = %task_id, "taking over from {source}: {}", error.chain());
                    return None;
                }
            }
        }
        Some(Made { variants, same_as: Some(*source) })
    }

    /// `false` when the file is not there, or not as it was recorded.
    async fn take_over(
        &self,
        source: Uuid,
        task_id: Uuid,
        variant: &Variant,
    ) -> Result<bool, PortError> {
        let Some(name) = VariantName::new(&variant.name) else { return Ok(false) };
        let from = BlobKey::Variant { task_id: source, name: name.clone() };
        match self.blobs.get(&from).await? {
            Some(bytes) if hash(&bytes) == variant.sha256 => {
                self.blobs.put(&BlobKey::Variant { task_id, name }, bytes).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Lets others take over what was rendered.
    pub(super) async fn note(&self, task_id: Uuid, sha256: Option<&str>, made: &Made) {
        let (Some(sha256), None) = (sha256, made.same_as) else { return };
        let outcome = serde_json::to_string(&made.variants).expect("variants are plain data");
        let rendition = Rendition { task_id, outcome };
        if let Err(error) = self.renditions.made(&self.content(sha256), rendition).await {
            warn!(task = %task_id, "noting what was made: {}", error.chain());
        }
    }

    fn content(&self, sha256: &str) -> String {
        content(sha256, &self.settings.presets)
    }

    /// Whoever waits for this task need not do so any longer.
    pub(super) async fn give_up_claims(&self, task_id: Uuid) {
        if let Err(error) = self.renditions.forget(task_id).await {
            // The claim runs out by itself.
            warn!(task = %task_id, "giving up a claim: {}", error.chain());
        }
    }
}

/// The bytes, and what is made of them: another recipe is another content.
pub(super) fn content(sha256: &str, presets: &[Preset]) -> String {
    format!("{sha256}/{}", recipe(presets))
}

fn hash(bytes: &Bytes) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
