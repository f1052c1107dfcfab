//! Reads the log of all streams by position.

use async_trait::async_trait;
use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogPage, LogQuery};
use ports::stream::GlobalPosition;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::event_row::{EventRow, column};
use super::naming::FOREIGN;
use super::{HEAD, PgLog};
use crate::connect::retrying;
use crate::error::{Attempt, Closed, Fault};
use crate::numbers::{integer, limit, natural};

const READ_LOG: &str = include_str!("../../sql/log/read_log.sql");

/// How much of the log one read looks at, so that a filter that matches nothing stays short.
const SCAN_EVENTS_MAX: u64 = 20_000;
/// A page ends with the event that goes beyond this, so that large events make short pages.
const PAGE_BYTES_MAX: i64 = 16 * 1024 * 1024;

#[async_trait]
impl EventLog for PgLog {
    async fn read(&self, query: &LogQuery) -> Result<LogPage, PortError> {
        if query.events_max == 0 {
            return Ok(LogPage { events: Vec::new(), through: query.after });
        }
        let rows = retrying(self.pool(), || self.rows(query)).await;
        let page = rows.map_err(Fault::from).and_then(|rows| page(query, rows));
        page.attempt(|| format!("reading the log after {}", query.after))
    }

    async fn head(&self) -> Result<GlobalPosition, PortError> {
        let read = || sqlx::query_scalar::<_, i64>(HEAD).fetch_one(self.pool());
        let head = retrying(self.pool(), read).await;
        let head = natural(head.attempt(|| "reading the head of the log".to_owned())?);
        self.signals.seen(head);
        Ok(GlobalPosition(head))
    }

    async fn wait_beyond(&self, position: GlobalPosition) -> Result<(), PortError> {
        let mut head = self.signals.head();
        let reached = head.wait_for(|head| *head > position.0).await;
        reached.map(drop).map_err(|_| Closed).attempt(|| "waiting for events".to_owned())
    }
}

impl PgLog {
    async fn rows(&self, query: &LogQuery) -> Result<Vec<PgRow>, sqlx::Error> {
        let categories = Some(&query.categories).filter(|some| !some.is_empty());
        sqlx::query(READ_LOG)
            .bind(integer(query.after.0))
            .bind(integer(query.after.0.saturating_add(SCAN_EVENTS_MAX)))
            .bind(categories)
            .bind(query.categories.iter().any(|category| category == FOREIGN))
            .bind(&query.event_type)
            .bind(limit(query.events_max, SCAN_EVENTS_MAX as usize))
            .bind(PAGE_BYTES_MAX)
            .fetch_all(self.pool())
            .await
    }
}

fn page(query: &LogQuery, mut rows: Vec<PgRow>) -> Result<LogPage, Fault> {
    // They come in order, as long as the database reads them along its index.
    rows.sort_by_key(|row| row.try_get::<Option<i64>, _>(column::POSITION).ok().flatten());
    let rows = &rows;
    let head = rows.first().ok_or("the log has no head")?.try_get::<i64, _>("head")?;
    let events = events(rows)?;
    refuse_gap(query, &events)?;
    let scanned = natural(head).min(query.after.0.saturating_add(SCAN_EVENTS_MAX));
    let through = match (events.last(), ended_early(query, rows)?) {
        (Some(last), true) => last.position,
        _ => query.after.max(GlobalPosition(scanned)),
    };
    Ok(LogPage { events, through })
}

fn events(rows: &[PgRow]) -> Result<Vec<RecordedEvent>, Fault> {
    let present =
        |row: &&PgRow| !matches!(row.try_get::<Option<i64>, _>(column::POSITION), Ok(None));
    let event = |row| Ok(<EventRow as sqlx::FromRow<'_, PgRow>>::from_row(row)?.0);
    rows.iter().filter(present).map(event).collect()
}

/// Whether there may be more before the end of what was looked at.
fn ended_early(query: &LogQuery, rows: &[PgRow]) -> Result<bool, Fault> {
    if rows.len() >= query.events_max.min(SCAN_EVENTS_MAX as usize) {
        return Ok(true);
    }
    let Some(last) = rows.last() else { return Ok(false) };
    let payload: Option<&str> = last.try_get(column::PAYLOAD)?;
    let before: Option<i64> = last.try_get("bytes_before")?;
    let bytes = i64::try_from(payload.map_or(0, str::len))?;
    Ok(before.unwrap_or_default().saturating_add(bytes) > PAGE_BYTES_MAX)
}

#[derive(Debug, thiserror::Error)]
#[error("the event at position {0} is missing")]
struct Gap(u64);

/// Positions have no gaps. If one is missing, the table was tampered with, and reading on would hide it.
fn refuse_gap(query: &LogQuery, events: &[RecordedEvent]) -> Result<(), Gap> {
    if !query.categories.is_empty() || query.event_type.is_some() {
        return Ok(());
    }
    let expected = query.after.0 + 1..;
    let missing = events.iter().zip(expected).find(|(event, place)| event.position.0 != *place);
    missing.map_or(Ok(()), |(_, place)| Err(Gap(place)))
}
