//! How far the copy came: the last record of a scope on the cursor's topic.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ports::stream::GlobalPosition;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};

use super::publish_error::PublishError;
use super::{RelayError, RelaySettings};
use crate::settings::KafkaSettings;

/// The cursor has one partition.
const PARTITION: i32 = 0;
/// How far before the end the search begins: each transaction takes two offsets, an aborted one too.
const LOOK_BACK: i64 = 256;
/// How much further it goes each time nothing was found.
const LOOK_BACK_FACTOR: i64 = 64;
/// How long each request may take.
const ANSWER_MS_MAX: u64 = 10_000;
/// How long the search may take altogether.
const SEARCH_MS_MAX: u64 = 60_000;
const POLL_MS: u64 = 100;

pub(super) fn encode(position: GlobalPosition) -> String {
    position.to_string()
}

/// The committed cursor; 0 only where nothing was ever copied.
pub(super) fn read(
    kafka: &KafkaSettings,
    settings: &RelaySettings,
    event_topics: &[String],
) -> Result<GlobalPosition, PublishError> {
    let consumer = consumer(kafka, settings)?;
    if let Some(cursor) = find(&consumer, settings)? {
        return Ok(cursor);
    }
    for topic in event_topics {
        if has_records(&consumer, topic).map_err(PublishError::Broken)? {
            return Err(RelayError::CursorLost { topic: topic.clone() }.into());
        }
    }
    Ok(GlobalPosition(0))
}

/// The committed cursor, without asking what it means that there is none.
pub(super) fn committed(
    kafka: &KafkaSettings,
    settings: &RelaySettings,
) -> Result<Option<GlobalPosition>, PublishError> {
    find(&consumer(kafka, settings)?, settings)
}

fn consumer(kafka: &KafkaSettings, settings: &RelaySettings) -> Result<BaseConsumer, RelayError> {
    let mut config = kafka.consumer_config();
    // It joins no group; the library wants a name all the same.
    config.set("group.id", settings.transactional_id()).set("enable.partition.eof", "true");
    config.create().map_err(RelayError::Settings)
}

/// Searches backwards from the end, further each time.
fn find(
    consumer: &BaseConsumer,
    settings: &RelaySettings,
) -> Result<Option<GlobalPosition>, PublishError> {
    let topic = &settings.topics.relay_cursor;
    let watermarks = consumer.fetch_watermarks(topic, PARTITION, answer());
    let (low, high) = watermarks.map_err(PublishError::Broken)?;
    let mut look_back = LOOK_BACK;
    loop {
        let start = (high - look_back).max(low);
        let mut last = None;
        scan(consumer, topic, &[(PARTITION, start)], |record| {
            if record.key() == Some(settings.scope.as_bytes()) {
                last = record.payload().map(<[u8]>::to_vec);
            }
            ControlFlow::Continue(())
        })
        .map_err(PublishError::Broken)?;
        if let Some(value) = last {
            let unreadable = || RelayError::CursorUnreadable { topic: topic.clone() };
            return Ok(Some(decode(&value).ok_or_else(unreadable)?));
        }
        if start <= low {
            return Ok(None);
        }
        look_back *= LOOK_BACK_FACTOR;
    }
}

/// Whether anything was ever committed to a topic. What was only begun takes offsets too, and does not count.
fn has_records(consumer: &BaseConsumer, topic: &str) -> Result<bool, KafkaError> {
    let metadata = consumer.fetch_metadata(Some(topic), answer())?;
    let mut starts = Vec::new();
    for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
        let (low, high) = consumer.fetch_watermarks(topic, partition.id(), answer())?;
        if high > low {
            starts.push((partition.id(), low));
        }
    }
    let mut found = false;
    scan(consumer, topic, &starts, |_| {
        found = true;
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// Shows `visit` every committed record from the given offsets to the ends of their partitions.
fn scan(
    consumer: &BaseConsumer,
    topic: &str,
    starts: &[(i32, i64)],
    mut visit: impl FnMut(&BorrowedMessage<'_>) -> ControlFlow<()>,
) -> Result<(), KafkaError> {
    let mut partitions = TopicPartitionList::new();
    for &(partition, start) in starts {
        partitions.add_partition_offset(topic, partition, Offset::Offset(start))?;
    }
    consumer.assign(&partitions)?;
    let deadline = Instant::now() + Duration::from_millis(SEARCH_MS_MAX);
    let mut open = starts.len();
    while open > 0 {
        if Instant::now() > deadline {
            return Err(KafkaError::Global(RDKafkaErrorCode::OperationTimedOut));
        }
        match consumer.poll(Duration::from_millis(POLL_MS)) {
            None => {}
            Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
            Some(Err(error)) => return Err(error),
            Some(Ok(record)) if visit(&record).is_break() => return Ok(()),
            Some(Ok(_)) => {}
        }
    }
    Ok(())
}

fn decode(value: &[u8]) -> Option<GlobalPosition> {
    str::from_utf8(value).ok()?.parse().ok().map(GlobalPosition)
}

fn answer() -> Duration {
    Duration::from_millis(ANSWER_MS_MAX)
}
