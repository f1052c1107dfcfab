//! What readers of the samples have in common: how they read, and where they begin.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::clock::Clock;
use rdkafka::message::OwnedMessage;
use tracing::error;

use super::device::DeviceConventions;
use super::refusal::SampleTally;
use super::schemas::SampleSchemas;
use crate::live::partitions::{Ends, Partitions};

/// How samples are read.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// Where from.
    pub topic: String,
    /// A batch ends with the sample that goes beyond this.
    pub batch_bytes_max: usize,
    /// What the client may hold ready, in units of 1024 bytes.
    pub prefetch_kbytes_max: usize,
    /// How far this machine's clock may be ahead of the brokers', with what a record needs to be readable at all.
    /// So much later a sensor is said to be silent.
    pub clocks_apart_ms_max: u32,
    /// So long a partition may stand still before its end while the cluster answers; then reading begins anew. Whoever
    /// reads must need less for a batch.
    pub stalled_ms_max: u64,
    /// How often the number of partitions is looked at.
    pub partitions_poll_ms: u64,
    /// What devices mean where they do not say it.
    pub conventions: DeviceConventions,
}

impl SourceSettings {
    /// The defaults, for `topic`.
    pub fn of(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            batch_bytes_max: 16 * 1024 * 1024,
            prefetch_kbytes_max: 32 * 1024,
            clocks_apart_ms_max: 2_000,
            stalled_ms_max: 10_000,
            partitions_poll_ms: 30_000,
            conventions: DeviceConventions::default(),
        }
    }
}

/// Keeps records that nobody understands.
#[async_trait]
pub trait ParkRecord: Send + Sync {
    /// Durable when it returns. The same record may come again.
    async fn park(&self, record: &OwnedMessage, reason: &str) -> Result<(), PortError>;
}

/// What feeds need to understand records.
pub(super) struct Desk {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) schemas: Arc<SampleSchemas>,
    /// Absent where somebody else does it.
    pub(super) parking: Option<Arc<dyn ParkRecord>>,
    pub(super) tally: Arc<SampleTally>,
    pub(super) settings: SourceSettings,
}

/// The next offset of every partition.
pub(super) type Offsets = BTreeMap<i32, i64>;

impl Desk {
    /// Where to begin in every partition. What is no longer there is told and counted.
    pub(super) fn begin(
        &self,
        partitions: &Partitions,
        ends: &[Ends],
        wanted: Option<&Offsets>,
    ) -> Offsets {
        let begin = |((_, partition), ends): ((&str, i32), &Ends)| {
            // Without a checkpoint everything that is kept is wanted; a partition that it does not know is new.
            let wanted = wanted.map_or(ends.low, |at| at.get(&partition).copied().unwrap_or(0));
            (partition, self.begin_partition(partition, *ends, wanted))
        };
        partitions.iter().zip(ends).map(begin).collect()
    }

    fn begin_partition(&self, partition: i32, ends: Ends, wanted: i64) -> i64 {
        let Ends { low, high } = ends;
        if (low..=high).contains(&wanted) {
            return wanted;
        }
        let topic = &self.settings.topic;
        let lost = u64::try_from(low - wanted).unwrap_or_default();
        if lost > 0 {
            error!("{lost} samples of {topic}-{partition} were let go of before they were read");
        } else {
            error!(
                "{topic}-{partition} ends at {high}, before the checkpoint {wanted}: reading all"
            );
        }
        self.tally.count_reset(lost);
        low
    }
}
