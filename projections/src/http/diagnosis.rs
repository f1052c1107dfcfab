//! What is wrong with a motor, why it is believed, and what could not be looked for.

use axum::extract::{Path, State};
use axum::http::Uri;
use domain::motor::Nameplate;
use domain::vibration::diagnosis::Gap;
use domain::vibration::{Axis, Flag};
use ports::readings::Reading;
use ports::stream::StreamName;
use schemars::JsonSchema;
use serde::Serialize;

use super::Context;
use super::answer::Answer;
use super::params::Params;
use super::problem::Failure;
use super::vibration::known_motor;
use crate::diagnosis::{Diagnoses, DiagnosisDocument, StandingFinding};
use crate::kind::collection;

/// A feature that every window of samples has, and no single value.
const OF_SAMPLES: &str = "kurtosis";
/// One that only samples of acceleration have.
const OF_ACCELERATION: &str = "acceleration_wideband_rms_m_s2";
/// The speed of the shaft, where it is known.
const OF_SPEED: &str = "speed_rpm";

#[derive(Serialize, JsonSchema)]
pub(crate) struct MotorDiagnosis {
    findings: Vec<StandingFinding>,
    /// What could not be looked for in the newest readings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_assessable: Vec<Unlooked>,
}

/// A measuring point without a verdict, or without a part of it.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Unlooked {
    sensor: String,
    axis: Axis,
    reason: Gap,
}

pub(super) async fn diagnosis(
    State(shared): State<Context>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Answer, Failure> {
    let params = Params::of(&uri, &[])?;
    let known = known_motor(&shared, &key, &params).await?;
    let id = known.motor.motor_id;
    let read_side = &shared.queries.read_side;
    let min_position = params.min_position()?;
    let view = read_side.at(collection::<Diagnoses>(0), min_position).await?;
    let stream = StreamName::new("motor", id);
    let found = read_side.document(&view, &stream, &id.to_string(), min_position).await?;
    let body = found.and_then(|document| document.body);
    let standing = body.and_then(|body| serde_json::from_value::<DiagnosisDocument>(body).ok());
    let latest = shared.queries.readings.latest(id).await?;
    let unlooked = latest.into_iter().flat_map(|reading| {
        let gaps = gaps(&reading, &known.motor.nameplate);
        let Reading { sensor, axis, .. } = reading;
        gaps.into_iter().map(move |reason| Unlooked { sensor: sensor.clone(), axis, reason })
    });
    let not_assessable = unlooked.collect();
    let findings = standing.unwrap_or_default().findings;
    Ok(Answer::json(&MotorDiagnosis { findings, not_assessable }).at(view.position))
}

/// What a reading keeps from being looked for: all of it, or only what concerns bearings.
fn gaps(reading: &Reading, nameplate: &Nameplate) -> Vec<Gap> {
    let has = |feature: &str| reading.features.contains_key(feature);
    let is_flagged = |name: &str| reading.quality.iter().any(|flag| flag == name);
    let is = |flag: Flag| is_flagged(flag.name());
    if !has(OF_SAMPLES) {
        let is_unfit = !reading.quality.is_empty();
        return vec![match (is_flagged(Gap::TooShort.code()), is_unfit) {
            (true, _) => Gap::TooShort,
            (false, true) => Gap::SamplesUnfit,
            (false, false) => Gap::SamplesNeeded,
        }];
    }
    if [Flag::Clipped, Flag::FlatLine, Flag::NonFinite].into_iter().any(is) {
        return vec![Gap::SamplesUnfit];
    }
    if !has(OF_SPEED) {
        return vec![Gap::SpeedUnknown];
    }
    if is(Flag::SpeedDrift) {
        return vec![Gap::SpeedDrift];
    }
    let mut gaps = vec![];
    if nameplate.bearings.iter().all(|bearing| bearing.fault_orders().is_none()) {
        gaps.push(Gap::BearingUnknown);
    } else if !has(OF_ACCELERATION) {
        gaps.push(Gap::AccelerationNeeded);
    }
    gaps
}
