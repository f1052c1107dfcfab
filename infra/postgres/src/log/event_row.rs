//! A row of `events` and the event that it holds, whoever wrote it.

use std::borrow::Cow;

use ports::event::{Metadata, RecordedEvent};
use ports::stream::{GlobalPosition, StreamVersion};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

use super::naming;
use crate::error::{Corrupt, Fault};
use crate::moment::Moment;
use crate::numbers::natural;

/// The schema version of an event whose writer names none that is a whole number. No upcaster reads it.
const UNKNOWN_SCHEMA_VERSION: u32 = 0;

/// Where the columns of an event are in every row. By name, each would be looked up anew in each row.
pub(super) mod column {
    pub(in super::super) const POSITION: usize = 0;
    pub(super) const AGGREGATE_TYPE: usize = 1;
    pub(super) const AGGREGATE_ID: usize = 2;
    pub(super) const SEQUENCE: usize = 3;
    pub(super) const EVENT_TYPE: usize = 4;
    pub(super) const EVENT_VERSION: usize = 5;
    pub(super) const RECORDED_AT: usize = 6;
    pub(in super::super) const PAYLOAD: usize = 7;
    pub(super) const METADATA: usize = 8;
}

/// An event of the log, by the columns that every query of ours selects in this order.
pub(super) struct EventRow(pub(super) RecordedEvent);

impl<'r> FromRow<'r, PgRow> for EventRow {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let position = natural(row.try_get(column::POSITION)?);
        let payload: &str = row.try_get(column::PAYLOAD)?;
        let event_type: String = row.try_get(column::EVENT_TYPE)?;
        let data = data(&event_type, payload).map_err(|reason| {
            let what = format!("the event at position {position}");
            sqlx::Error::Decode(Corrupt { what, reason }.into())
        })?;
        let Moment(recorded_at) = row.try_get(column::RECORDED_AT)?;
        Ok(Self(RecordedEvent {
            position: GlobalPosition(position),
            stream: naming::stream(
                row.try_get(column::AGGREGATE_TYPE)?,
                row.try_get(column::AGGREGATE_ID)?,
            ),
            version: StreamVersion(natural(row.try_get(column::SEQUENCE)?)),
            event_type,
            schema_version: schema_version(row.try_get(column::EVENT_VERSION)?),
            data,
            metadata: metadata(row.try_get(column::METADATA)?),
            recorded_at,
        }))
    }
}

/// `{"type": "started", "data": {…}}` holds its data to the byte. What is shaped otherwise is handed out whole,
/// as an object.
fn data(event_type: &str, payload: &str) -> Result<Box<RawValue>, Fault> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Tagged<'a> {
        #[serde(rename = "type", borrow)]
        tag: Cow<'a, str>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    if let Ok(Tagged { tag, data }) = serde_json::from_str::<Tagged<'_>>(payload)
        && tag == event_type
    {
        return Ok(match data {
            Some(data) => data.to_owned(),
            None => RawValue::from_string("{}".to_owned())?,
        });
    }
    if payload.trim_start().starts_with('{') {
        return Ok(RawValue::from_string(payload.to_owned())?);
    }
    Ok(RawValue::from_string(format!(r#"{{"payload":{payload}}}"#))?)
}

fn schema_version(event_version: &str) -> u32 {
    event_version.parse().unwrap_or(UNKNOWN_SCHEMA_VERSION)
}

/// What a foreign writer says in another form than ours counts as not said.
fn metadata(stored: &str) -> Metadata {
    if let Ok(metadata) = serde_json::from_str(stored) {
        return metadata;
    }
    let mut fields: Map<String, Value> = serde_json::from_str(stored).unwrap_or_default();
    let mut text = |name| match fields.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    Metadata {
        command_id: text("command_id"),
        correlation_id: text("correlation_id"),
        causation_id: text("causation_id"),
        traceparent: text("traceparent"),
        actor: text("actor"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(event_type: &str, payload: &str) -> String {
        data(event_type, payload).unwrap().get().to_owned()
    }

    #[test]
    fn data_of_ours_is_given_back_to_the_byte() {
        let odd = r#"{ "b":1.0, "a" : 1e2, "x":"\u0000\ud800" }"#;
        assert_eq!(given("t", &format!(r#"{{"type":"t","data":{odd}}}"#)), odd);
        assert_eq!(given("t", &format!(r#"{{"data":{odd},"type":"t"}}"#)), odd);
    }

    #[test]
    fn a_payload_of_another_shape_is_given_whole_and_as_an_object() {
        assert_eq!(given("Added", r#"{"Added":{"n":1}}"#), r#"{"Added":{"n":1}}"#);
        assert_eq!(given("t", r#"{"type":"u","data":{}}"#), r#"{"type":"u","data":{}}"#);
        assert_eq!(given("t", r#"{"type":"t","n":1}"#), r#"{"type":"t","n":1}"#);
        assert_eq!(given("Stopped", r#""Stopped""#), r#"{"payload":"Stopped"}"#);
        assert_eq!(given("t", r#"{"type":"t"}"#), "{}");
    }

    #[test]
    fn metadata_of_another_shape_loses_only_what_has_no_meaning_here() {
        let said = metadata(r#"{"actor":"ada","command_id":7,"request":"r","causation_id":null}"#);
        assert_eq!(said, Metadata { actor: Some("ada".to_owned()), ..Metadata::default() });
        for nothing in ["null", "[]", "7", "{}"] {
            assert_eq!(metadata(nothing), Metadata::default());
        }
    }

    #[test]
    fn a_version_that_is_no_whole_number_is_one_that_nobody_has() {
        let versions = ["1", "27", "1.0", "", "-1"].map(schema_version);
        assert_eq!(versions, [1, 27, 0, 0, 0]);
    }
}
