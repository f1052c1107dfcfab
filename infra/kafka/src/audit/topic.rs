//! One topic, read by position.

mod found;
mod marks;
mod strays;

use std::collections::BTreeMap;
use std::sync::Arc;

use ports::PortError;
use ports::stream::GlobalPosition;
use rdkafka::consumer::StreamConsumer;
use rdkafka::message::{BorrowedMessage, Message};
use tracing::warn;

use super::record::{AuditedRecord, Auditor};
use super::scan::Scan;
use crate::headers::position_of;
use crate::live::partitions::{Ends, Partitions};
use crate::settings::KafkaSettings;
use found::Found;
use marks::{Mark, Marks};
use strays::Strays;

/// So many records in a row beyond a range end it; fewer may be in the wrong place.
const BEYOND_RECORDS: usize = 16;
/// From here on it is quicker to read than to go on searching.
const SEARCHED_OFFSETS: i64 = 512;
/// What the client may hold ready.
const PREFETCH_KBYTES_MAX: usize = 8 * 1024;
const PREFETCH_RECORDS: usize = 1_000;
/// At the end of a partition nothing is waited for.
const FETCH_WAIT_MS_MAX: u64 = 10;

/// Where a record is: its partition and offset.
type Place = (i32, i64);

pub(super) struct AuditedTopic {
    name: String,
    kept_for_good: bool,
    consumer: Arc<StreamConsumer>,
    partitions: Partitions,
    marks: Marks,
    strays: Strays,
}

/// How far the reading of a partition has come.
struct Reading {
    /// Where the next range begins.
    next: i64,
    /// The highest position so far.
    highest: GlobalPosition,
    /// What has come beyond the range since the last record within it.
    beyond: Vec<(Place, AuditedRecord)>,
}

impl AuditedTopic {
    pub(super) async fn open(
        kafka: &KafkaSettings,
        name: &str,
        kept_for_good: bool,
    ) -> Result<Self, PortError> {
        let mut config = kafka.consumer_config();
        // The client wants the name of a group to assign anything; nothing is ever committed under it.
        config
            .set("group.id", format!("{}-audit", kafka.client_id))
            .set("enable.partition.eof", "true")
            .set("fetch.wait.max.ms", FETCH_WAIT_MS_MAX.to_string())
            .set("queued.max.messages.kbytes", PREFETCH_KBYTES_MAX.to_string())
            .set("queued.min.messages", PREFETCH_RECORDS.to_string());
        let consumer = config.create();
        let consumer: StreamConsumer =
            consumer.map_err(|error| PortError::new(format!("opening {name}"), error))?;
        let consumer = Arc::new(consumer);
        let partitions = Partitions::of(&consumer, &[name.to_owned()]).await?;
        let (marks, strays) = (Marks::default(), Strays::default());
        Ok(Self { name: name.to_owned(), kept_for_good, consumer, partitions, marks, strays })
    }

    /// Up to where retention may have taken everything, of what was copied up to `through`.
    pub(super) async fn taken_through(
        &mut self,
        through: GlobalPosition,
    ) -> Result<GlobalPosition, PortError> {
        if self.kept_for_good {
            return Ok(GlobalPosition(0));
        }
        let ends = self.ends().await?;
        let begun: BTreeMap<i32, i64> = (0..)
            .zip(&ends)
            .filter(|(_, ends)| ends.low > 0)
            .map(|(at, ends)| (at, ends.low))
            .collect();
        let first = self.first_from(&begun).await?;
        // A partition that was emptied may have held anything.
        let taken = |partition: &i32| match first.get(partition) {
            Some((_, position)) => GlobalPosition(position.0.saturating_sub(1)),
            None => through,
        };
        Ok(begun.keys().map(taken).max().unwrap_or_default().min(through))
    }

    pub(super) async fn range(
        &mut self,
        after: GlobalPosition,
        through: GlobalPosition,
        auditor: &Auditor,
    ) -> Result<Vec<AuditedRecord>, PortError> {
        let ends = self.ends().await?;
        self.strays.retain_from(&ends);
        let start = self.start(after, &ends).await?;
        let begin = |next: &i64| Reading { next: *next, highest: start.passed, beyond: Vec::new() };
        let mut readings: Vec<Reading> = start.offsets.iter().map(begin).collect();
        let mut found = Found::within(after, through);
        let mut scan =
            Scan::begin(&self.consumer, &self.name, (0..).zip(start.offsets.iter().copied()))?;
        while let Some(record) = scan.next().await? {
            let index = usize::try_from(record.partition()).unwrap_or_default();
            let (Some(reading), Some(position)) = (readings.get_mut(index), self.position(&record))
            else {
                continue;
            };
            let place = (record.partition(), record.offset());
            if position > through {
                reading.beyond.push((place, auditor.audit(&record, position).await?));
                if reading.beyond.len() >= BEYOND_RECORDS {
                    scan.leave(record.partition())?;
                }
                continue;
            }
            let is_stray = position <= reading.highest;
            for (place, early) in reading.inside(record.offset(), position) {
                self.strays.add(place, early);
            }
            if is_stray || position > after {
                let audited = auditor.audit(&record, position).await?;
                if is_stray {
                    self.strays.add(place, audited.clone());
                }
                found.offer(place, audited);
            }
        }
        for (place, stray) in self.strays.iter() {
            found.offer(place, stray.clone());
        }
        self.marks.set(after, start);
        let offsets = readings.iter().map(|reading| reading.next).collect();
        self.marks.set(through, Mark { passed: through, offsets });
        Ok(found.all(&self.name))
    }

    /// What says nothing of its position is told in the log only: its event will be missing.
    fn position(&self, record: &BorrowedMessage<'_>) -> Option<GlobalPosition> {
        let position = position_of(record.headers());
        if position.is_none() {
            let (partition, offset) = (record.partition(), record.offset());
            warn!("{}-{partition}@{offset} says nothing of a position", self.name);
        }
        position
    }

    async fn ends(&self) -> Result<Vec<Ends>, PortError> {
        self.partitions.ends(&self.consumer).await
    }

    /// Where everything after `after` is behind.
    async fn start(&self, after: GlobalPosition, ends: &[Ends]) -> Result<Mark, PortError> {
        let passed = GlobalPosition(0);
        if after == passed {
            return Ok(Mark { passed, offsets: ends.iter().map(|ends| ends.low).collect() });
        }
        match self.marks.before(after) {
            Some(Mark { passed, offsets }) => {
                let kept = offsets.into_iter().zip(ends).map(|(at, ends)| at.max(ends.low));
                Ok(Mark { passed, offsets: kept.collect() })
            }
            None => Ok(Mark { passed, offsets: self.search(after, ends).await? }),
        }
    }

    /// Halves all partitions at the same time.
    async fn search(&self, after: GlobalPosition, ends: &[Ends]) -> Result<Vec<i64>, PortError> {
        let mut spans: Vec<(i64, i64)> = ends.iter().map(|ends| (ends.low, ends.high)).collect();
        loop {
            let wide = (0..).zip(&spans).filter(|(_, (low, high))| high - low > SEARCHED_OFFSETS);
            let middles: BTreeMap<i32, i64> =
                wide.map(|(partition, (low, high))| (partition, low + (high - low) / 2)).collect();
            if middles.is_empty() {
                return Ok(spans.into_iter().map(|(low, _)| low).collect());
            }
            let found = self.first_from(&middles).await?;
            for (partition, span) in (0..).zip(&mut spans) {
                let Some(middle) = middles.get(&partition) else { continue };
                match found.get(&partition) {
                    Some((offset, position)) if *position <= after => {
                        span.0 = (*offset).min(span.1)
                    }
                    _ => span.1 = *middle,
                }
            }
        }
    }

    /// The first record from each of these offsets on that has a position.
    async fn first_from(
        &self,
        starts: &BTreeMap<i32, i64>,
    ) -> Result<BTreeMap<i32, (i64, GlobalPosition)>, PortError> {
        let starts = starts.iter().map(|(partition, offset)| (*partition, *offset));
        let mut scan = Scan::begin(&self.consumer, &self.name, starts)?;
        let mut found = BTreeMap::new();
        while let Some(record) = scan.next().await? {
            if let Some(position) = self.position(&record) {
                found.insert(record.partition(), (record.offset(), position));
                scan.leave(record.partition())?;
            }
        }
        Ok(found)
    }
}

impl Reading {
    /// A record of the range or before it. What came beyond the range before it was too early.
    fn inside(&mut self, offset: i64, position: GlobalPosition) -> Vec<(Place, AuditedRecord)> {
        self.next = offset + 1;
        self.highest = self.highest.max(position);
        std::mem::take(&mut self.beyond)
    }
}
