//! Where the trends of a motor's measuring points go, and whether they have left their baselines.

use domain::motor::MeasuringPoint;
use domain::time::Timestamp;
use domain::vibration::{Cusum, Ewma, Level, Limits, NoEstimate, Slope, TimeToLimit, charts};
use ports::readings::TrendPoint;
use schemars::JsonSchema;
use serde::Serialize;

use crate::condition::{Sensor, StandingBaseline};
use crate::motors::MotorDocument;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// What the values of one measuring point say together.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrendAnalysis")]
pub(crate) struct Analysis {
    #[serde(flatten)]
    point: MeasuringPoint,
    /// Absent when there are too few values.
    #[serde(skip_serializing_if = "Option::is_none")]
    growth: Option<Growth>,
    /// When the limits will be met; of velocities only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    limits: Vec<Ahead>,
    /// Of velocities since the baseline is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    ewma: Option<Ewma>,
    /// Of velocities since the baseline is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    cusum: Option<Cusum>,
}

/// How fast it grows, with its 95 % interval.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrendGrowth")]
struct Growth {
    percent_per_day: f64,
    percent_per_day_min: f64,
    percent_per_day_max: f64,
    /// Whether the interval leaves out zero.
    is_significant: bool,
}

/// One limit and when it will be met, if the trend goes on as it is.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TrendLimit")]
struct Ahead {
    level: Level,
    limit_mm_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_time_to_limit: Option<TimeToLimit>,
    /// Why there is no estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_estimate: Option<NoEstimate>,
}

/// The analysis of each measuring point that has values. `is_velocity`: they are velocities in mm/s RMS.
pub(super) fn analyses(
    motor: &MotorDocument,
    points: &[TrendPoint],
    is_velocity: bool,
) -> Vec<Analysis> {
    let mut measured: Vec<MeasuringPoint> = points.iter().map(point_of).collect();
    measured.sort();
    measured.dedup();
    let analysis = |point: MeasuringPoint| {
        let here = points.iter().filter(|it| point_of(it) == point);
        let values: Vec<_> = here.map(|it| (it.at, it.value)).collect();
        let slope = Slope::of(&values);
        let growth = slope.as_ref().map(growth);
        let analysis = Analysis { point, growth, limits: vec![], ewma: None, cusum: None };
        if is_velocity { of_velocity(analysis, motor, slope.as_ref(), &values) } else { analysis }
    };
    measured.into_iter().map(analysis).collect()
}

fn of_velocity(
    analysis: Analysis,
    motor: &MotorDocument,
    slope: Option<&Slope>,
    values: &[(Timestamp, f64)],
) -> Analysis {
    let baseline = motor.sensors.find(&analysis.point).and_then(|sensor| sensor.baseline);
    let charts = baseline.and_then(|StandingBaseline { baseline, since }| {
        let known = values.iter().filter(|(at, _)| *at >= since).map(|(_, value)| *value);
        charts(known, &baseline)
    });
    let (ewma, cusum) = charts.unzip();
    let limits = limits_at(motor, &analysis.point);
    let ahead = |level| {
        let found =
            slope.ok_or(NoEstimate::TooFewValues).and_then(|it| it.time_to(limits.at(level)));
        Ahead {
            level,
            limit_mm_s: limits.at(level),
            estimated_time_to_limit: found.ok(),
            no_estimate: found.err(),
        }
    };
    Analysis { limits: [Level::Alarm, Level::Trip].map(ahead).into(), ewma, cusum, ..analysis }
}

/// The limits of a measuring point, as far as its motor has told them.
pub(super) fn limits_at(motor: &MotorDocument, point: &MeasuringPoint) -> Limits {
    let limits = Limits::of(&motor.nameplate.boundaries_of(point.axis), None);
    let told = motor.sensors.find(point).and_then(|sensor: &Sensor| sensor.alarm_limit_mm_s);
    Limits { alarm_mm_s: told.unwrap_or(limits.alarm_mm_s), ..limits }
}

fn growth(slope: &Slope) -> Growth {
    let percent = |np_s: f64| 100.0 * (np_s * SECONDS_PER_DAY).exp_m1();
    Growth {
        percent_per_day: percent(slope.np_s),
        percent_per_day_min: percent(slope.np_s_min),
        percent_per_day_max: percent(slope.np_s_max),
        is_significant: slope.is_significant(),
    }
}

fn point_of(point: &TrendPoint) -> MeasuringPoint {
    MeasuringPoint { sensor: point.sensor.clone(), axis: point.axis }
}
