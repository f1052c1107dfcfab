//! What stands beside an event on a topic: `CloudEvents` in binary mode, and what a [`RecordedEvent`] has beyond it.

mod decode;
mod live;

pub use decode::{Record, RecordDecoder, RecordError};
pub(crate) use decode::{position_of, reference_of};

use ports::event::RecordedEvent;
use ports::stream::GlobalPosition;
use rdkafka::message::{Header, OwnedHeaders};

/// Of values that are Avro in Confluent's wire format.
pub const CONTENT_TYPE_AVRO: &str = "application/avro";
/// What `ce_source` says, as in the HTTP API.
pub const SOURCE: &str = "urn:atalaya";

/// The names of headers.
pub mod name {
    pub const CONTENT_TYPE: &str = "content-type";
    pub const TRACEPARENT: &str = "traceparent";
    pub const CE_SPECVERSION: &str = "ce_specversion";
    pub const CE_ID: &str = "ce_id";
    pub const CE_SOURCE: &str = "ce_source";
    pub const CE_TYPE: &str = "ce_type";
    pub const CE_SUBJECT: &str = "ce_subject";
    pub const CE_TIME: &str = "ce_time";
    pub const CE_SEQUENCE: &str = "ce_sequence";
    pub const CE_DATASCHEMA: &str = "ce_dataschema";
    pub const CE_DATAREF: &str = "ce_dataref";
    pub const CE_CORRELATIONID: &str = "ce_correlationid";
    pub const CE_CAUSATIONID: &str = "ce_causationid";
    pub const POSITION: &str = "atalaya_position";
    pub const STREAM: &str = "atalaya_stream";
    pub const VERSION: &str = "atalaya_version";
    pub const EVENT_TYPE: &str = "atalaya_event_type";
    pub const SCHEMA_VERSION: &str = "atalaya_schema_version";
    pub const RECORDED_AT: &str = "atalaya_recorded_at";
    pub const COMMAND_ID: &str = "atalaya_command_id";
    pub const ACTOR: &str = "atalaya_actor";
    /// The data is too large for the topic; it has so many bytes.
    pub const OVERSIZE: &str = "atalaya_oversize";
    /// The data does not fit its schema; why not.
    pub const UNENCODABLE: &str = "atalaya_unencodable";
}

/// What a record holds in the place of an event's data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The data itself.
    Avro(Vec<u8>),
    /// A claim check: the data is too large, and stays in the log.
    Oversize {
        /// How large.
        data_bytes: usize,
    },
    /// A claim check: the data has no Avro form, and stays in the log.
    Unencodable {
        /// Why not.
        reason: String,
    },
}

/// Where the API gives the event at `position`.
pub fn data_reference(position: GlobalPosition) -> String {
    format!("/v1/events?after={}&limit=1", position.0.saturating_sub(1))
}

/// The headers of the record for `event`.
pub fn of_event(event: &RecordedEvent, body: &Body) -> OwnedHeaders {
    let kind = format!("{}.{}", event.stream.category, event.event_type);
    let position = event.position.to_string();
    let version = event.version.to_string();
    let recorded_at = event.recorded_at.to_string();
    let schema_version = event.schema_version.to_string();
    let metadata = &event.metadata;
    let headers = Writer(OwnedHeaders::new_with_capacity(20))
        .with(name::CE_SPECVERSION, "1.0")
        .with(name::CE_ID, &event.id())
        .with(name::CE_SOURCE, SOURCE)
        .with(name::CE_TYPE, &format!("atalaya.{kind}"))
        .with(name::CE_SUBJECT, &event.stream.id.to_string())
        .with(name::CE_TIME, &recorded_at)
        .with(name::CE_SEQUENCE, &position)
        .with(name::CE_DATASCHEMA, &format!("urn:atalaya:schema:{kind}:{schema_version}"))
        .with_some(name::CE_CORRELATIONID, metadata.correlation_id.as_deref())
        .with_some(name::CE_CAUSATIONID, metadata.causation_id.as_deref())
        .with_some(name::TRACEPARENT, metadata.traceparent.as_deref())
        .with(name::POSITION, &position)
        .with(name::STREAM, &event.stream.to_string())
        .with(name::VERSION, &version)
        .with(name::EVENT_TYPE, &event.event_type)
        .with(name::SCHEMA_VERSION, &schema_version)
        .with(name::RECORDED_AT, &recorded_at)
        .with_some(name::COMMAND_ID, metadata.command_id.as_deref())
        .with_some(name::ACTOR, metadata.actor.as_deref());
    let reference = || data_reference(event.position);
    match body {
        Body::Avro(_) => headers.with(name::CONTENT_TYPE, CONTENT_TYPE_AVRO),
        Body::Oversize { data_bytes } => headers
            .with(name::OVERSIZE, &data_bytes.to_string())
            .with(name::CE_DATAREF, &reference()),
        Body::Unencodable { reason } => {
            headers.with(name::UNENCODABLE, reason).with(name::CE_DATAREF, &reference())
        }
    }
    .0
}

struct Writer(OwnedHeaders);

impl Writer {
    fn with(self, key: &str, value: &str) -> Self {
        Self(self.0.insert(Header { key, value: Some(value) }))
    }

    /// What is not known has no header; an empty text has an empty one.
    fn with_some(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}
