//! Those who act on events and signals: image variants, vibration verdicts, notifications.

mod backoff;
mod history;
pub mod image_resize;
mod one_by_one;
pub mod picture;
#[cfg(test)]
mod testing;
pub mod vibration;
pub mod webhook;
mod wish;

use std::sync::Arc;

use futures::future::BoxFuture;

use ports::blobs::Blobs;
use ports::callbacks::Callbacks;
use ports::checkpoint::Checkpoints;
use ports::clock::Clock;
use ports::command_bus::CommandBus;
use ports::event_log::EventLog;
use ports::event_store::EventStore;
use ports::handler::EventHandler;
use ports::readings::Readings;
use ports::renditions::Renditions;
use ports::samples::SampleSource;
use ports::work_queue::WorkQueue;
use tokio::sync::watch;

pub use backoff::Backoff;
use image_resize::ImageSettings;
use vibration::{Tally, VibrationSettings};
use webhook::WebhookSettings;

/// What the processors ask of the world.
#[derive(Clone)]
pub struct Dependencies {
    /// Time and new ids.
    pub clock: Arc<dyn Clock>,
    /// Takes their commands.
    pub bus: Arc<dyn CommandBus>,
    /// The streams of single aggregates.
    pub store: Arc<dyn EventStore>,
    /// The log that their handlers are fed from.
    pub log: Arc<dyn EventLog>,
    /// How far the handlers have come.
    pub checkpoints: Arc<dyn Checkpoints>,
    /// Pictures.
    pub blobs: Arc<dyn Blobs>,
    /// Pictures to be worked on.
    pub queue: Arc<dyn WorkQueue>,
    /// What was made of which picture.
    pub renditions: Arc<dyn Renditions>,
    /// Those who asked to be told.
    pub callbacks: Arc<dyn Callbacks>,
    /// Vibration as it comes in.
    pub samples: Arc<dyn SampleSource>,
    /// Vibration as it was understood.
    pub readings: Arc<dyn Readings>,
}

/// How the processors work.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Pictures.
    pub image: ImageSettings,
    /// Vibration.
    pub vibration: VibrationSettings,
    /// Notifications.
    pub webhook: WebhookSettings,
}

/// One processor: what the runner feeds with events, and what runs by itself.
pub struct Processor {
    /// What it works on: `images`.
    pub name: &'static str,
    /// For the runner.
    pub handlers: Vec<Arc<dyn EventHandler>>,
    /// For the supervisor.
    pub services: Vec<Service>,
    /// For the supervisor as well, but in one process at a time.
    pub duties: Vec<Service>,
    /// What it made nothing of, and why; for metrics.
    pub dropped: Option<Arc<Tally>>,
}

/// A loop that runs until it is told to drain.
pub struct Service {
    /// For logs and metrics.
    pub name: &'static str,
    run: Box<dyn Fn(watch::Receiver<bool>) -> BoxFuture<'static, ()> + Send + Sync>,
}

impl Service {
    pub(crate) fn new<S, F>(
        name: &'static str,
        service: S,
        run: fn(S, watch::Receiver<bool>) -> F,
    ) -> Self
    where
        S: Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self { name, run: Box::new(move |drain| Box::pin(run(service.clone(), drain))) }
    }

    /// Runs until `drain` turns true. It may be run again after it broke, but never twice at a time.
    pub fn run(&self, drain: watch::Receiver<bool>) -> BoxFuture<'static, ()> {
        (self.run)(drain)
    }
}

/// The processors that work in one process at a time. Of the others, services may run in several, and handlers in one.
pub const SINGLE: [&str; 2] = [vibration::NAME, webhook::NAME];

/// Every processor there is.
pub fn all(dependencies: &Dependencies, settings: Settings) -> Vec<Processor> {
    vec![
        image_resize::processor(dependencies, settings.image),
        vibration::processor(dependencies, settings.vibration),
        webhook::processor(dependencies, settings.webhook),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_works_alone_is_one_of_them() {
        let all = all(&testing::World::new().dependencies(), Settings::default());
        for single in SINGLE {
            assert!(all.iter().any(|processor| processor.name == single), "{single}");
        }
    }
}
