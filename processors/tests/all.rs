//! The composition root starts what `all` lists, and nothing else.

use std::sync::Arc;

use async_trait::async_trait;
use ports::clock::Clock;
use ports::command_bus::{Accepted, CommandBus, CommandEnvelope, CommandError};
use ports::memory::{
    ManualClock, MemoryBlobs, MemoryCheckpoints, MemoryLog, MemoryReadings, MemorySamples,
    MemoryWorkQueue,
};
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
        log: Arc::new(MemoryLog::new(clock.clone())),
        checkpoints: Arc::new(MemoryCheckpoints::default()),
        blobs: Arc::new(MemoryBlobs::default()),
        queue: Arc::new(MemoryWorkQueue::default()),
        samples: Arc::new(MemorySamples::new(clock.clone())),
        readings: Arc::new(MemoryReadings::default()),
        clock,
    }
}

#[test]
fn every_processor_is_on_the_list() {
    let processors = all(&dependencies(), Settings::default());
    let handlers: Vec<&str> = processors.handlers.iter().map(|handler| handler.name()).collect();
    assert_eq!(handlers, ["image-dispatch", "vibration-fleet"]);
    let services: Vec<&str> = processors.services.iter().map(|service| service.name).collect();
    assert_eq!(services, ["image-worker", "vibration-assessor", "vibration-sender"]);
}

#[tokio::test(start_paused = true)]
async fn a_service_without_work_ends_when_it_is_to_drain_and_can_be_run_again() {
    for service in all(&dependencies(), Settings::default()).services {
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
