//! Reads the readings of a motor.

use std::collections::BTreeMap;

use ports::clock::Timestamp;
use ports::readings::{
    Axis, Reading, SPECTRA_MAX, SpectraQuery, Spectrum, TrendPoint, TrendQuery, packed,
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::error::{Corrupt, Fault};

const LATEST: &str = include_str!("../../sql/samples/latest.sql");
const NEWEST_SPECTRUM: &str = include_str!("../../sql/samples/newest_spectrum.sql");
const SPECTRA: &str = include_str!("../../sql/samples/spectra.sql");
const TREND: &str = include_str!("../../sql/samples/trend.sql");

/// How many points one trend may have, whatever is asked for.
const TREND_POINTS_MAX: usize = 100_000;

pub(super) fn trend(connection: &Connection, query: &TrendQuery) -> Result<Vec<TrendPoint>, Fault> {
    let mut statement = connection.prepare_cached(TREND)?;
    let mut newest_first = statement.query(params![
        query.motor_id.as_bytes(),
        query.sensor,
        query.axis.map(Axis::name),
        query.from.map_or(i64::MIN, Timestamp::as_micros),
        query.to.map_or(i64::MAX, Timestamp::as_micros),
    ])?;
    let points_max = query.points_max.min(TREND_POINTS_MAX);
    let mut points = Vec::new();
    while points.len() < points_max
        && let Some(row) = newest_first.next()?
    {
        points.extend(point(row, &query.feature)?);
    }
    points.reverse();
    Ok(points)
}

/// The point of a row of `trend.sql`, if its reading has the feature.
fn point(row: &Row<'_>, feature: &str) -> Result<Option<TrendPoint>, Fault> {
    let at = Timestamp::from_micros(row.get(0)?);
    let features = features(row.get_ref(3)?.as_str()?).map_err(|reason| corrupt(at, reason))?;
    let Some(value) = features.get(feature) else { return Ok(None) };
    let axis = row.get_ref(2)?.as_str()?.parse()?;
    Ok(Some(TrendPoint { at, sensor: row.get(1)?, axis, value: *value }))
}

pub(super) fn latest(connection: &Connection, motor_id: Uuid) -> Result<Vec<Reading>, Fault> {
    let mut statement = connection.prepare_cached(LATEST)?;
    let mut rows = statement.query([motor_id.as_bytes()])?;
    let mut readings = Vec::new();
    while let Some(row) = rows.next()? {
        readings.push(reading(row, motor_id)?);
    }
    readings.sort_by(|one, other| (&one.sensor, one.axis).cmp(&(&other.sensor, other.axis)));
    Ok(readings)
}

pub(super) fn newest_spectrum(
    connection: &Connection,
    motor_id: Uuid,
    sensor: Option<&str>,
    axis: Option<Axis>,
) -> Result<Option<Reading>, Fault> {
    let mut statement = connection.prepare_cached(NEWEST_SPECTRUM)?;
    let wanted = params![motor_id.as_bytes(), sensor, axis.map(Axis::name)];
    let found = statement.query_row(wanted, |row| Ok(reading_with_spectrum(row, motor_id)));
    found.optional()?.transpose()
}

pub(super) fn spectra(
    connection: &Connection,
    query: &SpectraQuery,
) -> Result<Vec<Reading>, Fault> {
    let mut statement = connection.prepare_cached(SPECTRA)?;
    let mut newest_first = statement.query(params![
        query.motor_id.as_bytes(),
        query.sensor,
        query.axis.name(),
        query.from.map_or(i64::MIN, Timestamp::as_micros),
        query.to.map_or(i64::MAX, Timestamp::as_micros),
        query.spectra_max.min(SPECTRA_MAX) as i64,
    ])?;
    let mut readings = Vec::new();
    while let Some(row) = newest_first.next()? {
        readings.push(reading_with_spectrum(row, query.motor_id)?);
    }
    readings.reverse();
    Ok(readings)
}

fn reading_with_spectrum(row: &Row<'_>, motor_id: Uuid) -> Result<Reading, Fault> {
    let reading = reading(row, motor_id)?;
    let spectrum = spectrum(row).map_err(|reason| corrupt(reading.at, reason))?;
    Ok(Reading { spectrum: Some(spectrum), ..reading })
}

/// The reading of a row that begins with sensor, axis, time, features and quality.
fn reading(row: &Row<'_>, motor_id: Uuid) -> Result<Reading, Fault> {
    let at = Timestamp::from_micros(row.get(2)?);
    let columns = || {
        Ok(Reading {
            motor_id,
            sensor: row.get(0)?,
            axis: row.get_ref(1)?.as_str()?.parse()?,
            at,
            features: features(row.get_ref(3)?.as_str()?)?,
            quality: serde_json::from_str(row.get_ref(4)?.as_str()?)?,
            spectrum: None,
        })
    };
    columns().map_err(|reason| corrupt(at, reason))
}

fn spectrum(row: &Row<'_>) -> Result<Spectrum, Fault> {
    Ok(Spectrum {
        resolution_hz: row.get(5)?,
        unit: row.get(6)?,
        speed_rpm: row.get(7)?,
        amplitudes: packed::from_bytes(row.get_ref(8)?.as_blob()?)?,
    })
}

fn features(text: &str) -> Result<BTreeMap<String, f64>, Fault> {
    Ok(serde_json::from_str(text)?)
}

fn corrupt(at: Timestamp, reason: Fault) -> Fault {
    Corrupt { what: format!("the reading of {at}"), reason }.into()
}
