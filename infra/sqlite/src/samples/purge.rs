//! Lets go of what is old, a little at a time, so that no write waits long behind it.

use ports::PortError;
use ports::clock::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteSamples;
use super::readings::checkpoint;
use crate::error::Fault;
use crate::numbers::{integer, limit};
use crate::retention::cutoff;

const DELETE_READINGS: &str = include_str!("../../sql/samples/delete_readings.sql");
const DELETE_SAMPLES: &str = include_str!("../../sql/samples/delete_samples.sql");
const DELETE_SPECTRA: &str = include_str!("../../sql/samples/delete_spectra.sql");
const OLDEST_SAMPLES: &str = include_str!("../../sql/samples/oldest_samples.sql");
const SERIES_TO_PURGE: &str = include_str!("../../sql/samples/series_to_purge.sql");
const TOTAL_BYTES: &str = include_str!("../../sql/samples/total_bytes.sql");

const SECONDS_PER_HOUR: f64 = 3_600.0;
const SAMPLES_PER_STEP: usize = 100;
const READINGS_PER_STEP: usize = 500;

impl SqliteSamples {
    /// Removes samples that are too old or too many, and says how many. What the processor has not yet dealt with
    /// stays, however old it is: its checkpoint lies in the same file.
    ///
    /// # Errors
    /// The store does not answer. What was removed before stays removed.
    pub async fn purge_samples(&self) -> Result<u64, PortError> {
        let kept_s = f64::from(self.settings.samples_hours_max) * SECONDS_PER_HOUR;
        let before = self.clock.now().plus_seconds(-kept_s);
        let bytes_max = self.settings.sample_bytes_max;
        let mut removed = 0;
        loop {
            let step = move |connection: &Connection| remove_samples(connection, before, bytes_max);
            let step = self.database.write(step).await;
            let rows = step.map_err(|fault| PortError::new("removing old samples", fault))?;
            removed += rows as u64;
            if rows < SAMPLES_PER_STEP {
                return Ok(removed);
            }
        }
    }

    /// Removes readings that are too old, with their spectra, and says how many. The newest reading of each sensor
    /// and axis stays.
    ///
    /// # Errors
    /// The store does not answer. What was removed before stays removed.
    pub async fn purge_readings(&self) -> Result<u64, PortError> {
        let before = cutoff(self.clock.now(), self.settings.readings_days_max);
        let mut removed = 0;
        loop {
            let step = move |connection: &Connection| remove_readings(connection, before);
            let step = self.database.write(step).await;
            let rows = step.map_err(|fault| PortError::new("removing old readings", fault))?;
            removed += rows as u64;
            if rows == 0 {
                return Ok(removed);
            }
        }
    }
}

/// Samples go from the oldest on; the first one that may stay ends it.
fn remove_samples(
    connection: &Connection,
    before: Timestamp,
    bytes_max: u64,
) -> Result<usize, Fault> {
    // A checkpoint that is no position of ours says nothing about what may go.
    let consumed = checkpoint(connection)?.and_then(|it| it.0.parse().ok()).unwrap_or(0);
    let mut total: u64 = connection.prepare_cached(TOTAL_BYTES)?.query_row([], |row| row.get(0))?;
    let mut statement = connection.prepare_cached(OLDEST_SAMPLES)?;
    let mut rows = statement.query([integer(consumed), limit(SAMPLES_PER_STEP)])?;
    let mut last: Option<u64> = None;
    while let Some(row) = rows.next()? {
        let received_at = Timestamp::from_micros(row.get(1)?);
        if received_at >= before && total <= bytes_max {
            break;
        }
        last = Some(row.get(0)?);
        total = total.saturating_sub(row.get(2)?);
    }
    let Some(last) = last else { return Ok(0) };
    Ok(connection.prepare_cached(DELETE_SAMPLES)?.execute([last])?)
}

fn remove_readings(connection: &Connection, before: Timestamp) -> Result<usize, Fault> {
    let mut statement = connection.prepare_cached(SERIES_TO_PURGE)?;
    let found = statement.query_row([before.as_micros()], |row| {
        let id: [u8; 16] = row.get(0)?;
        let (sensor, axis): (String, String) = (row.get(1)?, row.get(2)?);
        Ok((id, sensor, axis, row.get::<_, i64>(3)?))
    });
    let Some((id, sensor, axis, before)) = found.optional()? else { return Ok(0) };
    connection.prepare_cached(DELETE_SPECTRA)?.execute(params![id, sensor, axis, before])?;
    let mut delete = connection.prepare_cached(DELETE_READINGS)?;
    Ok(delete.execute(params![id, sensor, axis, before, READINGS_PER_STEP])?)
}
