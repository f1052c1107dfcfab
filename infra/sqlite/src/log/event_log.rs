//! Reads the log of all streams by position.

use async_trait::async_trait;
use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogPage, LogQuery};
use ports::stream::GlobalPosition;
use rusqlite::{Connection, params};

use super::SqliteLog;
use super::event_row::recorded_event;
use crate::error::{Closed, Fault};
use crate::numbers::{integer, limit};

const READ_LOG: &str = include_str!("../../sql/log/read_log.sql");

/// How much of the log one read looks at, so that a filter that matches nothing stays short.
const SCAN_EVENTS_MAX: u64 = 20_000;
/// A page ends with the event that goes beyond this, so that large events make short pages.
const PAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

#[async_trait]
impl EventLog for SqliteLog {
    async fn read(&self, query: &LogQuery) -> Result<LogPage, PortError> {
        let after = query.after;
        let query = query.clone();
        let page = self.database.read(move |connection| page(connection, &query)).await;
        page.map_err(|fault| PortError::new(format!("reading the log after {after}"), fault))
    }

    async fn head(&self) -> Result<GlobalPosition, PortError> {
        Ok(GlobalPosition(*self.signals.head().borrow()))
    }

    async fn wait_beyond(&self, position: GlobalPosition) -> Result<(), PortError> {
        let mut head = self.signals.head();
        let reached = head.wait_for(|head| *head > position.0).await;
        reached.map(drop).map_err(|_| PortError::new("waiting for events", Closed))
    }
}

fn page(connection: &Connection, query: &LogQuery) -> Result<LogPage, Fault> {
    let after = query.after.0;
    let head = super::head(connection)?;
    let scanned = head.min(after.saturating_add(SCAN_EVENTS_MAX)).max(after);
    if query.events_max == 0 {
        return Ok(LogPage { events: Vec::new(), through: query.after });
    }
    let (events, ended_early) = matching(connection, query, scanned)?;
    refuse_gap(query, &events)?;
    let last = events.last().map_or(query.after, |event| event.position);
    let through = if ended_early { last } else { GlobalPosition(scanned) };
    Ok(LogPage { events, through })
}

/// The events up to `scanned`, and whether the page was full before that.
fn matching(
    connection: &Connection,
    query: &LogQuery,
    scanned: u64,
) -> Result<(Vec<RecordedEvent>, bool), Fault> {
    let categories = match query.categories.as_slice() {
        [] => None,
        some => Some(serde_json::to_string(some)?),
    };
    let mut statement = connection.prepare_cached(READ_LOG)?;
    let mut rows = statement.query(params![
        integer(query.after.0),
        integer(scanned),
        categories,
        query.event_type,
        limit(query.events_max),
    ])?;
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let event = recorded_event(row)?;
        bytes += event.data.get().len();
        events.push(event);
        if bytes > PAGE_BYTES_MAX {
            return Ok((events, true));
        }
    }
    let full = events.len() == query.events_max;
    Ok((events, full))
}

#[derive(Debug, thiserror::Error)]
#[error("the event at position {0} is missing")]
struct Gap(u64);

/// Positions have no gaps. If one is missing, the file was tampered with, and reading on would hide it.
fn refuse_gap(query: &LogQuery, events: &[RecordedEvent]) -> Result<(), Gap> {
    if !query.categories.is_empty() || query.event_type.is_some() {
        return Ok(());
    }
    let expected = query.after.0 + 1..;
    let missing = events.iter().zip(expected).find(|(event, place)| event.position.0 != *place);
    missing.map_or(Ok(()), |(_, place)| Err(Gap(place)))
}
