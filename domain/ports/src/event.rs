//! An event on its way into the log, and as the log gives it back.

use domain::aggregate::{Decide, DecodeError, EncodedEvent, decode};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::stream::{GlobalPosition, StreamName, StreamVersion};

/// Where an event comes from. What a foreign writer did not say stays `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The command that led to the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<String>,
    /// The conversation that it belongs to; handed on from cause to effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The event or request that led to the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Who asked for it: the name of an API key, or of a processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// An event as a stream keeps it, before it has a place.
pub type NewEvent = EncodedEvent;

/// An event of the log. Never changed, never deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// Its place in the log.
    pub position: GlobalPosition,
    /// The aggregate that it happened to.
    pub stream: StreamName,
    /// Its place in that stream.
    pub version: StreamVersion,
    /// What happened: `registered`.
    pub event_type: String,
    /// In which shape `data` was written; old ones are upcast by [`RecordedEvent::decode`].
    pub schema_version: u32,
    /// A JSON object.
    pub data: Box<RawValue>,
    /// Where it comes from.
    pub metadata: Metadata,
    /// When it was recorded. Not when it happened: that is for `data` to say, where it differs.
    pub recorded_at: Timestamp,
}

impl RecordedEvent {
    /// The event's id: stable, unique, and known to every writer without being stored.
    pub fn id(&self) -> String {
        format!("{}/{}", self.stream, self.version)
    }

    /// The event as its aggregate knows it.
    ///
    /// # Errors
    /// The data does not have the shape that its type and schema version promise.
    pub fn decode<A: Decide>(&self) -> Result<A::Event, DecodeError> {
        decode::<A>(&self.event_type, self.schema_version, &self.data)
    }
}
