//! Keeps what handlers could not act on.

use async_trait::async_trait;
use ports::PortError;
use ports::dead_letter::{DeadLetter, DeadLetters, NewDeadLetter, REASON_BYTES_MAX};
use ports::stream::StreamName;
use sqlx::PgPool;
use uuid::Uuid;

use crate::connect::{alive, retrying};
use crate::error::{Attempt, Corrupt, Fault};
use crate::moment::Moment;
use crate::numbers::{integer, limit, natural};

const COUNT: &str = include_str!("../sql/dead_letters/count.sql");
const GET: &str = include_str!("../sql/dead_letters/get.sql");
const LIST: &str = include_str!("../sql/dead_letters/list.sql");
const PARK: &str = include_str!("../sql/dead_letters/park.sql");
const PARKED_STREAMS: &str = include_str!("../sql/dead_letters/parked_streams.sql");
const READ_SEQUENCE: &str = include_str!("../sql/dead_letters/read_sequence.sql");
const REMOVE: &str = include_str!("../sql/dead_letters/remove.sql");
const REQUESTED_REPLAYS: &str = include_str!("../sql/dead_letters/requested_replays.sql");
const REQUEST_REPLAY: &str = include_str!("../sql/dead_letters/request_replay.sql");
const SETTLE_REPLAY: &str = include_str!("../sql/dead_letters/settle_replay.sql");

/// How many letters one answer holds, whatever is asked for.
const LETTERS_MAX: usize = 10_000;

/// `DeadLetters` in a table. Nothing ever leaves it but by [`DeadLetters::remove`]: a person decides.
pub struct PgDeadLetters {
    pool: PgPool,
}

/// A row of `dead_letters`: id, handler, event, reason, attempts, time, and whether a replay was requested.
type Row = (i64, String, String, String, i64, Moment, bool);

impl PgDeadLetters {
    pub(crate) fn over(pool: &PgPool) -> Self {
        Self { pool: pool.clone() }
    }

    async fn streams(
        &self,
        sql: &'static str,
        handler: &str,
    ) -> Result<Vec<StreamName>, sqlx::Error> {
        let read = || sqlx::query_as::<_, (String, Uuid)>(sql).bind(handler).fetch_all(&self.pool);
        let rows = retrying(&self.pool, read).await?;
        Ok(rows.into_iter().map(|(category, id)| StreamName::new(category, id)).collect())
    }
}

#[async_trait]
impl DeadLetters for PgDeadLetters {
    async fn park(&self, letters: &[NewDeadLetter]) -> Result<(), PortError> {
        let attempted = || "parking events".to_owned();
        let columns = Columns::of(letters).attempt(attempted)?;
        retrying(&self.pool, || columns.park(&self.pool)).await.attempt(attempted)
    }

    async fn parked_streams(&self, handler: &str) -> Result<Vec<StreamName>, PortError> {
        let streams = self.streams(PARKED_STREAMS, handler).await;
        streams.attempt(|| format!("listing the streams that {handler} has parked"))
    }

    async fn sequence(
        &self,
        handler: &str,
        stream: &StreamName,
        letters_max: usize,
    ) -> Result<Vec<DeadLetter>, PortError> {
        let read = || {
            let values = sqlx::query_as::<_, Row>(READ_SEQUENCE).bind(handler);
            let values = values.bind(&stream.category).bind(stream.id);
            values.bind(limit(letters_max, LETTERS_MAX)).fetch_all(&self.pool)
        };
        let attempted = || format!("reading what {handler} has parked of {stream}");
        letters(retrying(&self.pool, read).await.attempt(attempted)?).attempt(attempted)
    }

    async fn list(&self, after: u64, letters_max: usize) -> Result<Vec<DeadLetter>, PortError> {
        let read = || {
            let values = sqlx::query_as::<_, Row>(LIST).bind(integer(after));
            values.bind(limit(letters_max, LETTERS_MAX)).fetch_all(&self.pool)
        };
        let attempted = || "listing the dead letters".to_owned();
        letters(retrying(&self.pool, read).await.attempt(attempted)?).attempt(attempted)
    }

    async fn get(&self, id: u64) -> Result<Option<DeadLetter>, PortError> {
        let read = || sqlx::query_as::<_, Row>(GET).bind(integer(id)).fetch_optional(&self.pool);
        let attempted = || format!("reading dead letter {id}");
        let row = retrying(&self.pool, read).await.attempt(attempted)?;
        row.map(letter).transpose().attempt(attempted)
    }

    async fn count(&self) -> Result<u64, PortError> {
        let count = retrying(&self.pool, || sqlx::query_scalar(COUNT).fetch_one(&self.pool)).await;
        count.map(natural).attempt(|| "counting the dead letters".to_owned())
    }

    async fn request_replay(&self, id: u64) -> Result<bool, PortError> {
        let request = || sqlx::query_scalar(REQUEST_REPLAY).bind(integer(id)).fetch_one(&self.pool);
        let requested = retrying(&self.pool, request).await;
        requested.attempt(|| format!("requesting the replay of dead letter {id}"))
    }

    async fn requested_replays(&self, handler: &str) -> Result<Vec<StreamName>, PortError> {
        let streams = self.streams(REQUESTED_REPLAYS, handler).await;
        streams.attempt(|| format!("listing the replays requested of {handler}"))
    }

    async fn settle_replay(&self, handler: &str, stream: &StreamName) -> Result<(), PortError> {
        let settle = || {
            let values = sqlx::query(SETTLE_REPLAY).bind(handler);
            values.bind(&stream.category).bind(stream.id).execute(&self.pool)
        };
        let settled = retrying(&self.pool, settle).await;
        settled.map(drop).attempt(|| format!("settling the replay of {stream} for {handler}"))
    }

    async fn remove(&self, id: u64) -> Result<bool, PortError> {
        let attempted = || format!("removing dead letter {id}");
        let mut connection = alive(&self.pool).await.attempt(attempted)?;
        let removed = sqlx::query(REMOVE).bind(integer(id)).execute(&mut *connection).await;
        removed.map(|removed| removed.rows_affected() > 0).attempt(attempted)
    }
}

/// Letters, column by column.
#[derive(Default)]
struct Columns {
    handlers: Vec<String>,
    categories: Vec<String>,
    stream_ids: Vec<Uuid>,
    versions: Vec<i64>,
    attempts: Vec<i64>,
    parked_at: Vec<Moment>,
    reasons: Vec<String>,
    events: Vec<String>,
}

impl Columns {
    fn of(letters: &[NewDeadLetter]) -> Result<Self, serde_json::Error> {
        let mut columns = Self::default();
        for letter in letters {
            columns.handlers.push(letter.handler.clone());
            columns.categories.push(letter.event.stream.category.clone());
            columns.stream_ids.push(letter.event.stream.id);
            columns.versions.push(integer(letter.event.version.0));
            columns.attempts.push(letter.attempts.into());
            columns.parked_at.push(Moment(letter.parked_at));
            columns.reasons.push(reason(&letter.reason));
            columns.events.push(serde_json::to_string(&letter.event)?);
        }
        Ok(columns)
    }

    async fn park(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let values = sqlx::query(PARK).bind(&self.handlers).bind(&self.categories);
        let values = values.bind(&self.stream_ids).bind(&self.versions).bind(&self.attempts);
        let values = values.bind(&self.parked_at).bind(&self.reasons).bind(&self.events);
        values.execute(pool).await.map(drop)
    }
}

/// As much of a reason as fits, in whole characters. A NUL, which no `text` can hold, becomes another control
/// character: a letter must never be lost for its reason.
fn reason(reason: &str) -> String {
    reason[..reason.floor_char_boundary(REASON_BYTES_MAX)].replace('\0', "\u{1a}")
}

fn letters(rows: Vec<Row>) -> Result<Vec<DeadLetter>, Corrupt> {
    rows.into_iter().map(letter).collect()
}

fn letter(row: Row) -> Result<DeadLetter, Corrupt> {
    let (id, handler, event, reason, attempts, Moment(parked_at), replay_requested) = row;
    let corrupt = |reason: Fault| Corrupt { what: format!("dead letter {id}"), reason };
    Ok(DeadLetter {
        id: natural(id),
        handler,
        event: serde_json::from_str(&event).map_err(|error| corrupt(error.into()))?,
        reason,
        attempts: u32::try_from(attempts).map_err(|error| corrupt(error.into()))?,
        parked_at,
        replay_requested,
    })
}
