//! Remembers what became of commands, for as long as they may be repeated.

use ports::PortError;
use ports::clock::Timestamp;
use ports::event_store::{Append, Appended, CommandKey, CommandRecord};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::SqliteLog;
use crate::error::Fault;
use crate::retention::cutoff;

const FIND: &str = include_str!("../../sql/log/find_command.sql");
const FORGET: &str = include_str!("../../sql/log/forget_commands.sql");
const REMEMBER: &str = include_str!("../../sql/log/remember_command.sql");

/// How many records one write forgets, so that appends never wait long behind it.
const RECORDS_PER_STEP: usize = 500;

impl SqliteLog {
    /// Forgets the commands that are too old to be repeated, and says how many there were.
    ///
    /// # Errors
    /// The store does not answer. What was forgotten before stays forgotten.
    pub async fn purge_commands(&self) -> Result<u64, PortError> {
        let before = cutoff(self.clock.now(), self.command_records_days_max);
        let mut forgotten = 0;
        loop {
            let step =
                self.database.write_lazily(move |connection| forget(connection, before)).await;
            let rows = step.map_err(|fault| PortError::new("forgetting old commands", fault))?;
            forgotten += rows as u64;
            if rows < RECORDS_PER_STEP {
                return Ok(forgotten);
            }
        }
    }
}

pub(super) fn find(
    connection: &Connection,
    key: &CommandKey,
) -> Result<Option<CommandRecord>, Fault> {
    let mut statement = connection.prepare_cached(FIND)?;
    Ok(statement.query_row(params![key.scope, key.key], record).optional()?)
}

fn record(row: &Row<'_>) -> rusqlite::Result<CommandRecord> {
    Ok(CommandRecord {
        fingerprint: row.get(0)?,
        stream: StreamName::new(row.get::<_, String>(1)?, Uuid::from_bytes(row.get(2)?)),
        appended: Appended {
            version: StreamVersion(row.get(3)?),
            position: GlobalPosition(row.get(4)?),
        },
        events: row.get(5)?,
    })
}

pub(super) fn remember(
    connection: &Connection,
    key: &CommandKey,
    append: &Append,
    appended: Appended,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(REMEMBER)?;
    statement.execute(params![
        key.scope,
        key.key,
        key.fingerprint,
        append.stream.category,
        append.stream.id.as_bytes(),
        appended.version.0,
        appended.position.0,
        append.events.len(),
        now.as_micros(),
    ])?;
    Ok(())
}

fn forget(connection: &Connection, before: Timestamp) -> Result<usize, Fault> {
    let mut statement = connection.prepare_cached(FORGET)?;
    Ok(statement.execute(params![before.as_micros(), RECORDS_PER_STEP])?)
}
