//! A record of an event topic → the event that it was made of.

use std::str::FromStr;
use std::sync::Arc;

use ports::event::{Metadata, RecordedEvent};
use ports::stream::{GlobalPosition, NoStreamName, StreamName, StreamVersion};
use rdkafka::message::Headers;
use serde_json::value::RawValue;

use super::name;
use crate::registry::{Registry, RegistryError, unframe};
use crate::schema::Undecodable;

/// What a record is.
#[derive(Clone, Debug)]
pub enum Record {
    /// The event, exactly as the log has it; the order of properties in its data is the schema's.
    Event(Box<RecordedEvent>),
    /// A claim check: the event has to be read from the log.
    InLog {
        /// Where.
        position: GlobalPosition,
    },
}

/// A record cannot be made an event of.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A header is not there.
    #[error("the header `{0}` is missing")]
    Missing(&'static str),
    /// A header says something that it cannot mean.
    #[error("the header `{name}` says `{value}`")]
    Malformed {
        /// Which one.
        name: &'static str,
        /// What it says.
        value: String,
    },
    /// The key is not the id of the stream that the headers name.
    #[error("the key is not the id of {0}")]
    ForeignKey(StreamName),
    /// The value is not in Confluent's wire format.
    #[error("the value is not in the registry's wire format")]
    Unframed,
    /// The value's schema is not to be had.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The value is not what its schema promises.
    #[error("the value cannot be decoded")]
    Undecodable(#[from] Undecodable),
}

impl RecordError {
    /// Whether trying again may help.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Registry(RegistryError::Unavailable(_)))
    }
}

/// Makes events of records, by the schemas with which they were written.
#[derive(Clone)]
pub struct RecordDecoder {
    registry: Arc<Registry>,
}

impl RecordDecoder {
    /// Asks `registry` for schemas that it does not know yet.
    pub const fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }

    /// The event of a record.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub async fn decode(
        &self,
        headers: Option<&(impl Headers + Sync)>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> Result<Record, RecordError> {
        let texts = Texts::of(headers);
        let position = GlobalPosition(texts.parse(name::POSITION)?);
        if texts.find(name::OVERSIZE).or_else(|| texts.find(name::UNENCODABLE)).is_some() {
            return Ok(Record::InLog { position });
        }
        let mut event = texts.event(key)?;
        let (id, bytes) = value.and_then(unframe).ok_or(RecordError::Unframed)?;
        event.data = self.registry.codec(id).await?.decode(bytes)?;
        Ok(Record::Event(Box::new(event)))
    }
}

/// What the headers of a claim check say of its event; the data is `null`.
pub(crate) fn reference_of(
    headers: Option<&impl Headers>,
    key: Option<&[u8]>,
) -> Result<RecordedEvent, RecordError> {
    Texts::of(headers).event(key)
}

/// The position of a record's event, where the headers tell it.
pub(crate) fn position_of(headers: Option<&impl Headers>) -> Option<GlobalPosition> {
    Texts::of(headers).parse(name::POSITION).ok().map(GlobalPosition)
}

/// Headers that are text.
struct Texts<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Texts<'a> {
    fn of(headers: Option<&'a impl Headers>) -> Self {
        let all = headers.into_iter().flat_map(Headers::iter);
        let text = |value: &'a [u8]| str::from_utf8(value).ok();
        Self(all.filter_map(|header| Some((header.key, text(header.value?)?))).collect())
    }

    fn find(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    fn require(&self, name: &'static str) -> Result<&'a str, RecordError> {
        self.find(name).ok_or(RecordError::Missing(name))
    }

    fn parse<T: FromStr<Err = E>, E>(&self, name: &'static str) -> Result<T, RecordError> {
        let value = self.require(name)?;
        value.parse().map_err(|_| RecordError::Malformed { name, value: value.to_owned() })
    }

    /// The event without its data.
    fn event(&self, key: Option<&[u8]>) -> Result<RecordedEvent, RecordError> {
        let stream: StreamName = self.parse::<StreamName, NoStreamName>(name::STREAM)?;
        if key != Some(stream.id.to_string().as_bytes()) {
            return Err(RecordError::ForeignKey(stream));
        }
        Ok(RecordedEvent {
            position: GlobalPosition(self.parse(name::POSITION)?),
            stream,
            version: StreamVersion(self.parse(name::VERSION)?),
            event_type: self.require(name::EVENT_TYPE)?.to_owned(),
            schema_version: self.parse(name::SCHEMA_VERSION)?,
            data: RawValue::NULL.to_owned(),
            metadata: self.metadata(),
            recorded_at: self.parse(name::RECORDED_AT)?,
        })
    }

    fn metadata(&self) -> Metadata {
        let text = |name| self.find(name).map(str::to_owned);
        Metadata {
            command_id: text(name::COMMAND_ID),
            correlation_id: text(name::CE_CORRELATIONID),
            causation_id: text(name::CE_CAUSATIONID),
            traceparent: text(name::TRACEPARENT),
            actor: text(name::ACTOR),
        }
    }
}
