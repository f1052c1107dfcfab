//! The composition root starts what `all` lists, and nothing else.

use std::sync::Arc;

use async_trait::async_trait;
use ports::clock::Clock;
use ports::command_bus::{Accepted, CommandBus, CommandEnvelope, CommandError};
use ports::memory::{
    ManualClock, MemoryBlobs, MemoryCallbacks, MemoryCheckpoints, MemoryLog, MemoryReadings,
    MemoryRenditions, MemorySamples, MemoryWorkQueue,
};
use processors::webhook::WebhookSettings;
use processors::{Dependencies, Settings, all};
use tokio::sync::watch;

struct NoBus;

#[async_trait]
impl CommandBus for NoBus {
    async fn send(&self, _: CommandEnvelope) -> Result<Accepted, CommandError> {
        Err(CommandError::Overloaded)
    }
}

fn dependencies() -> Dependencies {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    Dependencies {
        bus: Arc::new(NoBus),
        store: Arc::new(MemoryLog::new(clock.clone())),
        log: Arc::new(MemoryLog::new(clock.clone())),
        checkpoints: Arc::new(MemoryCheckpoints::default()),
        blobs: Arc::new(MemoryBlobs::default()),
        callbacks: Arc::new(MemoryCallbacks::default()),
        queue: Arc::new(MemoryWorkQueue::default()),
        renditions: Arc::new(MemoryRenditions::default()),
        samples: Arc::new(MemorySamples::new(clock.clone())),
        readings: Arc::new(MemoryReadings::default()),
        clock,
    }
}

fn settings() -> Settings {
    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().expect("it is a key");
    let webhook = WebhookSettings { keys: vec![key], ..WebhookSettings::default() };
    Settings { webhook, ..Settings::default() }
}

#[test]
fn without_a_key_nothing_is_sent() {
    let processors = all(&dependencies(), Settings::default());
    let webhooks = processors.iter().find(|processor| processor.name == "webhooks");
    let webhooks = webhooks.expect("it is on the list");
    assert!(webhooks.services.is_empty());
    assert_eq!(webhooks.handlers.len(), 2, "what happens is followed all the same");
}

#[test]
fn every_processor_is_on_the_list() {
    let processors = all(&dependencies(), settings());
    let parts: Vec<_> = processors
        .iter()
        .map(|processor| {
            let handlers: Vec<&str> = processor.handlers.iter().map(|it| it.name()).collect();
            let services: Vec<&str> = processor.services.iter().map(|it| it.name).collect();
            (processor.name, handlers, services)
        })
        .collect();
    let expected = [
        ("images", vec!["image-dispatch", "image-cleanup"], vec!["image-worker"]),
        ("vibration", vec!["vibration-fleet"], vec!["vibration-assessor", "vibration-sender"]),
        ("webhooks", vec!["webhook-announcer", "webhook-schedule"], vec!["webhook-sender"]),
    ];
    assert_eq!(parts, expected);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_work_ends_when_it_is_to_drain_and_can_be_run_again() {
    let processors = all(&dependencies(), settings());
    for service in processors.into_iter().flat_map(|processor| processor.services) {
        for _ in 0..2 {
            let (drain, draining) = watch::channel(false);
            let running = tokio::spawn(service.run(draining));
            tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            assert!(!running.is_finished(), "{}", service.name);
            drain.send_replace(true);
            running.await.unwrap();
        }
    }
}
