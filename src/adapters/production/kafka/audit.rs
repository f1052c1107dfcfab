//! What the event topics hold, for the reconciler.

use std::sync::Arc;

use async_trait::async_trait;
use infra_kafka::audit::{AuditedRecord, Held, TopicAuditReader};
use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::stream::GlobalPosition;

use crate::reconciler::{TopicAudit, TopicExtent, TopicRecord, payload_sha256};

pub(super) struct KafkaTopicAudit {
    pub(super) reader: TopicAuditReader,
    /// Has the data that did not go out.
    pub(super) log: Arc<dyn EventLog>,
}

#[async_trait]
impl TopicAudit for KafkaTopicAudit {
    async fn extent(&self) -> Result<TopicExtent, PortError> {
        let extent = self.reader.extent().await?;
        Ok(TopicExtent { after: extent.after, through: extent.through })
    }

    async fn range(
        &self,
        after: GlobalPosition,
        through: GlobalPosition,
    ) -> Result<Vec<TopicRecord>, PortError> {
        let mut told = Vec::new();
        for record in self.reader.range(after, through).await? {
            told.push(self.told(record).await?);
        }
        Ok(told)
    }
}

impl KafkaTopicAudit {
    async fn told(&self, record: AuditedRecord) -> Result<TopicRecord, PortError> {
        let AuditedRecord { position, place, held } = record;
        let (event_id, payload_sha256) = match held {
            Held::Event { event_id, digest } => (event_id, digest),
            Held::Reference(event) => (event.id(), self.digest_with_data(*event).await?),
            // That is the hash of nothing.
            Held::Unreadable { fault } => (place, fault),
        };
        Ok(TopicRecord { position, event_id, payload_sha256 })
    }

    /// The data is where the reference leads; what the headers say must be right all the same.
    async fn digest_with_data(&self, mut event: RecordedEvent) -> Result<String, PortError> {
        let after = GlobalPosition(event.position.0.saturating_sub(1));
        let query = LogQuery { after, events_max: 1, ..LogQuery::default() };
        let logged = self.log.read(&query).await?.events;
        if let Some(logged) = logged.into_iter().find(|it| it.position == event.position) {
            event.data = logged.data;
        }
        Ok(payload_sha256(&event))
    }
}
