//! Appends events to streams, and reads streams.

use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::clock::Timestamp;
use ports::event::RecordedEvent;
use ports::event_store::{
    APPEND_EVENTS_MAX, Append, AppendError, Appended, CommandKey, CommandRecord, EventStore,
};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteLog;
use super::command_records::{find, remember};
use super::event_row::recorded_event;
use crate::error::{Fault, Unstorable};
use crate::numbers::{integer, limit};

const APPEND_EVENT: &str = include_str!("../../sql/log/append_event.sql");
const READ_STREAM: &str = include_str!("../../sql/log/read_stream.sql");
const STREAM_END: &str = include_str!("../../sql/log/stream_end.sql");

#[async_trait]
impl EventStore for SqliteLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let stream = append.stream.clone();
        let clock = Arc::clone(&self.clock);
        let work = move |connection: &Connection| decide(connection, &append, clock.now());
        let answer = self.database.write(work).await;
        answer.map_err(|fault| PortError::new(format!("appending to {stream}"), fault))?
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, PortError> {
        let wanted = stream.clone();
        let read = move |connection: &Connection| read(connection, &wanted, after, events_max);
        let events = self.database.read(read).await;
        events.map_err(|fault| PortError::new(format!("reading {stream}"), fault))
    }

    async fn find_command(&self, key: &CommandKey) -> Result<Option<CommandRecord>, PortError> {
        let wanted = key.clone();
        let found = self.database.read(move |connection| find(connection, &wanted)).await;
        found.map_err(|fault| {
            PortError::new(format!("looking up the command {}/{}", key.scope, key.key), fault)
        })
    }
}

/// What the writing thread does for one append. A refusal has written nothing.
fn decide(
    connection: &Connection,
    append: &Append,
    now: Timestamp,
) -> Result<Result<Appended, AppendError>, Fault> {
    if append.events.len() > APPEND_EVENTS_MAX {
        let events = append.events.len();
        let refusal = format!("{events} events are more than the {APPEND_EVENTS_MAX} of an append");
        return Err(Unstorable(refusal).into());
    }
    if let Some(key) = &append.key
        && let Some(record) = find(connection, key)?
    {
        return Ok(Err(AppendError::Repeated(record)));
    }
    let end = stream_end(connection, &append.stream)?;
    if end.version != append.expected {
        let (expected, actual) = (append.expected, end.version);
        return Ok(Err(AppendError::Conflict { expected, actual }));
    }
    let appended = write(connection, append, end, now)?;
    if let Some(key) = &append.key {
        remember(connection, key, append, appended, now)?;
    }
    Ok(Ok(appended))
}

fn write(
    connection: &Connection,
    append: &Append,
    end: Appended,
    now: Timestamp,
) -> Result<Appended, Fault> {
    let metadata = serde_json::to_string(&append.metadata)?;
    let mut statement = connection.prepare_cached(APPEND_EVENT)?;
    let mut appended = end;
    for event in &append.events {
        let version = appended.version.0 + 1;
        statement.execute(params![
            append.stream.category,
            append.stream.id.as_bytes(),
            version,
            event.event_type,
            event.schema_version,
            now.as_micros(),
            metadata,
            event.data.get(),
        ])?;
        let position = u64::try_from(connection.last_insert_rowid())?;
        appended = Appended { version: StreamVersion(version), position: GlobalPosition(position) };
    }
    Ok(appended)
}

/// The place of the stream's last event; zero before the first one.
fn stream_end(connection: &Connection, stream: &StreamName) -> rusqlite::Result<Appended> {
    let mut statement = connection.prepare_cached(STREAM_END)?;
    let end = statement.query_row(params![stream.category, stream.id.as_bytes()], |row| {
        Ok(Appended { version: StreamVersion(row.get(0)?), position: GlobalPosition(row.get(1)?) })
    });
    let nothing = Appended { version: StreamVersion(0), position: GlobalPosition(0) };
    Ok(end.optional()?.unwrap_or(nothing))
}

fn read(
    connection: &Connection,
    stream: &StreamName,
    after: StreamVersion,
    events_max: usize,
) -> Result<Vec<RecordedEvent>, Fault> {
    let mut statement = connection.prepare_cached(READ_STREAM)?;
    let wanted =
        params![stream.category, stream.id.as_bytes(), integer(after.0), limit(events_max)];
    let mut rows = statement.query(wanted)?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(recorded_event(row)?);
    }
    Ok(events)
}
