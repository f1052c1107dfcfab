//! One assignment of all partitions, from their ends until something ends it.

mod early;
mod gaps;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use ports::PortError;
use ports::stream::GlobalPosition;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};
use tracing::{error, warn};

use super::{Decoded, TailReader};
use crate::live::ahead::Ahead;
use crate::live::partitions::{Partitions, needs_reopening};
use crate::live::reorder::Reorder;
use early::has_more;

/// So many records are taken in before what they release is handed on.
const TAKE_RECORDS_MAX: usize = 500;
/// What the client may hold ready of all partitions together.
const PREFETCH_KBYTES_MAX: usize = 16 * 1024;
/// So many records of a partition the client tries to hold ready.
const PREFETCH_RECORDS: usize = 5_000;

/// Why an assignment came to its end.
pub(super) enum Ended {
    /// It was to stop.
    Drained,
    /// The topics must be opened anew, and nothing is wrong.
    Anew(String),
    /// The topics must be opened anew.
    Failed(PortError),
}

/// All partitions of the event topics, assigned to one consumer.
pub(super) struct Assignment<'a> {
    reader: &'a TailReader,
    consumer: Arc<StreamConsumer>,
    partitions: Partitions,
    partitions_poll: Interval,
    reorder: Reorder,
    ahead: Ahead,
    /// Which partitions are held back since they are ahead of others.
    paused: Vec<bool>,
    /// The position that is missing, and when it is read from the log.
    missing: Option<(u64, Instant)>,
    /// Before that the log, which failed, is not asked again.
    not_before: Instant,
    /// Since a failure nothing has come.
    troubled: bool,
}

/// What there is to be done.
enum Turn<'c> {
    Take(Result<BorrowedMessage<'c>, KafkaError>),
    Fill,
    LookAhead,
    LookAtPartitions,
}

impl<'a> Assignment<'a> {
    pub(super) async fn begin(reader: &'a TailReader) -> Result<Self, Ended> {
        let failed = |error| Ended::Failed(PortError::new("opening the event topics", error));
        let consumer = consumer(reader).map_err(failed)?;
        let partitions = Partitions::of(&consumer, &reader.topics).await.map_err(Ended::Failed)?;
        let ends = partitions.ends(&consumer).await.map_err(Ended::Failed)?;
        partitions
            .at(ends.iter().map(|ends| ends.high))
            .and_then(|assignment| consumer.assign(&assignment))
            .map_err(failed)?;
        // The log is asked after the partitions: what it gets from here on is not in them yet.
        let GlobalPosition(head) = reader.log.head().await.map_err(Ended::Failed)?;
        reader.tail.begin_at(head + 1);
        let settings = &reader.settings;
        let (events_max, bytes_max) = (settings.waiting_events_max, settings.waiting_bytes_max);
        let hole_wait = Duration::from_millis(settings.hole_wait_ms);
        let mut partitions_poll = interval(Duration::from_millis(settings.partitions_poll_ms));
        partitions_poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        partitions_poll.reset();
        Ok(Self {
            reader,
            consumer,
            partitions_poll,
            reorder: Reorder::new(head + 1, partitions.len(), events_max, bytes_max),
            ahead: Ahead::new(settings.ahead_events_per_second_max, hole_wait),
            paused: vec![false; partitions.len()],
            partitions,
            missing: None,
            not_before: Instant::now(),
            troubled: true,
        })
    }

    pub(super) async fn run(mut self, drain: &mut watch::Receiver<bool>) -> Ended {
        loop {
            let step = tokio::select! {
                biased;
                _ = drain.wait_for(|draining| *draining) => return Ended::Drained,
                step = self.step() => step,
            };
            if let Err(ended) = step {
                return ended;
            }
        }
    }

    async fn step(&mut self) -> Result<(), Ended> {
        let consumer = Arc::clone(&self.consumer);
        match self.turn(&consumer).await {
            Turn::Take(record) => self.take_all(&consumer, record).await?,
            Turn::Fill => self.fill().await?,
            Turn::LookAhead => self.look_ahead().await,
            Turn::LookAtPartitions => self.look_at_partitions().await?,
        }
        self.hand_on();
        self.hold_back()
    }

    async fn turn<'c>(&mut self, consumer: &'c StreamConsumer) -> Turn<'c> {
        let fill_at = self.missing.map(|(_, fill_at)| fill_at);
        let look_at = self.ahead.look_at().map(|look_at| look_at.max(self.not_before));
        let (log, known) = (&*self.reader.log, GlobalPosition(self.reorder.next() - 1));
        let fill = async {
            match fill_at {
                Some(fill_at) => sleep_until(fill_at).await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            () = fill => Turn::Fill,
            record = consumer.recv() => Turn::Take(record),
            () = has_more(log, known, look_at) => Turn::LookAhead,
            _ = self.partitions_poll.tick() => Turn::LookAtPartitions,
        }
    }

    /// Takes this record in, and those that are there already.
    async fn take_all(
        &mut self,
        consumer: &StreamConsumer,
        first: Result<BorrowedMessage<'_>, KafkaError>,
    ) -> Result<(), Ended> {
        self.take(first).await?;
        for _ in 1..TAKE_RECORDS_MAX {
            if self.reorder.is_full() {
                break;
            }
            let Some(record) = consumer.recv().now_or_never() else { break };
            self.take(record).await?;
        }
        Ok(())
    }

    async fn take(&mut self, record: Result<BorrowedMessage<'_>, KafkaError>) -> Result<(), Ended> {
        let record = match record {
            Ok(record) => record,
            Err(error) => return self.note(error),
        };
        if std::mem::take(&mut self.troubled) {
            self.reader.tail.note_recovery();
        }
        let (topic, partition, offset) = (record.topic(), record.partition(), record.offset());
        let Some(index) = self.partitions.index(topic, partition) else { return Ok(()) };
        match self.reader.decoder.decode(&record).await {
            Decoded::Event(event) if self.ahead.brings(event.position.0) => {
                self.reorder.pass(index, event.position.0);
            }
            Decoded::Event(event) => self.reorder.offer(index, event),
            Decoded::InLog { position, fault } => {
                if let Some(fault) = fault {
                    warn!("{topic}-{partition}@{offset} is read from the log instead: {fault}");
                }
                if self.ahead.brings(position) {
                    self.reorder.pass(index, position);
                } else {
                    self.reorder.refer_to_log(index, position);
                }
            }
            Decoded::Unknown { fault } => {
                error!("{topic}-{partition}@{offset} is no event: {fault}");
            }
        }
        Ok(())
    }

    /// What the client can mend by itself is only told.
    fn note(&mut self, error: KafkaError) -> Result<(), Ended> {
        if needs_reopening(&error) {
            return Err(Ended::Failed(PortError::new("reading the event topics", error)));
        }
        warn!("reading the event topics: {error}");
        self.reader.tail.note_error(error.to_string());
        self.troubled = true;
        Ok(())
    }

    /// Keeps partitions from running ahead of the others without bounds.
    fn hold_back(&mut self) -> Result<(), Ended> {
        let failed = |error| Ended::Failed(PortError::new("holding back partitions", error));
        let (full, has_room) = (self.reorder.is_full(), self.reorder.has_room());
        let (mut pause, mut resume) = (Vec::new(), Vec::new());
        for (index, paused) in self.paused.iter_mut().enumerate() {
            let ahead = self.reorder.is_ahead(index);
            // One that is not ahead any more may be the one that everything waits for.
            if *paused && (has_room || !ahead) {
                *paused = false;
                resume.push(index);
            } else if !*paused && full && ahead {
                *paused = true;
                pause.push(index);
            }
        }
        if !pause.is_empty() {
            self.consumer.pause(&self.list(&pause)).map_err(failed)?;
        }
        if !resume.is_empty() {
            self.consumer.resume(&self.list(&resume)).map_err(failed)?;
        }
        Ok(())
    }

    fn list(&self, indices: &[usize]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(indices.len());
        for (index, (topic, partition)) in self.partitions.iter().enumerate() {
            if indices.contains(&index) {
                list.add_partition(topic, partition);
            }
        }
        list
    }

    async fn look_at_partitions(&self) -> Result<(), Ended> {
        match Partitions::of(&self.consumer, &self.reader.topics).await {
            Ok(now) if now == self.partitions => Ok(()),
            Ok(_) => Err(Ended::Anew("they have other partitions now".to_owned())),
            // Whether the cluster answers is seen by the records.
            Err(error) => {
                warn!("looking at the partitions: {}", error.chain());
                Ok(())
            }
        }
    }
}

fn consumer(reader: &TailReader) -> Result<Arc<StreamConsumer>, KafkaError> {
    let mut config = reader.kafka.consumer_config();
    // The client wants the name of a group to assign anything; nothing is ever committed under it.
    config
        .set("group.id", format!("{}-live", reader.kafka.client_id))
        .set("queued.max.messages.kbytes", PREFETCH_KBYTES_MAX.to_string())
        .set("queued.min.messages", PREFETCH_RECORDS.to_string());
    Ok(Arc::new(config.create()?))
}
