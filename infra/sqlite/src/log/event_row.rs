//! A row of `events` and the event that it holds.

use ports::clock::Timestamp;
use ports::event::RecordedEvent;
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use rusqlite::Row;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::error::{Corrupt, Fault};

/// Reads the columns in the order in which every query of ours selects them.
pub(super) fn recorded_event(row: &Row<'_>) -> Result<RecordedEvent, Fault> {
    let position = row.get(0)?;
    columns(row, position).map_err(|reason| {
        Corrupt { what: format!("the event at position {position}"), reason }.into()
    })
}

fn columns(row: &Row<'_>, position: u64) -> Result<RecordedEvent, Fault> {
    Ok(RecordedEvent {
        position: GlobalPosition(position),
        stream: StreamName::new(row.get::<_, String>(1)?, Uuid::from_bytes(row.get(2)?)),
        version: StreamVersion(row.get(3)?),
        event_type: row.get(4)?,
        schema_version: row.get(5)?,
        recorded_at: Timestamp::from_micros(row.get(6)?),
        metadata: serde_json::from_str(row.get_ref(7)?.as_str()?)?,
        data: RawValue::from_string(row.get(8)?)?,
    })
}
