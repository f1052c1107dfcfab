//! Deletes the pictures of tasks that have expired.

use std::sync::Arc;

use async_trait::async_trait;
use domain::image::{Image, ImageEvent};
use ports::blobs::{BlobKey, Blobs, VariantName};
use ports::event::RecordedEvent;
use ports::handler::HandleError;
use ports::renditions::Renditions;

use crate::Dependencies;
use crate::one_by_one::Acts;

/// Acts on the event, and so until everything is gone: what fails is tried again, and to delete twice is harmless.
pub struct Cleaner {
    blobs: Arc<dyn Blobs>,
    renditions: Arc<dyn Renditions>,
}

impl Cleaner {
    /// Deletes from the blobs of `dependencies`.
    pub fn new(dependencies: &Dependencies) -> Self {
        let Dependencies { blobs, renditions, .. } = dependencies.clone();
        Self { blobs, renditions }
    }
}

#[async_trait]
impl Acts for Cleaner {
    const NAME: &'static str = "image-cleanup";
    const CATEGORIES: &'static [&'static str] = &["image"];

    async fn act_on(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        let happened = event.decode::<Image>().map_err(|error| HandleError::Poison {
            position: event.position,
            reason: error.to_string(),
        })?;
        let ImageEvent::Expired { variants } = happened else { return Ok(()) };
        let task_id = event.stream.id;
        // First, so that nobody who comes now takes over what is about to go.
        self.renditions.forget(task_id).await?;
        for name in variants.iter().filter_map(|name| VariantName::new(name)) {
            self.blobs.delete(&BlobKey::Variant { task_id, name }).await?;
        }
        Ok(self.blobs.delete(&BlobKey::Original { task_id }).await?)
    }
}
