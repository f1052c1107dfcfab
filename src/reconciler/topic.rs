//! What was published, compared with the log.

use std::collections::BTreeMap;

use async_trait::async_trait;
use ports::PortError;
use ports::event::RecordedEvent;
use ports::read_models::Document;
use ports::stream::GlobalPosition;
use projections::rebuild::document_hash;
use serde_json::{Value, json};

use super::differences::{Difference, DifferenceKind};

/// The topic, among the models.
pub(super) const TOPIC: &str = "topic";

/// Reads back what was published of the log.
#[async_trait]
pub trait TopicAudit: Send + Sync {
    /// Which part of the log should be in the topic at the moment.
    async fn extent(&self) -> Result<TopicExtent, PortError>;

    /// What the topic holds of the positions after `after` and up to `through`, in any order. A record that is there
    /// twice may be told twice; what was published after [`extent`](Self::extent) may be told or not.
    async fn range(
        &self,
        after: GlobalPosition,
        through: GlobalPosition,
    ) -> Result<Vec<TopicRecord>, PortError>;
}

/// A part of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopicExtent {
    /// Up to here, retention may have taken everything.
    pub after: GlobalPosition,
    /// Up to here, everything was acknowledged.
    pub through: GlobalPosition,
}

/// A record of the topic, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicRecord {
    /// Of its event, as the record says.
    pub position: GlobalPosition,
    /// Of its event, as the record says.
    pub event_id: String,
    /// [`payload_sha256`] of the event that the record holds.
    pub payload_sha256: String,
}

/// What an event says, as a hash that does not depend on the format in which it travels: in hex, over its id,
/// position, type, schema version, data and time. What leads from cause to effect may be rewritten on the way.
pub fn payload_sha256(event: &RecordedEvent) -> String {
    // Data that is no JSON is hashed as the text that it is.
    let data = serde_json::from_str::<Value>(event.data.get());
    let data = data.unwrap_or_else(|_| Value::from(event.data.get()));
    let body = json!({
        "type": event.event_type,
        "schema_version": event.schema_version,
        "recorded_at": event.recorded_at,
        "data": data,
    });
    document_hash(&Document { key: event.id(), position: event.position, body: Some(body) })
}

/// What differs between the log and the topic after `after` and up to `through`, of which `events` are all events.
pub(super) fn compare(
    events: &[RecordedEvent],
    records: &[TopicRecord],
    after: GlobalPosition,
    through: GlobalPosition,
) -> Vec<Difference> {
    let mut by_position: BTreeMap<GlobalPosition, Vec<&TopicRecord>> = BTreeMap::new();
    let in_range = |position: GlobalPosition| after < position && position <= through;
    for record in records.iter().filter(|record| in_range(record.position)) {
        by_position.entry(record.position).or_default().push(record);
    }
    let mut differences = Vec::new();
    for event in events.iter().filter(|event| in_range(event.position)) {
        let kind = match by_position.remove(&event.position) {
            None => DifferenceKind::Missing,
            Some(records) if records.iter().any(|record| !is_of(record, event)) => {
                DifferenceKind::Differs
            }
            Some(_) => continue,
        };
        differences.push(Difference::new(TOPIC, kind, event.id()));
    }
    let unwritten = by_position
        .into_values()
        .flatten()
        .map(|record| Difference::new(TOPIC, DifferenceKind::Unwritten, record.event_id.clone()));
    differences.extend(unwritten);
    differences
}

fn is_of(record: &TopicRecord, event: &RecordedEvent) -> bool {
    record.event_id == event.id() && record.payload_sha256 == payload_sha256(event)
}
