//! How much a measuring point vibrates when all is well: learned, told, and held to.

use domain::motor::{LearnBaseline, ReportDeparture};
use domain::time::Timestamp;
use domain::vibration::severity::{alarm_ceiling, change_limit};
use domain::vibration::{
    Baselines, Condition, Departure, DepartureInput, DepartureState, Limits, Regime,
};
use serde::{Deserialize, Serialize};

use super::alarming::Latest;
use super::judging::Judgement;
use super::{Desk, PointState};

/// Where the speed is not known, a machine below this share of A/B is taken to stand still.
const STANDSTILL_SHARE: f64 = 0.05;

/// The baselines of a measuring point, and whether it departs from them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Learning {
    baselines: Baselines,
    /// Somebody said that the machine is well as it is now: until a baseline is known, not even an alarm keeps it
    /// from being learned.
    is_told_well: bool,
    departure: DepartureState,
    told: Option<Departure>,
}

/// A value that says something about the machine as it usually runs.
struct Steady<'a> {
    at: Timestamp,
    regime: Regime,
    condition: &'a Condition,
    limits: Limits,
}

impl PointState {
    /// Holds a condition to its limits. What it teaches counts from the next one on.
    pub(super) fn compare(
        &mut self,
        judgement: &Judgement,
        condition: &Condition,
        desk: &mut Desk<'_>,
    ) {
        let Judgement { at, speed_rpm, sample_rate_hz, .. } = *judgement;
        let rated_rpm = desk.watched.machine.rated_speed_rpm;
        let speed_ratio = speed_rpm.zip(rated_rpm).map(|(speed, rated)| speed / rated);
        let regime = Regime::of(speed_ratio, sample_rate_hz);
        let baseline_mm_s = self.learning.baselines.get(regime).map(|it| it.velocity_rms_mm_s);
        let limits = Limits::of(&condition.boundaries, baseline_mm_s);
        let latest = Latest { velocity_rms_mm_s: condition.velocity_rms_mm_s, limits };
        self.step_alarm(at, latest, condition, speed_ratio, desk);
        let is_running = match speed_ratio {
            Some(ratio) => ratio >= desk.settings.alarm.run_up_speed_ratio,
            None => condition.velocity_rms_mm_s >= STANDSTILL_SHARE * condition.boundaries.ab,
        };
        if is_running && !condition.quality.is_bad() {
            let steady = Steady { at, regime, condition, limits };
            self.step_departure(&steady, desk);
            self.learn(&steady, desk);
        }
    }

    fn step_departure(&mut self, steady: &Steady<'_>, desk: &mut Desk<'_>) {
        let Steady { at, condition, limits, .. } = *steady;
        let Some(baseline_mm_s) = limits.baseline_mm_s else { return };
        let (velocity_rms_mm_s, boundaries) = (condition.velocity_rms_mm_s, &condition.boundaries);
        let input = DepartureInput { at, velocity_rms_mm_s, baseline_mm_s };
        let learning = &mut self.learning;
        learning.departure.step(input, boundaries, &desk.settings.alarm);
        let departure = learning.departure.departure();
        if departure != learning.told {
            learning.told = departure;
            desk.telling.depart(ReportDeparture {
                point: self.point.clone(),
                departure,
                velocity_rms_mm_s,
                baseline_mm_s,
                limit_mm_s: change_limit(boundaries),
                at,
            });
        }
    }

    /// An alarm freezes what is known, and a value above the limit teaches nothing.
    fn learn(&mut self, steady: &Steady<'_>, desk: &mut Desk<'_>) {
        let Steady { at, regime, condition, limits } = *steady;
        let velocity_rms_mm_s = condition.velocity_rms_mm_s;
        let is_well = if self.learning.is_told_well {
            velocity_rms_mm_s <= alarm_ceiling(&condition.boundaries)
        } else {
            self.alarm.level().is_none() && velocity_rms_mm_s <= limits.alarm_mm_s
        };
        if !is_well {
            return;
        }
        let (baselines, settings) = (&mut self.learning.baselines, &desk.settings.baseline);
        let Some(baseline) = baselines.learn(at, regime, velocity_rms_mm_s, settings) else {
            return;
        };
        self.learning.is_told_well = false;
        let limits = Limits::of(&condition.boundaries, Some(baseline.velocity_rms_mm_s));
        let (point, alarm_limit_mm_s) = (self.point.clone(), limits.alarm_mm_s);
        desk.telling.learn(LearnBaseline { point, regime, baseline, alarm_limit_mm_s, at });
    }

    /// Somebody said that what was learned no longer holds.
    pub(in crate::vibration) fn reset_baselines(&mut self, at: Timestamp, desk: &mut Desk<'_>) {
        let known = std::mem::take(&mut self.learning);
        self.learning.is_told_well = true;
        if known.told.is_none() {
            return;
        }
        desk.telling.depart(ReportDeparture {
            point: self.point.clone(),
            departure: None,
            velocity_rms_mm_s: self.latest.map_or(0.0, |latest| latest.velocity_rms_mm_s),
            baseline_mm_s: 0.0,
            limit_mm_s: 0.0,
            at,
        });
    }
}
