//! Vibration samples in the order of their arrival, in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::time::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use super::lock;
use crate::PortError;
use crate::checkpoint::Checkpoint;
use crate::clock::Clock;
use crate::samples::{ReceivedSample, Sample, SampleBatch, SampleFeed, SampleSource, Samples};

/// Samples that end with the process. A checkpoint is how many of them were given.
pub struct MemorySamples {
    clock: Arc<dyn Clock>,
    arrivals: Arc<Arrivals>,
}

#[derive(Default)]
struct Arrivals {
    samples: Mutex<Vec<ReceivedSample>>,
    count: watch::Sender<usize>,
}

impl MemorySamples {
    /// Empty; `clock` tells when a sample came in.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, arrivals: Arc::default() }
    }
}

#[async_trait]
impl Samples for MemorySamples {
    async fn publish(&self, motor_id: Uuid, sample: &Sample) -> Result<(), PortError> {
        let mut samples = lock(&self.arrivals.samples);
        let received_at = self.clock.now();
        samples.push(ReceivedSample { motor_id, sample: sample.clone(), received_at });
        self.arrivals.count.send_replace(samples.len());
        Ok(())
    }
}

#[async_trait]
impl SampleSource for MemorySamples {
    async fn open(&self, from: Option<&Checkpoint>) -> Result<Box<dyn SampleFeed>, PortError> {
        let given = from.map_or(Ok(0), |Checkpoint(text)| text.parse());
        let given = given.map_err(|error| PortError::new("opening the samples", error))?;
        let (clock, arrivals) = (Arc::clone(&self.clock), Arc::clone(&self.arrivals));
        Ok(Box::new(Feed { clock, arrivals, given }))
    }

    async fn open_since(&self, since: Timestamp) -> Result<Box<dyn SampleFeed>, PortError> {
        let before = lock(&self.arrivals.samples)
            .iter()
            .take_while(|sample| sample.received_at < since)
            .count();
        self.open(Some(&Checkpoint(before.to_string()))).await
    }
}

struct Feed {
    clock: Arc<dyn Clock>,
    arrivals: Arc<Arrivals>,
    given: usize,
}

#[async_trait]
impl SampleFeed for Feed {
    async fn next(&mut self, samples_max: usize) -> Result<SampleBatch, PortError> {
        let mut count = self.arrivals.count.subscribe();
        count.wait_for(|&count| count > self.given).await.expect("the feed holds the sender");
        // From here on nothing waits, so that no drop can come between taking the samples and counting them.
        let samples: Vec<_> = lock(&self.arrivals.samples)
            .iter()
            .skip(self.given)
            .take(samples_max)
            .cloned()
            .collect();
        self.given += samples.len();
        Ok(SampleBatch { samples, checkpoint: Checkpoint(self.given.to_string()) })
    }
    async fn complete_until(&mut self) -> Result<Option<Timestamp>, PortError> {
        // Under the lock, so that nothing comes in between looking and telling the time.
        let samples = lock(&self.arrivals.samples);
        let waiting = samples.get(self.given).map(|sample| sample.received_at);
        Ok(Some(waiting.unwrap_or_else(|| self.clock.now())))
    }
}
