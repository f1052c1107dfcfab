//! The squared envelope and the waveform of a measuring point, as the vibration processor has them in hand.

use axum::extract::{Path, State};
use axum::http::Uri;
use domain::motor::MeasuringPoint;
use domain::vibration::diagnosis::RecordEnvelope;
use domain::vibration::{Watch, Waveform};
use ports::problem::Problem;
use serde::Deserialize;
use uuid::Uuid;

use super::Context;
use super::answer::Answer;
use super::params::Params;
use super::problem::Failure;
use super::vibration::{SPECTRUM_PARAMS, SpectrumLines, axis, frequencies, known_motor};

/// Of a squared acceleration.
pub(super) const UNIT: &str = "(m/s2)2";

/// What is read of the processor's state: only what the domain has a word for.
#[derive(Default, Deserialize)]
struct Kept {
    points: Vec<KeptPoint>,
}

#[derive(Deserialize)]
struct KeptPoint {
    point: MeasuringPoint,
    #[serde(default)]
    watch: Watch,
    #[serde(default)]
    waveform: Option<Waveform>,
}

pub(super) async fn envelope(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Answer, Failure> {
    let params = Params::of(&uri, &SPECTRUM_PARAMS)?;
    let known = known_motor(&shared, &key, &params).await?;
    let newest = newest_envelope(&shared, known.motor.motor_id, &params).await?;
    let (envelope, point) = newest.ok_or_else(|| {
        let detail = "no envelope was measured there yet; it needs samples of acceleration, the speed, and a bearing \
                      of which the geometry is known";
        Problem::new(404, "no_data", "There is no data", detail)
    })?;
    let lines = lines(envelope, point);
    Ok(Answer::json(&lines).tagged_by_content().at(known.position))
}

/// The newest envelope of the measuring points that are asked for.
pub(super) async fn newest_envelope(
    shared: &Context,
    motor_id: Uuid,
    params: &Params,
) -> Result<Option<(RecordEnvelope, MeasuringPoint)>, Failure> {
    let wanted = wanted(shared, motor_id, params).await?.into_iter();
    let measured = wanted.filter_map(|kept| Some((kept.watch.envelope()?, kept.point)));
    Ok(measured.max_by_key(|(envelope, _)| envelope.at))
}

/// The newest waveform of the measuring points that are asked for.
pub(super) async fn newest_waveform(
    shared: &Context,
    motor_id: Uuid,
    params: &Params,
) -> Result<Option<(Waveform, MeasuringPoint)>, Failure> {
    let wanted = wanted(shared, motor_id, params).await?.into_iter();
    let measured = wanted.filter_map(|kept| Some((kept.waveform?, kept.point)));
    Ok(measured.max_by_key(|(waveform, _)| waveform.started_at))
}

async fn wanted(
    shared: &Context,
    motor_id: Uuid,
    params: &Params,
) -> Result<Vec<KeptPoint>, Failure> {
    let (sensor, axis) = (params.text("sensor"), axis(params)?);
    let mut points = kept(shared, motor_id).await?.points;
    points.retain(|kept| {
        sensor.is_none_or(|sensor| kept.point.sensor == sensor)
            && axis.is_none_or(|axis| kept.point.axis == axis)
    });
    Ok(points)
}

async fn kept(shared: &Context, motor_id: Uuid) -> Result<Kept, Failure> {
    let states = shared.queries.readings.states(&[motor_id]).await?;
    let unreadable =
        |_| Problem::unavailable("the state was stored in another form; it comes with new samples");
    let Some(state) = states.get(&motor_id) else { return Ok(Kept::default()) };
    Ok(serde_json::from_str(state).map_err(unreadable)?)
}

fn lines(envelope: RecordEnvelope, point: MeasuringPoint) -> SpectrumLines {
    let RecordEnvelope { at, resolution_hz, amplitudes, shaft_hz, .. } = envelope;
    SpectrumLines {
        sensor: point.sensor,
        axis: point.axis,
        at,
        frequency_hz: frequencies(amplitudes.len(), resolution_hz),
        amplitude: amplitudes,
        unit: UNIT.to_owned(),
        speed_rpm: Some(shaft_hz * 60.0),
        third_octaves: Vec::new(),
    }
}
