//! What was measured, beside the processor's state.

mod columns;
mod row;
mod weeks;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::clock::Timestamp;
use ports::leadership::Term;
use ports::readings::{
    Axis, OutgoingCommand, Reading, Readings, ReadingsCommit, SPECTRA_MAX, SpectraQuery,
    TrendPoint, TrendQuery,
};
use sqlx::PgPool;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::connect::retrying;
use crate::error::{Attempt, Corrupt};
use crate::leadership::fault_under;
use crate::moment::Moment;
use crate::numbers::{integer, limit, natural};
use columns::Columns;
use weeks::Weeks;
pub use weeks::{Retention, WeeksDropped};

const CHECKPOINT: &str = include_str!("../sql/readings/checkpoint.sql");
const LATEST: &str = include_str!("../sql/readings/latest.sql");
const MOTORS: &str = include_str!("../sql/readings/motors.sql");
const NEWEST_SPECTRUM: &str = include_str!("../sql/readings/newest_spectrum.sql");
const OUTGOING: &str = include_str!("../sql/readings/outgoing.sql");
const SETTLE: &str = include_str!("../sql/readings/settle.sql");
const SPECTRA: &str = include_str!("../sql/readings/spectra.sql");
const STATES: &str = include_str!("../sql/readings/states.sql");
const TREND: &str = include_str!("../sql/readings/trend.sql");

/// How many points one trend may have, whatever is asked for.
const TREND_POINTS_MAX: usize = 100_000;
/// How many motors or commands one answer holds, whatever is asked for.
const ROWS_MAX: usize = 10_000;

/// `Readings` in partitions by week. A commit is one call of a function of the schema, so that no transaction is ever
/// open while its client does something else.
pub struct PgReadings {
    pool: PgPool,
    weeks: Arc<Weeks>,
    term: Option<Term>,
}

impl PgReadings {
    pub(crate) fn over(pool: &PgPool) -> Self {
        Self { pool: pool.clone(), weeks: Arc::new(Weeks::over(pool)), term: None }
    }

    /// The same readings, written by the holder of `term`: once the term is not the newest of its office any more,
    /// `commit` and `settle` change nothing and fail with [`TermEnded`](crate::TermEnded). What is being written
    /// when somebody else campaigns is finished first.
    #[must_use]
    pub fn under(&self, term: &Term) -> Self {
        let (pool, weeks) = (self.pool.clone(), Arc::clone(&self.weeks));
        Self { pool, weeks, term: Some(term.clone()) }
    }

    /// Makes room for the weeks to come, and lets go of what is older than `retention` says, as whole weeks. The
    /// newest reading and the newest spectrum of each sensor and axis stay for good.
    ///
    /// # Errors
    /// The database does not answer, or is too busy to give up a week; what was done before stays done.
    pub async fn purge(
        &self,
        now: Timestamp,
        retention: &Retention,
    ) -> Result<WeeksDropped, PortError> {
        let dropped = self.weeks.keep(now, retention).await;
        dropped.attempt(|| "letting go of old readings".to_owned())
    }
}

/// Every call may be done twice. An outgoing command that is stored twice has a key, by which it is obeyed once.
#[async_trait]
impl Readings for PgReadings {
    async fn commit(&self, commit: ReadingsCommit) -> Result<(), PortError> {
        let attempted = || "storing readings".to_owned();
        let columns = Columns::of(commit).attempt(attempted)?;
        self.weeks.make_for(&columns.at).await;
        let commit = || columns.commit(&self.pool, self.term.as_ref());
        let committed = retrying(&self.pool, commit).await;
        committed.map_err(|error| fault_under(self.term.as_ref(), error)).attempt(attempted)
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, PortError> {
        let read = || sqlx::query_scalar(CHECKPOINT).fetch_optional(&self.pool);
        let checkpoint = retrying(&self.pool, read).await;
        let checkpoint = checkpoint.attempt(|| "loading the processor's checkpoint".to_owned())?;
        Ok(checkpoint.map(Checkpoint))
    }

    async fn states(&self, motor_ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>, PortError> {
        let read = || sqlx::query_as(STATES).bind(motor_ids).fetch_all(&self.pool);
        let states = retrying(&self.pool, read).await;
        Ok(states.attempt(|| "loading the processor's state".to_owned())?.into_iter().collect())
    }

    async fn motors(&self, after: Option<Uuid>, motors_max: usize) -> Result<Vec<Uuid>, PortError> {
        let read = || {
            let values = sqlx::query_scalar(MOTORS).bind(after);
            values.bind(limit(motors_max, ROWS_MAX)).fetch_all(&self.pool)
        };
        let motors = retrying(&self.pool, read).await;
        motors.attempt(|| "listing the motors with a state".to_owned())
    }

    async fn outgoing(&self, commands_max: usize) -> Result<Vec<OutgoingCommand>, PortError> {
        let attempted = || "reading the outgoing commands".to_owned();
        let read = || {
            let values = sqlx::query_as::<_, (i64, String)>(OUTGOING);
            values.bind(limit(commands_max, ROWS_MAX)).fetch_all(&self.pool)
        };
        let rows = retrying(&self.pool, read).await.attempt(attempted)?;
        rows.into_iter().map(outgoing).collect::<Result<_, _>>().attempt(attempted)
    }

    async fn settle(&self, ids: &[u64]) -> Result<(), PortError> {
        let ids: Vec<i64> = ids.iter().copied().map(integer).collect();
        let term = self.term.as_ref();
        let settle = || {
            let values = sqlx::query(SETTLE).bind(term.map(|term| &term.office));
            let values = values.bind(term.map(|term| &term.leader));
            values.bind(term.map(|term| integer(term.number))).bind(&ids).execute(&self.pool)
        };
        let settled = retrying(&self.pool, settle).await.map(drop);
        let settled = settled.map_err(|error| fault_under(term, error));
        settled.attempt(|| "settling outgoing commands".to_owned())
    }

    async fn trend(&self, query: &TrendQuery) -> Result<Vec<TrendPoint>, PortError> {
        let attempted = || format!("reading the trend of {}", query.motor_id);
        let read = || {
            let values = sqlx::query(TREND).bind(query.motor_id).bind(&query.feature);
            let values = values.bind(&query.sensor).bind(query.axis.map(Axis::name));
            let values = values.bind(Moment(query.from.unwrap_or(Timestamp::MIN)));
            let values = values.bind(query.to.map(Moment));
            values.bind(limit(query.points_max, TREND_POINTS_MAX)).fetch_all(&self.pool)
        };
        let newest_first = retrying(&self.pool, read).await.attempt(attempted)?;
        newest_first.iter().rev().map(row::point).collect::<Result<_, _>>().attempt(attempted)
    }

    async fn latest(&self, motor_id: Uuid) -> Result<Vec<Reading>, PortError> {
        let attempted = || format!("reading the latest readings of {motor_id}");
        let read = || sqlx::query(LATEST).bind(motor_id).fetch_all(&self.pool);
        let rows = retrying(&self.pool, read).await.attempt(attempted)?;
        let readings = rows.iter().map(|row| row::reading(row, motor_id));
        let mut readings = readings.collect::<Result<Vec<_>, _>>().attempt(attempted)?;
        readings.sort_by(|one, other| (&one.sensor, one.axis).cmp(&(&other.sensor, other.axis)));
        Ok(readings)
    }

    async fn spectrum(
        &self,
        motor_id: Uuid,
        sensor: Option<&str>,
        axis: Option<Axis>,
    ) -> Result<Option<Reading>, PortError> {
        let attempted = || format!("reading the newest spectrum of {motor_id}");
        let read = || {
            let values = sqlx::query(NEWEST_SPECTRUM).bind(motor_id);
            values.bind(sensor).bind(axis.map(Axis::name)).fetch_optional(&self.pool)
        };
        let row: Option<PgRow> = retrying(&self.pool, read).await.attempt(attempted)?;
        row.map(|row| row::reading_with_spectrum(&row, motor_id)).transpose().attempt(attempted)
    }

    async fn spectra(&self, query: &SpectraQuery) -> Result<Vec<Reading>, PortError> {
        let attempted = || format!("reading the spectra of {}", query.motor_id);
        let read = || {
            let values = sqlx::query(SPECTRA).bind(query.motor_id).bind(&query.sensor);
            let values = values.bind(query.axis.name());
            let values = values.bind(Moment(query.from.unwrap_or(Timestamp::MIN)));
            let values = values.bind(query.to.map(Moment));
            values.bind(limit(query.spectra_max, SPECTRA_MAX)).fetch_all(&self.pool)
        };
        let newest_first = retrying(&self.pool, read).await.attempt(attempted)?;
        let oldest_first = newest_first.iter().rev();
        let readings = oldest_first.map(|row| row::reading_with_spectrum(row, query.motor_id));
        readings.collect::<Result<_, _>>().attempt(attempted)
    }
}

fn outgoing((id, command): (i64, String)) -> Result<OutgoingCommand, Corrupt> {
    let command = serde_json::from_str(&command).map_err(|error| Corrupt {
        what: format!("the outgoing command {id}"),
        reason: error.into(),
    })?;
    Ok(OutgoingCommand { id: natural(id), command })
}
