//! All partitions of some topics, and their ends.

use std::sync::Arc;
use std::time::Duration;

use ports::PortError;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

/// How long the cluster may take to tell of a topic, or of an offset.
const ANSWER_MS_MAX: u64 = 10_000;
/// How long a partition that has no leader at the moment is left alone.
const LEADER_WAIT_MS: u64 = 100;

/// How many partitions the cluster has of each topic, in the order in which they were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partitions {
    topics: Vec<(String, i32)>,
}

/// The lowest offset of a partition that is kept, and the one that the next record will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) low: i64,
    pub(crate) high: i64,
}

impl Partitions {
    /// Asks the cluster. A topic that it does not have is an error.
    pub(crate) async fn of(
        consumer: &Arc<StreamConsumer>,
        topics: &[String],
    ) -> Result<Self, PortError> {
        let (consumer, topics) = (Arc::clone(consumer), topics.to_vec());
        off_the_runtime("asking for the partitions of the topics", move || {
            let counted = |topic: &String| Ok((topic.clone(), count_of(&consumer, topic)?));
            Ok(Self { topics: topics.iter().map(counted).collect::<KafkaResult<_>>()? })
        })
        .await
    }

    /// How many there are in all.
    pub(crate) fn len(&self) -> usize {
        self.topics.iter().map(|(_, partitions)| count(*partitions)).sum()
    }

    /// Each with its topic, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, i32)> {
        self.topics
            .iter()
            .flat_map(|(topic, partitions)| (0..*partitions).map(move |it| (topic.as_str(), it)))
    }

    /// Which one it is in that order.
    pub(crate) fn index(&self, topic: &str, partition: i32) -> Option<usize> {
        let mut before = 0;
        for (known, partitions) in &self.topics {
            if known == topic {
                let there = (0..*partitions).contains(&partition);
                return there.then(|| before + count(partition));
            }
            before += count(*partitions);
        }
        None
    }

    /// The ends of every partition, in order.
    pub(crate) async fn ends(
        &self,
        consumer: &Arc<StreamConsumer>,
    ) -> Result<Vec<Ends>, PortError> {
        let (consumer, partitions) = (Arc::clone(consumer), self.clone());
        off_the_runtime("asking for the ends of the partitions", move || {
            let ends = |(topic, partition): (&str, i32)| {
                let (low, high) = consumer.fetch_watermarks(topic, partition, answer_bound())?;
                Ok(Ends { low, high })
            };
            partitions.iter().map(ends).collect()
        })
        .await
    }

    /// The offset that the next record of every partition will have, in order, with one question to each broker.
    pub(crate) async fn highs(
        &self,
        consumer: &Arc<StreamConsumer>,
    ) -> Result<Vec<i64>, PortError> {
        let (consumer, partitions) = (Arc::clone(consumer), self.clone());
        off_the_runtime("asking how far the partitions go", move || {
            let mut list = partitions.at(partitions.iter().map(|_| 0))?;
            list.set_all_offsets(Offset::End)?;
            let found = consumer.offsets_for_times(list, answer_bound())?;
            let high = |(topic, partition): (&str, i32)| {
                let found = found.find_partition(topic, partition);
                let found = found.ok_or(KafkaError::OffsetFetch(Code::UnknownPartition))?;
                found.error()?;
                let nothing_told = KafkaError::OffsetFetch(Code::NoOffset);
                found.offset().to_raw().filter(|high| *high >= 0).ok_or(nothing_told)
            };
            partitions.iter().map(high).collect()
        })
        .await
    }

    /// The offset of the first record of every partition that has this time or a later one, in order; where there is
    /// none, the one that the next record will have.
    pub(crate) async fn since(
        &self,
        consumer: &Arc<StreamConsumer>,
        at_ms: i64,
    ) -> Result<Vec<i64>, PortError> {
        let (asked, partitions) = (Arc::clone(consumer), self.clone());
        let found = off_the_runtime("asking where records of a time are", move || {
            let mut list = partitions.at(partitions.iter().map(|_| 0))?;
            list.set_all_offsets(Offset::Offset(at_ms))?;
            let found = asked.offsets_for_times(list, answer_bound())?;
            let first = |(topic, partition): (&str, i32)| {
                let found = found.find_partition(topic, partition);
                let found = found.ok_or(KafkaError::OffsetFetch(Code::UnknownPartition))?;
                found.error()?;
                Ok(found.offset().to_raw().filter(|offset| *offset >= 0))
            };
            partitions.iter().map(first).collect::<KafkaResult<Vec<_>>>()
        })
        .await?;
        let highs = self.highs(consumer).await?;
        Ok(found.into_iter().zip(highs).map(|(found, high)| found.unwrap_or(high)).collect())
    }

    /// Every partition at its offset.
    pub(crate) fn at(
        &self,
        offsets: impl IntoIterator<Item = i64>,
    ) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::with_capacity(self.len());
        for ((topic, partition), offset) in self.iter().zip(offsets) {
            list.add_partition_offset(topic, partition, Offset::Offset(offset))?;
        }
        Ok(list)
    }
}

/// Whether the client will not get over this by itself.
pub(crate) fn needs_reopening(error: &KafkaError) -> bool {
    let lost = [
        Code::AutoOffsetReset,
        Code::OffsetOutOfRange,
        Code::UnknownTopic,
        Code::UnknownPartition,
        Code::UnknownTopicOrPartition,
        Code::TopicAuthorizationFailed,
        Code::GroupAuthorizationFailed,
    ];
    match error {
        KafkaError::MessageConsumption(code) => lost.contains(code),
        _ => true,
    }
}

fn count_of(consumer: &StreamConsumer, topic: &str) -> KafkaResult<i32> {
    let metadata = consumer.fetch_metadata(Some(topic), answer_bound())?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    match found.map_or(0, |found| found.partitions().len()) {
        0 => Err(KafkaError::MetadataFetch(Code::UnknownTopicOrPartition)),
        partitions => Ok(i32::try_from(partitions).unwrap_or(i32::MAX)),
    }
}

fn answer_bound() -> Duration {
    Duration::from_millis(ANSWER_MS_MAX)
}

fn count(partitions: i32) -> usize {
    usize::try_from(partitions).unwrap_or_default()
}

/// Runs a call of the client that blocks; again while a partition is only changing its leader.
async fn off_the_runtime<T: Send + 'static>(
    attempted: &'static str,
    call: impl Fn() -> KafkaResult<T> + Clone + Send + 'static,
) -> Result<T, PortError> {
    let bound = Instant::now() + answer_bound();
    loop {
        let answer = spawn_blocking(call.clone()).await;
        match answer.map_err(|stopping| PortError::new(attempted, stopping))? {
            Err(error) if changes_leader(&error) && Instant::now() < bound => {
                sleep(Duration::from_millis(LEADER_WAIT_MS)).await;
            }
            answer => return answer.map_err(|error| PortError::new(attempted, error)),
        }
    }
}

fn changes_leader(error: &KafkaError) -> bool {
    let changing = [Code::LeaderNotAvailable, Code::NotLeaderForPartition];
    error.rdkafka_error_code().is_some_and(|code| changing.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_of_all_topics_are_numbered_through() {
        let topics = vec![("a".to_owned(), 2), ("b".to_owned(), 3)];
        let partitions = Partitions { topics };
        assert_eq!(partitions.len(), 5);
        for (i, (topic, partition)) in partitions.iter().enumerate() {
            assert_eq!(partitions.index(topic, partition), Some(i));
        }
        for (topic, partition) in [("a", 2), ("b", 3), ("b", -1), ("c", 0)] {
            assert_eq!(partitions.index(topic, partition), None, "{topic}-{partition}");
        }
    }
}
