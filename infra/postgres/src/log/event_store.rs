//! Appends events to streams, and reads streams.

use async_trait::async_trait;
use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_store::{Append, AppendError, Appended, CommandKey, CommandRecord, EventStore};
use ports::stream::{StreamName, StreamVersion};

use super::PgLog;
use super::append::{Outcome, Wish};
use super::event_row::EventRow;
use super::naming;
use crate::connect::retrying;
use crate::error::{Attempt, Fault};
use crate::numbers::{integer, limit, natural};

const READ_STREAM: &str = include_str!("../../sql/log/read_stream.sql");

/// How many events of a stream one read gives.
const READ_EVENTS_MAX: usize = 20_000;

#[async_trait]
impl EventStore for PgLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let attempted = || format!("appending to {}", append.stream);
        let wish = Wish::to_append(&append).attempt(attempted)?;
        match self.appender().append(wish).await.attempt(attempted)? {
            Outcome::Appended(appended) => Ok(appended),
            Outcome::Repeated(record) => Err(AppendError::Repeated(record)),
            Outcome::Conflict { actual } => {
                let actual = StreamVersion(natural(actual));
                Err(AppendError::Conflict { expected: append.expected, actual })
            }
        }
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, PortError> {
        let events = self.stream(stream, after, events_max).await;
        events.attempt(|| format!("reading {stream}"))
    }

    async fn find_command(&self, key: &CommandKey) -> Result<Option<CommandRecord>, PortError> {
        let found = self.command(key).await;
        found.attempt(|| format!("looking up the command {}/{}", key.scope, key.key))
    }
}

impl PgLog {
    async fn stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, Fault> {
        let (aggregate_type, aggregate_id) = naming::columns(stream)?;
        let read = || {
            sqlx::query_as::<_, EventRow>(READ_STREAM)
                .bind(&aggregate_type)
                .bind(&aggregate_id)
                .bind(integer(after.0))
                .bind(limit(events_max, READ_EVENTS_MAX))
                .fetch_all(self.pool())
        };
        let rows = retrying(self.pool(), read).await?;
        Ok(rows.into_iter().map(|EventRow(event)| event).collect())
    }
}
