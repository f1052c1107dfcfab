//! Keeps what handlers could not act on.

use async_trait::async_trait;
use ports::PortError;
use ports::clock::Timestamp;
use ports::dead_letter::{DeadLetter, DeadLetters, NewDeadLetter, REASON_BYTES_MAX};
use ports::stream::StreamName;
use rusqlite::{Connection, Params, Row, params};
use uuid::Uuid;

use super::SqliteLog;
use crate::error::{Corrupt, Fault};
use crate::numbers::{integer, limit};

const COUNT: &str = include_str!("../../sql/log/count_dead_letters.sql");
const GET: &str = include_str!("../../sql/log/get_dead_letter.sql");
const LIST: &str = include_str!("../../sql/log/list_dead_letters.sql");
const PARK: &str = include_str!("../../sql/log/park.sql");
const PARKED_STREAMS: &str = include_str!("../../sql/log/parked_streams.sql");
const READ_SEQUENCE: &str = include_str!("../../sql/log/read_sequence.sql");
const REMOVE: &str = include_str!("../../sql/log/remove_dead_letter.sql");
const REQUESTED_REPLAYS: &str = include_str!("../../sql/log/requested_replays.sql");
const REQUEST_REPLAY: &str = include_str!("../../sql/log/request_replay.sql");
const SETTLE_REPLAY: &str = include_str!("../../sql/log/settle_replay.sql");

#[async_trait]
impl DeadLetters for SqliteLog {
    async fn park(&self, letters: &[NewDeadLetter]) -> Result<(), PortError> {
        let letters = letters.to_vec();
        let parked = self.database.write(move |connection| park(connection, &letters)).await;
        parked.map_err(|fault| PortError::new("parking events", fault))
    }

    async fn parked_streams(&self, handler: &str) -> Result<Vec<StreamName>, PortError> {
        let wanted = handler.to_owned();
        let read = move |connection: &Connection| streams(connection, PARKED_STREAMS, &wanted);
        self.database.read(read).await.map_err(|fault| {
            PortError::new(format!("listing the streams that {handler} has parked"), fault)
        })
    }

    async fn sequence(
        &self,
        handler: &str,
        stream: &StreamName,
        letters_max: usize,
    ) -> Result<Vec<DeadLetter>, PortError> {
        let (wanted, of) = (handler.to_owned(), stream.clone());
        let read = self.database.read(move |connection| {
            let wanted = params![wanted, of.category, of.id.as_bytes(), limit(letters_max)];
            letters(connection, READ_SEQUENCE, wanted)
        });
        read.await.map_err(|fault| {
            PortError::new(format!("reading what {handler} has parked of {stream}"), fault)
        })
    }

    async fn list(&self, after: u64, letters_max: usize) -> Result<Vec<DeadLetter>, PortError> {
        let wanted = [integer(after), limit(letters_max)];
        let read = move |connection: &Connection| letters(connection, LIST, wanted);
        let listed = self.database.read(read).await;
        listed.map_err(|fault| PortError::new("listing the dead letters", fault))
    }

    async fn get(&self, id: u64) -> Result<Option<DeadLetter>, PortError> {
        let read = move |connection: &Connection| letters(connection, GET, [integer(id)]);
        let found = self.database.read(read).await;
        let found = found.map_err(|fault| failed("reading", id, fault))?;
        Ok(found.into_iter().next())
    }

    async fn count(&self) -> Result<u64, PortError> {
        let count = self.database.read(|connection| {
            Ok(connection.prepare_cached(COUNT)?.query_row([], |row| row.get(0))?)
        });
        count.await.map_err(|fault| PortError::new("counting the dead letters", fault))
    }

    async fn request_replay(&self, id: u64) -> Result<bool, PortError> {
        let request = self.database.write(move |connection| {
            let known = !letters(connection, GET, [integer(id)])?.is_empty();
            connection.prepare_cached(REQUEST_REPLAY)?.execute([integer(id)])?;
            Ok(known)
        });
        request.await.map_err(|fault| failed("requesting the replay of", id, fault))
    }

    async fn requested_replays(&self, handler: &str) -> Result<Vec<StreamName>, PortError> {
        let wanted = handler.to_owned();
        let read = move |connection: &Connection| streams(connection, REQUESTED_REPLAYS, &wanted);
        self.database.read(read).await.map_err(|fault| {
            PortError::new(format!("listing the replays requested of {handler}"), fault)
        })
    }

    async fn settle_replay(&self, handler: &str, stream: &StreamName) -> Result<(), PortError> {
        let (of, settled) = (handler.to_owned(), stream.clone());
        let settle = self.database.write(move |connection| {
            let mut statement = connection.prepare_cached(SETTLE_REPLAY)?;
            statement.execute(params![of, settled.category, settled.id.as_bytes()])?;
            Ok(())
        });
        settle.await.map_err(|fault| {
            PortError::new(format!("settling the replay of {stream} for {handler}"), fault)
        })
    }

    async fn remove(&self, id: u64) -> Result<bool, PortError> {
        let remove = self.database.write(move |connection| {
            Ok(connection.prepare_cached(REMOVE)?.execute([integer(id)])? > 0)
        });
        remove.await.map_err(|fault| failed("removing", id, fault))
    }
}

fn failed(attempted: &str, id: u64, fault: Fault) -> PortError {
    PortError::new(format!("{attempted} dead letter {id}"), fault)
}

fn park(connection: &Connection, letters: &[NewDeadLetter]) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(PARK)?;
    for letter in letters {
        let reason = &letter.reason[..letter.reason.floor_char_boundary(REASON_BYTES_MAX)];
        statement.execute(params![
            letter.handler,
            letter.event.stream.category,
            letter.event.stream.id.as_bytes(),
            letter.event.version.0,
            letter.attempts,
            letter.parked_at.as_micros(),
            reason,
            serde_json::to_string(&letter.event)?,
        ])?;
    }
    Ok(())
}

fn streams(
    connection: &Connection,
    sql: &'static str,
    handler: &str,
) -> Result<Vec<StreamName>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let streams = statement.query_map([handler], |row| {
        Ok(StreamName::new(row.get::<_, String>(0)?, Uuid::from_bytes(row.get(1)?)))
    })?;
    Ok(streams.collect::<Result<_, _>>()?)
}

fn letters(
    connection: &Connection,
    sql: &'static str,
    wanted: impl Params,
) -> Result<Vec<DeadLetter>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(wanted)?;
    let mut letters = Vec::new();
    while let Some(row) = rows.next()? {
        letters.push(letter(row)?);
    }
    Ok(letters)
}

fn letter(row: &Row<'_>) -> Result<DeadLetter, Fault> {
    let id = row.get(0)?;
    let event = serde_json::from_str(row.get_ref(2)?.as_str()?);
    let event = event
        .map_err(|error| Corrupt { what: format!("dead letter {id}"), reason: error.into() })?;
    Ok(DeadLetter {
        id,
        handler: row.get(1)?,
        event,
        reason: row.get(3)?,
        attempts: row.get(4)?,
        parked_at: Timestamp::from_micros(row.get(5)?),
        replay_requested: row.get(6)?,
    })
}
