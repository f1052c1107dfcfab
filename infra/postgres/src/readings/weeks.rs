//! The partitions of readings and spectra: made for what comes, dropped when it is old.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use ports::clock::Timestamp;
use sqlx::PgPool;
use tracing::warn;

use crate::connect::retrying;
use crate::moment::Moment;
use crate::numbers::natural;

const DELETE_REST_OF_READINGS: &str =
    include_str!("../../sql/readings/delete_rest_of_readings.sql");
const DELETE_REST_OF_SPECTRA: &str = include_str!("../../sql/readings/delete_rest_of_spectra.sql");
const DROP_WEEK_OF_READINGS: &str = include_str!("../../sql/readings/drop_week_of_readings.sql");
const DROP_WEEK_OF_SPECTRA: &str = include_str!("../../sql/readings/drop_week_of_spectra.sql");
const MAKE_WEEKS: &str = include_str!("../../sql/readings/make_weeks.sql");

const WEEK_S: i64 = 7 * 24 * 60 * 60;
const WEEK_US: i64 = WEEK_S * 1_000_000;
const DAY_S: f64 = 86_400.0;
/// 1970-01-05T00:00:00Z
const FIRST_MONDAY_US: i64 = 4 * 24 * 60 * 60 * 1_000_000;

/// How far back a reading may lie to get a partition of its week, and how far ahead. What lies beyond goes to the
/// rest, where it is found as well. More partitions would make every query slower.
const WEEKS_BACK_MAX: i32 = 110;
const WEEKS_AHEAD_MAX: i32 = 6;
/// How many weeks ahead partitions are made.
const WEEKS_AHEAD: i64 = 4;
/// How many rows one statement deletes from the rest.
const ROWS_PER_STEP: i64 = 1_000;

/// How long readings are kept.
#[derive(Clone, Debug)]
pub struct Retention {
    /// For how many days readings are kept.
    pub readings_days_max: u32,
    /// For how many days spectra are kept; never longer than their readings.
    pub spectra_days_max: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { readings_days_max: 365, spectra_days_max: 30 }
    }
}

/// What a purge has dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeeksDropped {
    /// Weeks of readings.
    pub readings: u64,
    /// Weeks of spectra.
    pub spectra: u64,
    /// Single readings and spectra that had no week of their own.
    pub rest: u64,
}

pub(super) struct Weeks {
    pool: PgPool,
    /// The first moments of weeks that have partitions, as far as is known. A week that another process has dropped
    /// since is so old that its late readings are at home with the rest.
    made: Mutex<BTreeSet<i64>>,
}

impl Weeks {
    pub(super) fn over(pool: &PgPool) -> Self {
        Self { pool: pool.clone(), made: Mutex::default() }
    }

    /// Makes the partitions that readings of these times go to. Without them the readings go to the rest, and move
    /// when the partition is made after all: no reason to refuse them.
    pub(super) async fn make_for(&self, times: &[Moment]) {
        let weeks: BTreeSet<i64> = times.iter().map(|Moment(at)| week_of(*at)).collect();
        let unknown = weeks.difference(&self.made()).copied().collect::<Vec<_>>();
        if let Err(error) = self.make(&unknown).await {
            warn!(reason = %error, "a week of readings has no partition yet");
        }
    }

    /// Makes partitions ahead, and drops those that are too old.
    pub(super) async fn keep(
        &self,
        now: Timestamp,
        retention: &Retention,
    ) -> Result<WeeksDropped, sqlx::Error> {
        let this_week = week_of(now);
        let ahead: Vec<i64> = (0..=WEEKS_AHEAD).map(|n| this_week + n * WEEK_US).collect();
        self.make(&ahead).await?;
        let before = |days: u32| now.plus_seconds(-f64::from(days) * DAY_S);
        let readings_before = before(retention.readings_days_max);
        let spectra_before = before(retention.spectra_days_max).max(readings_before);
        // Spectra go first: a reading whose spectrum stays has to stay, too.
        let spectra = self.drop_weeks(DROP_WEEK_OF_SPECTRA, spectra_before).await?;
        let rest_of_spectra = self.delete_rest(DELETE_REST_OF_SPECTRA, spectra_before).await?;
        let readings = self.drop_weeks(DROP_WEEK_OF_READINGS, readings_before).await?;
        let rest_of_readings = self.delete_rest(DELETE_REST_OF_READINGS, readings_before).await?;
        Ok(WeeksDropped { readings, spectra, rest: rest_of_spectra + rest_of_readings })
    }

    async fn make(&self, weeks: &[i64]) -> Result<(), sqlx::Error> {
        if weeks.is_empty() {
            return Ok(());
        }
        let moments: Vec<_> =
            weeks.iter().map(|week| Moment(Timestamp::from_micros(*week))).collect();
        let make = async |parent: &str| {
            let make = || {
                let values = sqlx::query_scalar::<_, Moment>(MAKE_WEEKS).bind(parent);
                let values = values.bind(&moments).bind(WEEKS_BACK_MAX).bind(WEEKS_AHEAD_MAX);
                values.fetch_all(&self.pool)
            };
            retrying(&self.pool, make).await
        };
        make("spectra").await?;
        let made = make("readings").await?;
        let mut known = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(made.iter().map(|Moment(week)| week.as_micros()));
        Ok(())
    }

    fn made(&self) -> BTreeSet<i64> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn drop_weeks(&self, sql: &'static str, before: Timestamp) -> Result<u64, sqlx::Error> {
        let mut dropped = 0;
        let step = || sqlx::query_scalar(sql).bind(Moment(before)).fetch_one(&self.pool);
        while retrying(&self.pool, step).await? {
            dropped += 1;
        }
        Ok(dropped)
    }

    async fn delete_rest(&self, sql: &'static str, before: Timestamp) -> Result<u64, sqlx::Error> {
        let mut deleted = 0;
        let step = || {
            let values = sqlx::query_scalar(sql).bind(Moment(before)).bind(ROWS_PER_STEP);
            values.fetch_one(&self.pool)
        };
        loop {
            let rows = natural(retrying(&self.pool, step).await?);
            deleted += rows;
            if rows == 0 {
                return Ok(deleted);
            }
        }
    }
}

/// The first moment of the week, in microseconds. Weeks begin on Mondays in UTC.
fn week_of(at: Timestamp) -> i64 {
    let since = at.as_micros() - FIRST_MONDAY_US;
    since.div_euclid(WEEK_US) * WEEK_US + FIRST_MONDAY_US
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_monday_in_utc() {
        for (at, week) in [
            ("2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z"),
            ("2026-01-04T23:59:59.999999Z", "2025-12-29T00:00:00Z"),
            ("1969-12-31T00:00:00Z", "1969-12-29T00:00:00Z"),
        ] {
            let at = week_of(at.parse().unwrap());
            assert_eq!(Timestamp::from_micros(at), week.parse().unwrap());
        }
    }
}
