//! The streams and the log over them, in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::sync::watch;

use super::lock;
use crate::PortError;
use crate::clock::Clock;
use crate::event::RecordedEvent;
use crate::event_log::{EventLog, LogPage, LogQuery};
use crate::event_store::{
    APPEND_EVENTS_MAX, Append, AppendError, Appended, CommandKey, CommandRecord, EventStore,
};
use crate::stream::{GlobalPosition, StreamName, StreamVersion};

/// How many events one read looks at; the rest is for the next page.
const LOOK_EVENTS_MAX: usize = 10_000;

/// One log with its two ends: appends go in as [`EventStore`], readers follow it as [`EventLog`].
pub struct MemoryLog {
    clock: Arc<dyn Clock>,
    log: Mutex<Log>,
    head: watch::Sender<GlobalPosition>,
}

/// The events by position, and what leads to them.
#[derive(Default)]
struct Log {
    events: Vec<RecordedEvent>,
    streams: HashMap<StreamName, Vec<GlobalPosition>>,
    commands: HashMap<(String, String), CommandRecord>,
}

impl MemoryLog {
    /// An empty log; `clock` tells when an event is recorded.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, log: Mutex::default(), head: watch::Sender::default() }
    }
}

#[async_trait]
impl EventStore for MemoryLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let mut log = lock(&self.log);
        let appended = log.append(append, &*self.clock)?;
        // Told while the log is held, so that the head never goes back.
        self.head.send_replace(log.head());
        Ok(appended)
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, PortError> {
        let log = lock(&self.log);
        let positions = log.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let rest = positions.iter().skip(count(after.0)).take(events_max);
        Ok(rest.map(|&position| log.at(position).clone()).collect())
    }

    async fn find_command(&self, key: &CommandKey) -> Result<Option<CommandRecord>, PortError> {
        Ok(lock(&self.log).commands.get(&name(key)).cloned())
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn read(&self, query: &LogQuery) -> Result<LogPage, PortError> {
        Ok(lock(&self.log).page(query))
    }

    async fn head(&self) -> Result<GlobalPosition, PortError> {
        Ok(lock(&self.log).head())
    }

    async fn wait_beyond(&self, position: GlobalPosition) -> Result<(), PortError> {
        let mut head = self.head.subscribe();
        head.wait_for(|&head| head > position).await.expect("the log holds the sender");
        Ok(())
    }
}

impl Log {
    fn append(&mut self, append: Append, clock: &dyn Clock) -> Result<Appended, AppendError> {
        // The key comes first: whoever repeats a command also comes with the version of then.
        if let Some(record) = append.key.as_ref().and_then(|key| self.commands.get(&name(key))) {
            return Err(AppendError::Repeated(record.clone()));
        }
        if append.events.len() > APPEND_EVENTS_MAX {
            let reason =
                format!("{} events are more than one append may carry", append.events.len());
            return Err(PortError::new(format!("appending to {}", append.stream), reason).into());
        }
        let actual = self.version(&append.stream);
        if append.expected != actual {
            return Err(AppendError::Conflict { expected: append.expected, actual });
        }
        let events = append.events.len() as u64;
        let Append { stream, key, .. } = self.record(append, clock);
        let appended = self.end_of(&stream);
        if let Some(key) = key {
            let id = name(&key);
            let fingerprint = key.fingerprint;
            self.commands.insert(id, CommandRecord { fingerprint, stream, appended, events });
        }
        Ok(appended)
    }

    /// Takes the events out of `append` and into the log.
    fn record(&mut self, mut append: Append, clock: &dyn Clock) -> Append {
        let recorded_at = clock.now();
        for event in append.events.drain(..) {
            let position = GlobalPosition(self.head().0 + 1);
            let version = StreamVersion(self.version(&append.stream).0 + 1);
            self.streams.entry(append.stream.clone()).or_default().push(position);
            self.events.push(RecordedEvent {
                position,
                stream: append.stream.clone(),
                version,
                event_type: event.event_type,
                schema_version: event.schema_version,
                data: event.data,
                metadata: append.metadata.clone(),
                recorded_at,
            });
        }
        append
    }

    fn page(&self, query: &LogQuery) -> LogPage {
        let mut page = LogPage { events: Vec::new(), through: query.after };
        for event in self.events.iter().skip(count(query.after.0)).take(LOOK_EVENTS_MAX) {
            if page.events.len() == query.events_max {
                break;
            }
            if query.matches(event) {
                page.events.push(event.clone());
            }
            page.through = event.position;
        }
        page
    }

    fn head(&self) -> GlobalPosition {
        GlobalPosition(self.events.len() as u64)
    }

    fn version(&self, stream: &StreamName) -> StreamVersion {
        StreamVersion(self.streams.get(stream).map_or(0, Vec::len) as u64)
    }

    fn end_of(&self, stream: &StreamName) -> Appended {
        let last = self.streams.get(stream).and_then(|positions| positions.last());
        Appended { version: self.version(stream), position: last.copied().unwrap_or_default() }
    }

    fn at(&self, position: GlobalPosition) -> &RecordedEvent {
        &self.events[count(position.0) - 1]
    }
}

impl LogQuery {
    fn matches(&self, event: &RecordedEvent) -> bool {
        let category =
            self.categories.is_empty() || self.categories.contains(&event.stream.category);
        category && self.event_type.as_ref().is_none_or(|wanted| *wanted == event.event_type)
    }
}

/// What makes two keys the same; the fingerprint is no part of it.
fn name(key: &CommandKey) -> (String, String) {
    (key.scope.clone(), key.key.clone())
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
