//! Takes samples in, and gives them to readers in the order of their arrival.

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::clock::{Clock, Timestamp};
use ports::samples::{ReceivedSample, Sample, SampleBatch, SampleFeed, SampleSource, Samples};
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::watch;
use uuid::Uuid;

use super::SqliteSamples;
use super::sample_row::{Stored, received_sample};
use crate::database::Database;
use crate::error::{Closed, Fault};
use crate::numbers::{integer, limit};

const BEFORE: &str = include_str!("../../sql/samples/before.sql");
const NEXT_RECEIVED_AT: &str = include_str!("../../sql/samples/next_received_at.sql");
const READ_SAMPLES: &str = include_str!("../../sql/samples/read_samples.sql");

/// A batch ends with the sample that goes beyond this.
const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

#[async_trait]
impl Samples for SqliteSamples {
    async fn publish(&self, motor_id: Uuid, sample: &Sample) -> Result<(), PortError> {
        let failed = |fault| PortError::new(format!("taking in a sample of {motor_id}"), fault);
        let stored = Stored::of(motor_id, sample).map_err(failed)?;
        let clock = Arc::clone(&self.clock);
        let insert = move |connection: &Connection| stored.insert(connection, clock.now());
        self.database.write(insert).await.map_err(failed)
    }
}

#[async_trait]
impl SampleSource for SqliteSamples {
    async fn open(&self, from: Option<&Checkpoint>) -> Result<Box<dyn SampleFeed>, PortError> {
        let after = from.map_or(Ok(0), |Checkpoint(text)| text.parse());
        let after = after
            .map_err(|error| PortError::new("resuming the samples from a checkpoint", error))?;
        let (database, clock) = (Arc::clone(&self.database), Arc::clone(&self.clock));
        Ok(Box::new(Feed { database, clock, head: self.head.clone(), after }))
    }

    async fn open_since(&self, since: Timestamp) -> Result<Box<dyn SampleFeed>, PortError> {
        let look = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(BEFORE)?;
            Ok(statement.query_row([since.as_micros()], |row| row.get::<_, u64>(0))?)
        };
        let after = self.database.read(look).await;
        let after = after
            .map_err(|fault| PortError::new(format!("looking for samples since {since}"), fault))?;
        self.open(Some(&Checkpoint(after.to_string()))).await
    }
}

/// Reads the samples by position; a checkpoint is a position.
struct Feed {
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    head: watch::Receiver<u64>,
    after: u64,
}

#[async_trait]
impl SampleFeed for Feed {
    async fn next(&mut self, samples_max: usize) -> Result<SampleBatch, PortError> {
        let after = self.after;
        let failed = |fault| PortError::new(format!("reading samples after {after}"), fault);
        self.head.wait_for(|head| *head > after).await.map_err(|_| failed(Closed.into()))?;
        let read = move |connection: &Connection| batch(connection, after, samples_max);
        let (samples, through) = self.database.read(read).await.map_err(failed)?;
        // Nothing waits between reading and taking note, so that a dropped future has given nothing.
        self.after = through;
        Ok(SampleBatch { samples, checkpoint: Checkpoint(through.to_string()) })
    }

    async fn complete_until(&mut self) -> Result<Option<Timestamp>, PortError> {
        let after = self.after;
        let clock = Arc::clone(&self.clock);
        // In turn with those that put samples down: one that has its time, and is not committed yet, would not be seen.
        let look = move |connection: &Connection| {
            let mut statement = connection.prepare_cached(NEXT_RECEIVED_AT)?;
            let waiting = statement.query_row([integer(after)], |row| row.get(0)).optional()?;
            Ok(waiting.map_or_else(|| clock.now(), Timestamp::from_micros))
        };
        let failed = |fault| PortError::new(format!("looking for samples after {after}"), fault);
        self.database.write(look).await.map(Some).map_err(failed)
    }
}

/// The samples after a position, and how far that goes: beyond the last one where samples are no longer kept.
fn batch(
    connection: &Connection,
    after: u64,
    samples_max: usize,
) -> Result<(Vec<ReceivedSample>, u64), Fault> {
    let head = super::head(connection)?.max(after);
    let mut statement = connection.prepare_cached(READ_SAMPLES)?;
    let mut rows = statement.query([integer(after), limit(samples_max)])?;
    let (mut samples, mut bytes, mut through) = (Vec::new(), 0, after);
    while let Some(row) = rows.next()? {
        let (position, sample) = received_sample(row)?;
        bytes += size(&sample.sample);
        samples.push(sample);
        through = position;
        if bytes > BATCH_BYTES_MAX {
            return Ok((samples, through));
        }
    }
    let full = samples.len() >= samples_max;
    Ok((samples, if full { through } else { head }))
}

fn size(sample: &Sample) -> usize {
    match sample {
        Sample::Block(block) => size_of_val(block.samples.as_slice()),
        Sample::Measurement(_) => 0,
    }
}
