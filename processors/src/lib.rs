//! Those who act on events and signals: image variants, vibration verdicts.

mod backoff;
pub mod image_resize;
pub mod picture;
#[cfg(test)]
mod testing;
mod wish;

use std::sync::Arc;

use ports::blobs::Blobs;
use ports::checkpoint::Checkpoints;
use ports::clock::Clock;
use ports::command_bus::CommandBus;
use ports::event_log::EventLog;
use ports::readings::Readings;
use ports::samples::SampleSource;
use ports::work_queue::WorkQueue;

pub use backoff::Backoff;

/// What the processors ask of the world.
#[derive(Clone)]
pub struct Dependencies {
    /// Time and new ids.
    pub clock: Arc<dyn Clock>,
    /// Takes their commands.
    pub bus: Arc<dyn CommandBus>,
    /// The log that their handlers are fed from.
    pub log: Arc<dyn EventLog>,
    /// How far the handlers have come.
    pub checkpoints: Arc<dyn Checkpoints>,
    /// Pictures.
    pub blobs: Arc<dyn Blobs>,
    /// Pictures to be worked on.
    pub queue: Arc<dyn WorkQueue>,
    /// Vibration as it comes in.
    pub samples: Arc<dyn SampleSource>,
    /// Vibration as it was understood.
    pub readings: Arc<dyn Readings>,
}
