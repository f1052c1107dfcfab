//! What every slot works with.

use std::sync::Arc;

use ports::blobs::Blobs;
use ports::clock::Clock;
use ports::command_bus::CommandBus;
use ports::renditions::Renditions;
use ports::work_queue::WorkQueue;

use super::ImageSettings;
use super::renderer::Renderer;

/// Shared by all slots of a worker.
pub(super) struct Bench {
    pub(super) bus: Arc<dyn CommandBus>,
    pub(super) queue: Arc<dyn WorkQueue>,
    pub(super) renditions: Arc<dyn Renditions>,
    pub(super) blobs: Arc<dyn Blobs>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) renderer: Renderer,
    pub(super) settings: ImageSettings,
}
