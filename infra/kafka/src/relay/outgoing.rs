//! An event of the log → the record that goes out for it.

use ports::event::RecordedEvent;
use ports::stream::GlobalPosition;
use rdkafka::message::{Headers, OwnedHeaders};
use tracing::warn;

use crate::headers::{Body, of_event};
use crate::registry::{SchemaIds, frame};

/// What the wire adds to each record and each header, at most.
const RECORD_HEAD_BYTES: usize = 64;
const HEADER_HEAD_BYTES: usize = 8;
/// The longest reason in a header, in characters.
const REASON_CHARACTERS_MAX: usize = 500;

/// A record that goes out.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) topic: String,
    pub(crate) key: String,
    pub(crate) headers: OwnedHeaders,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) position: GlobalPosition,
}

/// Records, and how far the copy has come with them.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) records: Vec<Outgoing>,
    pub(super) bytes: usize,
    pub(super) by_reference: usize,
    pub(super) through: GlobalPosition,
}

impl Page {
    pub(super) fn append(&mut self, mut next: Self) {
        self.records.append(&mut next.records);
        self.bytes += next.bytes;
        self.by_reference += next.by_reference;
        self.through = next.through;
    }

    pub(super) fn push(&mut self, record: Outgoing) {
        self.bytes += record.bytes();
        self.by_reference += usize::from(record.value.is_none());
        self.through = record.position;
        self.records.push(record);
    }
}

impl Outgoing {
    /// The record for `event`: its data, or a reference where the data cannot go out.
    pub(super) fn of(
        event: &RecordedEvent,
        topic: String,
        schemas: &SchemaIds,
        record_bytes_max: usize,
    ) -> Self {
        let record = Self::with(event, topic, encode(event, schemas));
        if record.bytes() > record_bytes_max {
            return record.without_data(event);
        }
        record
    }

    /// The same by reference, because the topic does not take it.
    pub(super) fn without_data(self, event: &RecordedEvent) -> Self {
        let data_bytes = event.data.get().len();
        warn!(
            event = event.id(),
            data_bytes, "an event is too large for its topic; a reference goes out"
        );
        Self::with(event, self.topic, Body::Oversize { data_bytes })
    }

    fn with(event: &RecordedEvent, topic: String, body: Body) -> Self {
        let headers = of_event(event, &body);
        let value = if let Body::Avro(value) = body { Some(value) } else { None };
        Self { topic, key: event.stream.id.to_string(), headers, value, position: event.position }
    }

    /// On the wire, before compression; rather too many than too few.
    pub(super) fn bytes(&self) -> usize {
        let header = |header: rdkafka::message::Header<'_, &[u8]>| {
            header.key.len() + header.value.map_or(0, <[u8]>::len) + HEADER_HEAD_BYTES
        };
        let headers: usize = self.headers.iter().map(header).sum();
        RECORD_HEAD_BYTES + headers + self.key.len() + self.value.as_ref().map_or(0, Vec::len)
    }
}

fn encode(event: &RecordedEvent, schemas: &SchemaIds) -> Body {
    let found = schemas.find(&event.stream.category, &event.event_type, event.schema_version);
    let Some((schema, id)) = found else {
        return unencodable(event, &format!("schema version {} is unknown", event.schema_version));
    };
    let mut value = Vec::with_capacity(event.data.get().len());
    value.extend_from_slice(&frame(id));
    match schema.codec.encode(&event.data, &mut value) {
        Ok(()) => Body::Avro(value),
        Err(unfit) => unencodable(event, &unfit.to_string()),
    }
}

fn unencodable(event: &RecordedEvent, reason: &str) -> Body {
    warn!(event = event.id(), reason, "an event has no Avro form; a reference goes out");
    Body::Unencodable { reason: reason.chars().take(REASON_CHARACTERS_MAX).collect() }
}
