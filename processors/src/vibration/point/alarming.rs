//! The alarm of a measuring point, as its motor is told of it.

use domain::motor::{AlarmLevel, RaiseAlarm};
use domain::time::Timestamp;
use domain::vibration::{AlarmInput, AlarmTransition, Condition, Level, Limits};
use serde::{Deserialize, Serialize};

use super::{Desk, PointState};

/// The velocity that was judged last, and the limits that it was held to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Latest {
    pub(super) velocity_rms_mm_s: f64,
    pub(super) limits: Limits,
}

impl PointState {
    pub(super) fn step_alarm(
        &mut self,
        at: Timestamp,
        latest: Latest,
        condition: &Condition,
        speed_ratio: Option<f64>,
        desk: &mut Desk<'_>,
    ) {
        let Latest { velocity_rms_mm_s, limits } = latest;
        self.latest = Some(latest);
        let bad = condition.quality.is_bad();
        let input = AlarmInput::Value { at, velocity_rms_mm_s, limits, bad, speed_ratio };
        let transitions = self.alarm.step(input, &desk.settings.alarm);
        self.tell_alarm(at, &transitions, desk);
    }

    /// Someone has seen the motor's alarm.
    pub(in crate::vibration) fn acknowledge(&mut self, at: Timestamp, desk: &mut Desk<'_>) {
        let transitions = self.alarm.step(AlarmInput::Acknowledged { at }, &desk.settings.alarm);
        // A clearance may have been refused, when another point's alarm had come between: the motor still has the
        // alarm that is over here. From what the motor knows, the difference shows.
        if self.told_alarm.is_none() {
            self.told_alarm = desk.watched.alarms.get(&self.point).copied();
        }
        self.tell_alarm(at, &transitions, desk);
    }

    /// The motor knows one level per measuring point: it is told when that is another one.
    fn tell_alarm(&mut self, at: Timestamp, transitions: &[AlarmTransition], desk: &mut Desk<'_>) {
        let level = self.alarm.level();
        let now = level.map(alarm_level);
        if now == self.told_alarm {
            return;
        }
        match level {
            Some(level) => match self.alarm_of(level, at, transitions) {
                Some(alarm) => desk.telling.raise(alarm, at),
                None => return,
            },
            // The motor refuses it until the trip was seen; then this is tried anew.
            None if self.told_alarm == Some(AlarmLevel::Trip) && !desk.watched.acknowledged => {
                return;
            }
            None => desk.telling.clear(&self.point, at),
        }
        self.told_alarm = now;
    }

    /// The alarm as it was just raised; or, when a graver one is over and this one is left, as it stands. None when
    /// nothing was judged since a release that kept less.
    fn alarm_of(
        &self,
        wanted: Level,
        at: Timestamp,
        transitions: &[AlarmTransition],
    ) -> Option<RaiseAlarm> {
        let (point, level) = (self.point.clone(), alarm_level(wanted));
        let baseline_mm_s = self.latest.and_then(|latest| latest.limits.baseline_mm_s);
        let raised = transitions.iter().find_map(|transition| match *transition {
            AlarmTransition::Raised {
                level, since, velocity_rms_mm_s, limit_mm_s, rule, ..
            } if level == wanted => Some((since, velocity_rms_mm_s, limit_mm_s, rule)),
            _ => None,
        });
        let left = || {
            let Latest { velocity_rms_mm_s, limits } = self.latest?;
            Some((at, velocity_rms_mm_s, limits.at(wanted), limits.rule(wanted)))
        };
        let (at, velocity_rms_mm_s, limit_mm_s, rule) = raised.or_else(left)?;
        let rule = Some(rule);
        Some(RaiseAlarm { point, level, velocity_rms_mm_s, limit_mm_s, rule, baseline_mm_s, at })
    }
}

fn alarm_level(level: Level) -> AlarmLevel {
    match level {
        Level::Alarm => AlarmLevel::Alarm,
        Level::Trip => AlarmLevel::Trip,
    }
}
