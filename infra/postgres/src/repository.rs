//! The event repository of cqrs-es over our log: its stores and frameworks, with positions and group commit.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use cqrs_es::Aggregate;
use cqrs_es::persist::{
    PersistedEventRepository, PersistenceError, ReplayFeed, ReplayStream, SerializedEvent,
    SerializedSnapshot,
};
use postgres_es::PostgresEventRepository;
use serde_json::Value;
use sqlx::PgPool;

use crate::connect::retrying;
use crate::error::Fault;
use crate::log::{Outcome, PgLog, Wish, WishedEvent};

const READ_TYPE: &str = include_str!("../sql/log/read_type.sql");

/// How many events a replay reads at a time, and how many may wait for their reader.
const REPLAY_EVENTS_MAX: usize = 500;

/// For `PersistedEventStore::new_event_store`, and for it alone: snapshots are refused, since cqrs-es 0.5 applies
/// events twice before it saves one.
///
/// Loads are those of `postgres_es::PostgresEventRepository`. Events are persisted through the log, so that they
/// have their positions at once. Replays are read page by page: all of an aggregate type in the order of the log,
/// without holding a connection, and a replay that breaks off says so.
pub struct PgEventRepository {
    log: Arc<PgLog>,
    reads: PostgresEventRepository,
}

impl PgEventRepository {
    /// Persists through `log`.
    pub fn over(log: Arc<PgLog>) -> Self {
        let reads = PostgresEventRepository::new(log.pool().clone());
        Self { log, reads }
    }
}

impl fmt::Debug for PgEventRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgEventRepository").finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("snapshots of cqrs-es 0.5 do not hold what happened; use an event store without them")]
struct SnapshotsRefused;

#[derive(Debug, thiserror::Error)]
#[error("the events of one call are not consecutive events of one {0}")]
struct NotOneAppend(&'static str);

impl PersistedEventRepository for PgEventRepository {
    async fn get_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.reads.get_events::<A>(aggregate_id).await
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        self.reads.get_last_events::<A>(aggregate_id, last_sequence).await
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        _: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Err(unknown(SnapshotsRefused))
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        if snapshot.is_some() {
            return Err(unknown(SnapshotsRefused));
        }
        let Some(wish) = wish::<A>(events)? else { return Ok(()) };
        match self.log.appender().append(wish).await {
            Ok(Outcome::Appended(_)) => Ok(()),
            Ok(Outcome::Conflict { .. } | Outcome::Repeated(_)) => {
                Err(PersistenceError::OptimisticLockError)
            }
            Err(fault) => Err(PersistenceError::ConnectionError(fault)),
        }
    }

    async fn stream_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<ReplayStream, PersistenceError> {
        let events = self.reads.get_events::<A>(aggregate_id).await?;
        let (mut feed, stream) = ReplayStream::new(REPLAY_EVENTS_MAX);
        tokio::spawn(async move {
            for event in events {
                if feed.push(Ok(event)).await.is_err() {
                    return;
                }
            }
        });
        Ok(stream)
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        let (feed, stream) = ReplayStream::new(REPLAY_EVENTS_MAX);
        tokio::spawn(replay(self.log.pool().clone(), A::TYPE, feed));
        Ok(stream)
    }
}

/// What is to be appended, if anything.
fn wish<A: Aggregate>(events: &[SerializedEvent]) -> Result<Option<Wish>, PersistenceError> {
    let Some(first) = events.first() else { return Ok(None) };
    let follows = |(event, sequence): (&SerializedEvent, usize)| {
        event.aggregate_id == first.aggregate_id && event.sequence == sequence
    };
    let expected = first.sequence.checked_sub(1).and_then(|before| i64::try_from(before).ok());
    let Some(expected) = expected.filter(|_| events.iter().zip(first.sequence..).all(follows))
    else {
        return Err(unknown(NotOneAppend(A::TYPE)));
    };
    Ok(Some(Wish {
        aggregate_type: A::TYPE.to_owned(),
        aggregate_id: first.aggregate_id.clone(),
        expected,
        events: events.iter().map(wished).collect(),
        key: None,
    }))
}

fn wished(event: &SerializedEvent) -> WishedEvent {
    WishedEvent {
        event_type: event.event_type.clone(),
        event_version: event.event_version.clone(),
        payload: event.payload.to_string(),
        metadata: event.metadata.to_string(),
    }
}

fn unknown(error: impl Error + Send + Sync + 'static) -> PersistenceError {
    PersistenceError::UnknownError(Box::new(error))
}

/// Feeds all events of a type in the order of the log. A reader that goes away ends it.
async fn replay(pool: PgPool, aggregate_type: &'static str, mut feed: ReplayFeed) {
    let mut after = 0;
    loop {
        let page = match page(&pool, aggregate_type, after).await {
            Ok(page) => page,
            Err(fault) => {
                let _ = feed.push(Err(PersistenceError::ConnectionError(fault))).await;
                return;
            }
        };
        let Some((last, _)) = page.last() else { return };
        after = *last;
        for (_, event) in page {
            if feed.push(Ok(event)).await.is_err() {
                return;
            }
        }
    }
}

type TypeRow = (i64, String, i64, String, String, Value, Value);

async fn page(
    pool: &PgPool,
    aggregate_type: &str,
    after: i64,
) -> Result<Vec<(i64, SerializedEvent)>, Fault> {
    let read = || {
        sqlx::query_as::<_, TypeRow>(READ_TYPE)
            .bind(aggregate_type)
            .bind(after)
            .bind(REPLAY_EVENTS_MAX as i64)
            .fetch_all(pool)
    };
    let rows = retrying(pool, read).await?;
    let event =
        |(position, id, sequence, event_type, event_version, payload, metadata): TypeRow| {
            let sequence = usize::try_from(sequence)?;
            let kind = aggregate_type.to_owned();
            let event = SerializedEvent::new(
                id,
                sequence,
                kind,
                event_type,
                event_version,
                payload,
                metadata,
            );
            Ok((position, event))
        };
    rows.into_iter().map(event).collect()
}
