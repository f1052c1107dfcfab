//! Until when a reader has given everything: as of a moment at whose ends all partitions have arrived.

use std::sync::Arc;

use futures::FutureExt;
use ports::PortError;
use ports::clock::{Clock, Timestamp};
use rdkafka::consumer::StreamConsumer;
use tokio::task::JoinHandle;
use tracing::warn;

use super::desk::{Offsets, SourceSettings};
use super::stall::StallWatch;
use crate::live::partitions::Partitions;

const MICROS_PER_MS: i64 = 1_000;

/// Asks for the ends in the background, one question at a time: a partition without a leader holds up nobody.
pub(super) struct Completeness {
    clock: Arc<dyn Clock>,
    clocks_apart_ms_max: i64,
    asking: Option<JoinHandle<Result<Seen, PortError>>>,
    /// What is yet to be reached.
    ahead: Option<Seen>,
    until: Option<Timestamp>,
    stalls: StallWatch,
}

/// The client gives nothing of a partition that has more.
#[derive(Debug, thiserror::Error)]
#[error("nothing comes of partition {partition}, which has more")]
pub(super) struct Stalled {
    partition: i32,
}

/// The ends of all partitions, as they were at a moment or later.
#[derive(Debug)]
struct Seen {
    at: Timestamp,
    ends: Offsets,
}

impl Completeness {
    pub(super) fn new(clock: Arc<dyn Clock>, settings: &SourceSettings) -> Self {
        let clocks_apart_ms_max = i64::from(settings.clocks_apart_ms_max);
        let stalls = StallWatch::new(settings.stalled_ms_max);
        Self { clock, clocks_apart_ms_max, asking: None, ahead: None, until: None, stalls }
    }

    /// Until when there is nothing beyond `reached`, as far as answers have come; asks for the next one.
    ///
    /// # Errors
    /// What the cluster has does not come.
    pub(super) fn until(
        &mut self,
        reached: &Offsets,
        consumer: &Arc<StreamConsumer>,
        partitions: &Partitions,
    ) -> Result<Option<Timestamp>, Stalled> {
        self.hear();
        self.arrive(reached);
        let ends = self.ahead.as_ref().map(|seen| &seen.ends);
        if let Some(partition) = ends.and_then(|ends| self.stalls.look(reached, ends)) {
            return Err(Stalled { partition });
        }
        if self.asking.is_none() {
            let (consumer, partitions) = (Arc::clone(consumer), partitions.clone());
            // Before the question, so that what is put down while it is on its way is later.
            let at = self.clock.now();
            self.asking = Some(tokio::spawn(ends_of(consumer, partitions, at)));
        }
        Ok(self.until)
    }

    /// Takes note of the answer, if it has come.
    fn hear(&mut self) {
        let Some(answer) = self.asking.as_mut().and_then(FutureExt::now_or_never) else { return };
        self.asking = None;
        match answer {
            Ok(Ok(seen)) => self.take_note(seen),
            Ok(Err(error)) => {
                self.stalls.forgive();
                warn!("looking for samples that wait: {}", error.chain());
            }
            Err(stopping) => warn!("looking for samples that wait: {stopping}"),
        }
    }

    /// The ends may have gone back meanwhile, when a leader was lost with what only it had: nobody will get beyond them.
    fn take_note(&mut self, seen: Seen) {
        let Some(ahead) = &mut self.ahead else {
            self.ahead = Some(seen);
            return;
        };
        for (partition, end) in &mut ahead.ends {
            *end = seen.ends.get(partition).copied().unwrap_or_default().min(*end);
        }
    }

    fn arrive(&mut self, reached: &Offsets) {
        let is_reached =
            |(partition, end): (&i32, &i64)| reached.get(partition).is_some_and(|at| at >= end);
        let arrived = self.ahead.take_if(|seen| seen.ends.iter().all(is_reached));
        let until = arrived.map(|seen| self.surely_before(seen.at));
        self.until = self.until.max(until);
    }

    /// What is put down at `at` has at least this time, which is in whole milliseconds and by another clock.
    fn surely_before(&self, at: Timestamp) -> Timestamp {
        let at_ms = at.as_micros().div_euclid(MICROS_PER_MS) - self.clocks_apart_ms_max;
        Timestamp::from_micros(at_ms * MICROS_PER_MS)
    }
}

impl Drop for Completeness {
    fn drop(&mut self) {
        self.asking.iter().for_each(JoinHandle::abort);
    }
}

async fn ends_of(
    consumer: Arc<StreamConsumer>,
    partitions: Partitions,
    at: Timestamp,
) -> Result<Seen, PortError> {
    let highs = partitions.highs(&consumer).await?;
    let ends = partitions.iter().map(|(_, partition)| partition).zip(highs).collect();
    Ok(Seen { at, ends })
}
