//! A row of readings, and what it says.

use ports::readings::{Reading, Spectrum, TrendPoint, packed};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::error::{Corrupt, Fault};
use crate::moment::Moment;

/// The point of a row of `trend.sql`.
pub(super) fn point(row: &PgRow) -> Result<TrendPoint, Fault> {
    let Moment(at) = row.try_get("at")?;
    let axis = row.try_get::<&str, _>("axis")?.parse()?;
    Ok(TrendPoint { at, sensor: row.try_get("sensor")?, axis, value: row.try_get("value")? })
}

/// The reading of a row of `latest.sql`.
pub(super) fn reading(row: &PgRow, motor_id: Uuid) -> Result<Reading, Fault> {
    let Moment(at) = row.try_get("at")?;
    let columns = || {
        let names: Vec<String> = row.try_get("names")?;
        let values: Vec<f64> = row.try_get("feature_values")?;
        Ok(Reading {
            motor_id,
            sensor: row.try_get("sensor")?,
            axis: row.try_get::<&str, _>("axis")?.parse()?,
            at,
            features: names.into_iter().zip(values).collect(),
            quality: serde_json::from_str(row.try_get("quality")?)?,
            spectrum: None,
        })
    };
    let corrupt = |reason: Fault| Corrupt { what: format!("the reading of {at}"), reason };
    Ok(columns().map_err(corrupt)?)
}

/// The reading of a row of `newest_spectrum.sql` or `spectra.sql`.
pub(super) fn reading_with_spectrum(row: &PgRow, motor_id: Uuid) -> Result<Reading, Fault> {
    let reading = reading(row, motor_id)?;
    let spectrum = Spectrum {
        resolution_hz: row.try_get("resolution_hz")?,
        unit: row.try_get("unit")?,
        amplitudes: packed::from_bytes(row.try_get("amplitudes")?)?,
        speed_rpm: row.try_get("speed_rpm")?,
    };
    Ok(Reading { spectrum: Some(spectrum), ..reading })
}
