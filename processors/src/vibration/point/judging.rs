//! What a judgement changes for the motor, and the zone that it is told.

use domain::motor::{self, ReportCondition};
use domain::time::Timestamp;
use domain::vibration::{Assessment, Condition, Verdict, Zone};

use super::{Desk, PointState};

/// A judgement, and under which circumstances it was measured.
pub(super) struct Judgement {
    pub(super) at: Timestamp,
    pub(super) assessment: Assessment,
    pub(super) speed_rpm: Option<f64>,
    /// None for single values.
    pub(super) sample_rate_hz: Option<f64>,
}

impl PointState {
    /// Tells the motor what has changed. What is not later than the last judgement changes nothing.
    pub(super) fn judge(&mut self, judgement: &Judgement, desk: &mut Desk<'_>) {
        let Judgement { at, assessment, .. } = judgement;
        if self.judged_at.is_some_and(|last| *at <= last) {
            return;
        }
        self.judged_at = Some(*at);
        self.report(*at, assessment, desk);
        if let Assessment::Condition(condition) = assessment {
            self.compare(judgement, condition, desk);
        }
    }

    fn report(&mut self, at: Timestamp, assessment: &Assessment, desk: &mut Desk<'_>) {
        let (told, settings) = (self.told.map(verdict), &desk.settings.zone);
        let Some(verdict) = self.hold.step(at, told, assessment, settings) else { return };
        let now = of_verdict(verdict);
        if self.told != Some(now) {
            self.told = Some(now);
            desk.telling.report(self.report_of(at, now, assessment));
        }
    }

    fn report_of(
        &self,
        at: Timestamp,
        told: motor::Assessment,
        judged: &Assessment,
    ) -> ReportCondition {
        let report = ReportCondition {
            point: self.point.clone(),
            assessment: told,
            velocity_rms_mm_s: None,
            reason: None,
            standard: None,
            at,
        };
        match judged {
            Assessment::Condition(condition) => ReportCondition {
                velocity_rms_mm_s: Some(condition.velocity_rms_mm_s),
                standard: Some(standard(condition)),
                ..report
            },
            Assessment::NotAssessable { reason, .. } => {
                ReportCondition { reason: Some(reason.code().to_owned()), ..report }
            }
        }
    }
}

fn standard(condition: &Condition) -> String {
    let name = serde_json::to_value(condition.boundaries.edition);
    let name = name.ok().and_then(|name| name.as_str().map(str::to_owned));
    name.expect("an edition is written as its name")
}

fn verdict(told: motor::Assessment) -> Verdict {
    match told {
        motor::Assessment::NotAssessable => Verdict::NotAssessable,
        motor::Assessment::A => Verdict::Zone(Zone::A),
        motor::Assessment::B => Verdict::Zone(Zone::B),
        motor::Assessment::C => Verdict::Zone(Zone::C),
        motor::Assessment::D => Verdict::Zone(Zone::D),
    }
}

fn of_verdict(verdict: Verdict) -> motor::Assessment {
    match verdict {
        Verdict::NotAssessable => motor::Assessment::NotAssessable,
        Verdict::Zone(zone) => zone.into(),
    }
}
