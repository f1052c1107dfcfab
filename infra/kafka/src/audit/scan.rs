//! Reads the partitions of a topic from given offsets, each until it is left or has no more records.

use std::collections::BTreeSet;
use std::time::Duration;

use ports::PortError;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use crate::live::partitions::needs_reopening;

/// How long one of them may take.
const SCAN_S_MAX: u64 = 60;

pub(super) struct Scan<'a> {
    consumer: &'a StreamConsumer,
    topic: &'a str,
    open: BTreeSet<i32>,
    deadline: Instant,
}

impl<'a> Scan<'a> {
    /// Of the partitions that are given by their numbers.
    pub(super) fn begin(
        consumer: &'a StreamConsumer,
        topic: &'a str,
        starts: impl IntoIterator<Item = (i32, i64)>,
    ) -> Result<Self, PortError> {
        let failed = |error| PortError::new(format!("beginning to read {topic}"), error);
        let (mut list, mut open) = (TopicPartitionList::new(), BTreeSet::new());
        for (partition, offset) in starts {
            list.add_partition_offset(topic, partition, Offset::Offset(offset)).map_err(failed)?;
            open.insert(partition);
        }
        consumer.assign(&list).map_err(failed)?;
        // What an earlier scan left stays paused otherwise.
        consumer.resume(&list).map_err(failed)?;
        let deadline = Instant::now() + Duration::from_secs(SCAN_S_MAX);
        Ok(Self { consumer, topic, open, deadline })
    }

    /// The next record of a partition that was not left; none once nothing is to come.
    pub(super) async fn next(&mut self) -> Result<Option<BorrowedMessage<'a>>, PortError> {
        let attempted = || format!("reading {}", self.topic);
        while !self.open.is_empty() {
            let received = timeout_at(self.deadline, self.consumer.recv()).await;
            match received.map_err(|late| PortError::new(attempted(), late))? {
                Ok(record) if self.open.contains(&record.partition()) => return Ok(Some(record)),
                Ok(_) => {}
                Err(KafkaError::PartitionEOF(partition)) => {
                    self.open.remove(&partition);
                }
                Err(error) if needs_reopening(&error) => {
                    return Err(PortError::new(attempted(), error));
                }
                // The client mends it by itself, or the time is up.
                Err(error) => warn!("reading {}: {error}", self.topic),
            }
        }
        // Nothing is fetched while nobody reads.
        let unassigned = self.consumer.unassign();
        unassigned.map_err(|error| PortError::new(attempted(), error))?;
        Ok(None)
    }

    /// No more of this partition.
    pub(super) fn leave(&mut self, partition: i32) -> Result<(), PortError> {
        if !self.open.remove(&partition) {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        list.add_partition(self.topic, partition);
        let paused = self.consumer.pause(&list);
        paused.map_err(|error| PortError::new(format!("pausing {}", self.topic), error))
    }
}
