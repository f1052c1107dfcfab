//! A topic, and a log that remembers from where it was read.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use atalaya::reconciler::{TopicAudit, TopicExtent, TopicRecord, payload_sha256};
use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogPage, LogQuery};
use ports::memory::MemoryLog;
use ports::stream::GlobalPosition;

/// What was published, in memory.
#[derive(Default)]
pub(crate) struct Topic {
    pub(crate) records: Mutex<Vec<TopicRecord>>,
    pub(crate) extent: Mutex<TopicExtent>,
}

impl Topic {
    /// All of `events`, each of them twice: that is how it looks after the relay was killed.
    pub(crate) fn of(events: &[RecordedEvent]) -> Self {
        let record = |event: &RecordedEvent| TopicRecord {
            position: event.position,
            event_id: event.id(),
            payload_sha256: payload_sha256(event),
        };
        let records = events.iter().chain(events).map(record).collect();
        let through = events.last().map(|event| event.position).unwrap_or_default();
        let extent = TopicExtent { after: GlobalPosition(0), through };
        Self { records: Mutex::new(records), extent: Mutex::new(extent) }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Vec<TopicRecord>)) {
        change(&mut self.records.lock().expect("nobody panics with it in hand"));
    }
}

#[async_trait]
impl TopicAudit for Topic {
    async fn extent(&self) -> Result<TopicExtent, PortError> {
        Ok(*self.extent.lock().expect("nobody panics with it in hand"))
    }

    async fn range(
        &self,
        after: GlobalPosition,
        through: GlobalPosition,
    ) -> Result<Vec<TopicRecord>, PortError> {
        let records = self.records.lock().expect("nobody panics with it in hand");
        let wanted = |record: &&TopicRecord| after < record.position && record.position <= through;
        Ok(records.iter().filter(wanted).cloned().collect())
    }
}

/// The log, and where each slice of it began that was read.
pub(crate) struct Watched {
    pub(crate) inner: Arc<MemoryLog>,
    pub(crate) slices: Mutex<Vec<u64>>,
}

#[async_trait]
impl EventLog for Watched {
    async fn read(&self, query: &LogQuery) -> Result<LogPage, PortError> {
        if query.events_max > 1 {
            self.slices.lock().expect("nobody panics with it in hand").push(query.after.0);
        }
        self.inner.read(query).await
    }

    async fn head(&self) -> Result<GlobalPosition, PortError> {
        self.inner.head().await
    }

    async fn wait_beyond(&self, position: GlobalPosition) -> Result<(), PortError> {
        self.inner.wait_beyond(position).await
    }
}
