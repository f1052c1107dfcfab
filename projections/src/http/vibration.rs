//! Trends and spectra of a motor as numbers.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::http::header::CACHE_CONTROL;
use domain::time::Timestamp;
use domain::vibration::{Axis, ThirdOctave, Unit, third_octaves};
use ports::problem::Problem;
use ports::readings::{Reading, Spectrum, TrendPoint, TrendQuery};
use ports::stream::{GlobalPosition, StreamName};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::Context;
use super::analysis::{Analysis, analyses};
use super::answer::{Answer, REVALIDATE};
use super::params::{Params, id, refused_one};
use super::problem::Failure;
use super::readings::VELOCITY;
use crate::kind::collection;
use crate::motors::{MotorDocument, Motors};
use crate::vibration_trend::{Mark, TrendMarks, VibrationTrend};

pub(super) const TREND_POINTS_MAX: usize = 10_000;
const TREND_POINTS_DEFAULT: usize = 2_000;
pub(super) const TIME: &str = "must be a time such as 2026-01-31T12:00:00Z";
pub(crate) const FEATURE_CHARACTERS_MAX: usize = 64;
pub(super) const TREND_PARAMS: [&str; 5] = ["feature", "from", "to", "sensor", "axis"];
pub(super) const SPECTRUM_PARAMS: [&str; 2] = ["sensor", "axis"];
/// What features end with, and what it means; the longest first.
const UNITS: [(&str, &str); 7] = [
    ("_m_s2", "m/s2"),
    ("_mm_s", "mm/s"),
    ("_rpm", "rpm"),
    ("_um", "µm"),
    ("_hz", "Hz"),
    ("_g", "g"),
    ("_c", "°C"),
];

#[derive(Serialize, JsonSchema)]
pub(crate) struct Trend {
    feature: String,
    /// Empty for what has none.
    unit: &'static str,
    /// Oldest first; the newest of those that match.
    points: Vec<TrendPoint>,
    /// What happened in the same time.
    marks: Vec<Mark>,
    /// What the points say together, by measuring point.
    analysis: Vec<Analysis>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct SpectrumLines {
    pub(super) sensor: String,
    pub(super) axis: Axis,
    pub(super) at: Timestamp,
    pub(super) frequency_hz: Vec<f64>,
    pub(super) amplitude: Vec<f32>,
    pub(super) unit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) speed_rpm: Option<f64>,
    /// Third-octave bands of IEC 61260-1, of a spectrum alone: those that the lines resolve and reach.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) third_octaves: Vec<ThirdOctave>,
}

pub(super) async fn trend(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Answer, Failure> {
    let params = Params::of(&uri, &[&TREND_PARAMS[..], &["limit"]].concat())?;
    let limit = params.limit(TREND_POINTS_DEFAULT, TREND_POINTS_MAX)?;
    let known = known_motor(&shared, &key, &params).await?;
    let query = trend_query(known.motor.motor_id, &params, limit)?;
    let points = shared.queries.readings.trend(&query).await?;
    let mut marks = marks(&shared, known.motor.motor_id).await?;
    marks.retain(|mark| is_within(mark, &query));
    let unit = unit_of(&query.feature);
    let analysis = analyses(&known.motor, &points, query.feature == VELOCITY);
    let trend = Trend { feature: query.feature, unit, points, marks, analysis };
    Ok(Answer::json(&trend).at(known.position).with(CACHE_CONTROL, REVALIDATE))
}

pub(super) async fn spectrum(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Answer, Failure> {
    let params = Params::of(&uri, &SPECTRUM_PARAMS)?;
    let known = known_motor(&shared, &key, &params).await?;
    let newest = newest_spectrum(&shared, known.motor.motor_id, &params).await?;
    let (reading, spectrum) = newest.ok_or_else(|| {
        let detail = "no spectrum was measured there yet";
        Problem::new(404, "no_data", "There is no data", detail)
    })?;
    let unit = spectrum.unit.parse::<Unit>().ok();
    let bands = unit.map(|unit| third_octaves(&spectrum.amplitudes, spectrum.resolution_hz, unit));
    let lines = SpectrumLines {
        sensor: reading.sensor,
        axis: reading.axis,
        at: reading.at,
        frequency_hz: frequencies(spectrum.amplitudes.len(), spectrum.resolution_hz),
        amplitude: spectrum.amplitudes,
        unit: spectrum.unit,
        speed_rpm: spectrum.speed_rpm,
        third_octaves: bands.unwrap_or_default(),
    };
    Ok(Answer::json(&lines).tagged_by_content().at(known.position))
}

/// A motor that there is, and the position at which it was looked up.
pub(super) struct KnownMotor {
    pub(super) motor: MotorDocument,
    pub(super) position: GlobalPosition,
}

pub(super) async fn known_motor(
    shared: &Context,
    key: &str,
    params: &Params,
) -> Result<KnownMotor, Failure> {
    let id = id(key)?;
    let min_position = params.min_position()?;
    let read_side = &shared.queries.read_side;
    let view = read_side.at(collection::<Motors>(0), min_position).await?;
    let stream = StreamName::new("motor", id);
    let found = read_side.document(&view, &stream, &id.to_string(), min_position).await?;
    let body = found.and_then(|document| document.body);
    let body = body.ok_or_else(|| Failure::not_found(format!("there is no motor {id}")))?;
    let outdated =
        |_| Problem::unavailable("the motor was stored in another form; it is being rebuilt");
    Ok(KnownMotor {
        motor: serde_json::from_value(body).map_err(outdated)?,
        position: view.position,
    })
}

pub(super) fn trend_query(
    motor_id: Uuid,
    params: &Params,
    points_max: usize,
) -> Result<TrendQuery, Failure> {
    let feature = params.text("feature").unwrap_or(VELOCITY);
    let is_name = feature.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_name || feature.len() > FEATURE_CHARACTERS_MAX {
        return Err(refused_one(
            "feature",
            "must be the name of a feature, such as velocity_rms_mm_s",
        ));
    }
    Ok(TrendQuery {
        motor_id,
        feature: feature.to_owned(),
        sensor: params.text("sensor").map(str::to_owned),
        axis: axis(params)?,
        from: params.parsed("from", TIME)?,
        to: params.parsed("to", TIME)?,
        points_max,
    })
}

pub(super) fn axis(params: &Params) -> Result<Option<Axis>, Failure> {
    let names = Axis::ALL.map(Axis::name).join(", ");
    params.parsed("axis", &format!("must be one of {names}"))
}

/// What happened to the vibration of a motor; nothing, when that cannot be told.
pub(super) async fn marks(shared: &Context, motor_id: Uuid) -> Result<Vec<Mark>, Failure> {
    let read_side = &shared.queries.read_side;
    let view = read_side.at(collection::<VibrationTrend>(0), None).await?;
    let found = read_side.models().get(&view.collection, &[motor_id.to_string()]).await?;
    let body = found.into_iter().find_map(|document| document.body);
    let trend = body.and_then(|body| serde_json::from_value::<TrendMarks>(body).ok());
    Ok(trend.unwrap_or_default().marks)
}

fn is_within(mark: &Mark, query: &TrendQuery) -> bool {
    query.from.is_none_or(|from| mark.at >= from)
        && query.to.is_none_or(|to| mark.at < to)
        && query.sensor.as_ref().is_none_or(|sensor| mark.point.sensor == *sensor)
        && query.axis.is_none_or(|axis| mark.point.axis == axis)
}

pub(super) async fn newest_spectrum(
    shared: &Context,
    motor_id: Uuid,
    params: &Params,
) -> Result<Option<(Reading, Spectrum)>, Failure> {
    let (sensor, axis) = (params.text("sensor"), axis(params)?);
    let reading = shared.queries.readings.spectrum(motor_id, sensor, axis).await?;
    Ok(reading.and_then(|mut reading| {
        let spectrum = reading.spectrum.take()?;
        Some((reading, spectrum))
    }))
}

pub(super) fn frequencies(lines: usize, resolution_hz: f64) -> Vec<f64> {
    (0..lines).map(|line| line as f64 * resolution_hz).collect()
}

/// The unit is the end of a feature's name.
pub(super) fn unit_of(feature: &str) -> &'static str {
    UNITS.iter().find(|(suffix, _)| feature.ends_with(suffix)).map_or("", |(_, unit)| unit)
}

/// A feature's name for people: `velocity_rms_mm_s` is `Velocity RMS`.
pub(super) fn quantity_of(feature: &str) -> String {
    let suffix =
        UNITS.iter().find(|(suffix, _)| feature.ends_with(suffix)).map_or("", |unit| unit.0);
    let words = feature.strip_suffix(suffix).unwrap_or(feature).replace('_', " ");
    let words = words.replace("rms", "RMS");
    let mut characters = words.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_features_name_tells_its_unit_and_what_to_call_it() {
        for (feature, unit, quantity) in [
            ("velocity_rms_mm_s", "mm/s", "Velocity RMS"),
            ("acceleration_peak_m_s2", "m/s2", "Acceleration peak"),
            ("displacement_rms_um", "µm", "Displacement RMS"),
            ("kurtosis", "", "Kurtosis"),
            ("_g", "g", ""),
        ] {
            assert_eq!((unit_of(feature), quantity_of(feature).as_str()), (unit, quantity));
        }
    }
}
