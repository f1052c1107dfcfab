//! Remembers what became of commands, for as long as they may be repeated.

use ports::PortError;
use ports::event_store::{Appended, CommandKey, CommandRecord};
use ports::stream::{GlobalPosition, StreamVersion};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

use super::{PgLog, naming};
use crate::connect::retrying;
use crate::error::Attempt;
use crate::numbers::natural;

const FIND: &str = include_str!("../../sql/log/find_command.sql");
const FORGET: &str = include_str!("../../sql/log/forget_commands.sql");

/// How many records one step forgets, so that nobody waits long behind it.
const RECORDS_PER_STEP: u64 = 5_000;

impl PgLog {
    /// Forgets the commands that are too old to be repeated, and says how many there were.
    ///
    /// # Errors
    /// The database does not answer. What was forgotten before stays forgotten.
    pub async fn purge_commands(&self) -> Result<u64, PortError> {
        let days = i32::try_from(self.command_records_days_max).unwrap_or(i32::MAX);
        let mut forgotten = 0;
        loop {
            let forget = || {
                sqlx::query(FORGET)
                    .bind(days)
                    .bind(RECORDS_PER_STEP.cast_signed())
                    .execute(self.pool())
            };
            let step = retrying(self.pool(), forget).await;
            let rows = step.attempt(|| "forgetting old commands".to_owned())?.rows_affected();
            forgotten += rows;
            if rows < RECORDS_PER_STEP {
                return Ok(forgotten);
            }
        }
    }

    pub(super) async fn command(
        &self,
        key: &CommandKey,
    ) -> Result<Option<CommandRecord>, sqlx::Error> {
        let find = || {
            sqlx::query_as::<_, RecordRow>(FIND)
                .bind(&key.scope)
                .bind(&key.key)
                .fetch_optional(self.pool())
        };
        Ok(retrying(self.pool(), find).await?.map(|RecordRow(record)| record))
    }
}

struct RecordRow(CommandRecord);

impl<'r> FromRow<'r, PgRow> for RecordRow {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self(CommandRecord {
            fingerprint: row.try_get("fingerprint")?,
            stream: naming::stream(row.try_get("aggregate_type")?, row.try_get("aggregate_id")?),
            appended: Appended {
                version: StreamVersion(natural(row.try_get("version")?)),
                position: GlobalPosition(natural(row.try_get("position")?)),
            },
            events: natural(row.try_get("events")?),
        }))
    }
}
