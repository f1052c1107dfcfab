//! An event of the log as the outside sees it: `CloudEvents` 1.0 in JSON.

use domain::time::Timestamp;
use ports::event::RecordedEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// What `source` says: together with it, `id` is unique.
pub const SOURCE: &str = "urn:atalaya";
/// What every `type` begins with.
pub const TYPE_PREFIX: &str = "atalaya.";

/// An event of the log in `CloudEvents` JSON format.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CloudEvent {
    pub specversion: String,
    /// Stable and unique: `motor-018f…/3`.
    pub id: String,
    pub source: String,
    /// `atalaya.motor.registered`
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of the motor or image task.
    pub subject: String,
    /// When it was recorded.
    pub time: Timestamp,
    /// Its position in the log.
    pub sequence: String,
    pub datacontenttype: String,
    /// Names the shape of `data`, which changes when the number at its end does.
    pub dataschema: String,
    /// What happened, as it was stored.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub data: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlationid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causationid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Who asked for it: the name of an API key, or of a processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

impl From<&RecordedEvent> for CloudEvent {
    fn from(event: &RecordedEvent) -> Self {
        let name = format!("{}.{}", event.stream.category, event.event_type);
        Self {
            specversion: "1.0".to_owned(),
            id: event.id(),
            source: SOURCE.to_owned(),
            kind: format!("{TYPE_PREFIX}{name}"),
            subject: event.stream.id.to_string(),
            time: event.recorded_at,
            sequence: event.position.to_string(),
            datacontenttype: "application/json".to_owned(),
            dataschema: format!("urn:atalaya:schema:{name}:{}", event.schema_version),
            data: event.data.clone(),
            correlationid: event.metadata.correlation_id.clone(),
            causationid: event.metadata.causation_id.clone(),
            traceparent: event.metadata.traceparent.clone(),
            actor: event.metadata.actor.clone(),
        }
    }
}
