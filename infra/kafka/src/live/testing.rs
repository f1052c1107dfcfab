//! Events for the tests of the live feed.

use ports::clock::Timestamp;
use ports::event::{Metadata, RecordedEvent};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use serde_json::value::to_raw_value;
use uuid::Uuid;

/// The event at `position`.
pub(super) fn event(position: u64) -> RecordedEvent {
    RecordedEvent {
        position: GlobalPosition(position),
        stream: StreamName::new("motor", Uuid::from_u128(7)),
        version: StreamVersion(position),
        event_type: "renamed".to_owned(),
        schema_version: 1,
        data: to_raw_value(&serde_json::json!({ "name": position.to_string() })).unwrap(),
        metadata: Metadata::default(),
        recorded_at: Timestamp::from_micros(1_767_225_600_000_000),
    }
}
