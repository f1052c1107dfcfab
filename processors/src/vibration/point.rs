//! One measuring point of one motor: its segment in hand, its alarm, its presence, and what its motor has been told.

use domain::motor::{
    self, AlarmLevel, MeasuringPoint, RaiseAlarm, ReportCondition, ReportFindings,
};
use domain::time::Timestamp;
use domain::vibration::{
    AlarmInput, AlarmState, AlarmTransition, Assembler, Assessment, Band, Condition, Ended, Level,
    Limits, Measurement, Placement, Presence, PresenceTransition, Quality, Reason, SampleBlock,
    Watch, Window, assess_measurement, examine_window,
};
use fail::fail_point;
use ports::readings::Reading;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fleet::Watched;
use super::tally::Dropped;
use super::telling::Telling;
use super::{Instruments, VibrationSettings, reading, sight};

/// When nothing has come for so long, in seconds, a burst is taken to be over: what it is worth is said then.
const BURST_PAUSE_S: f64 = 5.0;
/// Within so many seconds after a judgement, a scrap that is too short for one says nothing new.
const SCRAP_S_MAX: f64 = 60.0;

/// The state of a measuring point, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct PointState {
    pub(super) point: MeasuringPoint,
    band: Band,
    assembler: Assembler,
    /// A segment is in hand.
    open: bool,
    presence: Presence,
    received_at: Option<Timestamp>,
    alarm: AlarmState,
    judged_at: Option<Timestamp>,
    last: Option<Last>,
    told: Option<motor::Assessment>,
    told_alarm: Option<AlarmLevel>,
    /// Absent in what was stored before there were diagnoses.
    #[serde(default)]
    watch: Watch,
}

/// The last judged velocity and its limits, in mm/s, as bits: text would not promise to give all of them back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Last {
    velocity: u64,
    alarm: u64,
    trip: u64,
}

/// With what a point works, and where it puts what it finds.
pub(super) struct Desk<'a> {
    pub(super) motor_id: Uuid,
    pub(super) watched: &'a Watched,
    pub(super) settings: &'a VibrationSettings,
    pub(super) instruments: &'a mut Instruments,
    pub(super) readings: Vec<Reading>,
    pub(super) telling: Telling,
    pub(super) dropped: Vec<Dropped>,
}

impl PointState {
    pub(super) fn new(point: MeasuringPoint, band: Band) -> Self {
        Self {
            point,
            band,
            assembler: Assembler::new(band),
            open: false,
            presence: Presence::default(),
            received_at: None,
            alarm: AlarmState::default(),
            judged_at: None,
            last: None,
            told: None,
            told_alarm: None,
            watch: Watch::default(),
        }
    }

    /// When time alone will change something.
    pub(super) fn due_at(&self, settings: &VibrationSettings) -> Option<Timestamp> {
        let lost_at = self.presence.lost_at(&settings.presence);
        let lost_at = lost_at.filter(|_| !self.presence.is_lost());
        [self.burst_over_at(), lost_at].into_iter().flatten().min()
    }

    fn burst_over_at(&self) -> Option<Timestamp> {
        let received_at = self.received_at.filter(|_| self.open)?;
        Some(received_at.plus_seconds(BURST_PAUSE_S))
    }

    /// Nothing has come until `now`. It makes no difference whether this is noticed then, or with the next sample.
    pub(super) fn pass_time(&mut self, now: Timestamp, desk: &mut Desk<'_>) {
        if self.burst_over_at().is_some_and(|at| now >= at) {
            self.open = false;
            if let Some((ended, window)) = self.assembler.close() {
                self.take_end(&ended, desk);
                window.iter().for_each(|window| self.take_window(window, desk));
                self.end_record(&ended, desk);
            }
        }
        let lost_at = self.presence.lost_at(&desk.settings.presence);
        let lost = self.presence.check(now, &desk.settings.presence);
        if let (Some(at), Some(PresenceTransition::Lost { .. })) = (lost_at, lost) {
            desk.telling.lose(&self.point, at);
        }
    }

    /// A sample has come. Presence goes by arrival: the clocks of sensors may stand anywhere, and what is sent
    /// belatedly is a sign of life as well.
    pub(super) fn arrive(&mut self, received_at: Timestamp, desk: &mut Desk<'_>) {
        let first = self.received_at.is_none();
        self.pass_time(received_at, desk);
        let found = self.presence.seen(received_at, received_at);
        if first || found.is_some() {
            desk.telling.find(&self.point, received_at);
        }
        self.received_at = self.received_at.max(Some(received_at));
    }

    pub(super) fn take_block(&mut self, block: &SampleBlock, desk: &mut Desk<'_>) {
        let band = desk.watched.machine.band();
        if band != self.band {
            self.band = band;
            self.assembler = Assembler::new(band);
        }
        let taken = self.assembler.push(block);
        fail_point!("vibration-mid-window");
        match taken.placement {
            Placement::Duplicate => desk.dropped.push(Dropped::Duplicate),
            Placement::Late => desk.dropped.push(Dropped::Late),
            Placement::Opened(_) | Placement::Continued | Placement::Reanchored { .. } => {
                self.open = true;
            }
        }
        taken.ended.iter().for_each(|ended| self.take_end(ended, desk));
        taken.windows.iter().for_each(|window| self.take_window(window, desk));
    }

    pub(super) fn take_measurement(&mut self, measurement: &Measurement, desk: &mut Desk<'_>) {
        let (at, speed_rpm) = (measurement.started_at, measurement.speed_rpm);
        if self.judged_at == Some(at) {
            return desk.dropped.push(Dropped::Duplicate);
        }
        let assessment = assess_measurement(measurement, &desk.watched.machine);
        let reading =
            reading::of_assessment(desk.motor_id, &self.point, at, &assessment, speed_rpm);
        // Also one that comes late belongs into the trend; it only says nothing about now.
        desk.readings.push(reading);
        self.judge(at, &assessment, speed_rpm, desk);
    }

    fn take_window(&mut self, window: &Window, desk: &mut Desk<'_>) {
        let Instruments { analyser, demodulator } = &mut *desk.instruments;
        let watched = desk.watched;
        let examined = examine_window(analyser, window, self.point.axis, &watched.machine);
        let line_frequency_hz = watched.line_frequency_hz;
        let reading =
            reading::of_window(desk.motor_id, &self.point, window, &examined, line_frequency_hz);
        desk.readings.push(reading);
        let (subject, settings) = (watched.subject(&self.point), &desk.settings.diagnosis);
        let (seen, is_break) = (sight::of(window, &examined), sight::is_break(window));
        let is_other = self.watch.take(seen, is_break, &subject, settings, demodulator);
        let assessment = examined.assessment;
        self.judge(window.ended_at(), &assessment, window.speed_rpm, desk);
        if is_other {
            self.tell_findings(window.ended_at(), "findings", desk);
        }
    }

    /// Nothing continues what was recorded, so it is judged as it is.
    fn end_record(&mut self, ended: &Ended, desk: &mut Desk<'_>) {
        let lasted_s = ended.ended_at.seconds_since(ended.started_at);
        let subject = desk.watched.subject(&self.point);
        if self.watch.end(lasted_s, &subject, &desk.settings.diagnosis) {
            self.tell_findings(ended.ended_at, "findings-at-end", desk);
        }
    }

    fn tell_findings(&self, at: Timestamp, what: &str, desk: &mut Desk<'_>) {
        let (point, findings) = (self.point.clone(), self.watch.findings());
        desk.telling.diagnose(ReportFindings { point, findings, at }, what);
    }

    fn take_end(&mut self, ended: &Ended, desk: &mut Desk<'_>) {
        let Some(reason) = ended.not_assessable else { return };
        let at = ended.ended_at;
        if self.judged_at.is_some_and(|last| at.seconds_since(last) < SCRAP_S_MAX) {
            return;
        }
        let assessment = Assessment::NotAssessable { reason, quality: Quality::default() };
        let reading = reading::of_assessment(desk.motor_id, &self.point, at, &assessment, None);
        desk.readings.push(reading);
        self.judge(at, &assessment, None, desk);
    }

    /// Tells the motor what has changed. What is not later than the last judgement changes nothing.
    fn judge(
        &mut self,
        at: Timestamp,
        assessment: &Assessment,
        speed_rpm: Option<f64>,
        desk: &mut Desk<'_>,
    ) {
        if self.judged_at.is_some_and(|last| at <= last) {
            return;
        }
        self.judged_at = Some(at);
        match assessment {
            Assessment::Condition(condition) => {
                self.report(report_of(&self.point, at, condition), desk);
                self.step_alarm(at, condition, speed_rpm, desk);
            }
            Assessment::NotAssessable { reason, .. } => {
                self.report(report_without(&self.point, at, *reason), desk);
            }
        }
    }

    fn report(&mut self, report: ReportCondition, desk: &mut Desk<'_>) {
        if self.told != Some(report.assessment) {
            self.told = Some(report.assessment);
            desk.telling.report(report);
        }
    }

    fn step_alarm(
        &mut self,
        at: Timestamp,
        condition: &Condition,
        speed_rpm: Option<f64>,
        desk: &mut Desk<'_>,
    ) {
        let velocity_rms_mm_s = condition.velocity_rms_mm_s;
        let limits = Limits::of(&condition.boundaries, None);
        let rated_rpm = desk.watched.machine.rated_speed_rpm;
        let speed_ratio = speed_rpm.zip(rated_rpm).map(|(speed, rated)| speed / rated);
        let bad = condition.quality.is_bad();
        self.last = Some(Last::of(velocity_rms_mm_s, &limits));
        let input = AlarmInput::Value { at, velocity_rms_mm_s, limits, bad, speed_ratio };
        let transitions = self.alarm.step(input, &desk.settings.alarm);
        self.tell_alarm(at, &transitions, desk);
    }

    /// Someone has seen the motor's alarm.
    pub(super) fn acknowledge(&mut self, at: Timestamp, desk: &mut Desk<'_>) {
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
            Some(level) => desk.telling.raise(self.alarm_of(level, at, transitions), at),
            // The motor refuses it until the trip was seen; then this is tried anew.
            None if self.told_alarm == Some(AlarmLevel::Trip) && !desk.watched.acknowledged => {
                return;
            }
            None => desk.telling.clear(&self.point, at),
        }
        self.told_alarm = now;
    }

    /// The alarm as it was just raised; or, when a graver one is over and this one is left, as it stands.
    fn alarm_of(
        &self,
        wanted: Level,
        at: Timestamp,
        transitions: &[AlarmTransition],
    ) -> RaiseAlarm {
        let raised = transitions.iter().find_map(|transition| match *transition {
            AlarmTransition::Raised { level, since, velocity_rms_mm_s, limit_mm_s, .. }
                if level == wanted =>
            {
                Some((since, velocity_rms_mm_s, limit_mm_s))
            }
            _ => None,
        });
        let left = || {
            let last = self.last.expect("an alarm was raised by a value");
            (at, f64::from_bits(last.velocity), last.limit_mm_s(wanted))
        };
        let (at, velocity_rms_mm_s, limit_mm_s) = raised.unwrap_or_else(left);
        let (point, level) = (self.point.clone(), alarm_level(wanted));
        RaiseAlarm { point, level, velocity_rms_mm_s, limit_mm_s, at }
    }
}

impl Last {
    fn of(velocity_rms_mm_s: f64, limits: &Limits) -> Self {
        Self {
            velocity: velocity_rms_mm_s.to_bits(),
            alarm: limits.alarm_mm_s.to_bits(),
            trip: limits.trip_mm_s.to_bits(),
        }
    }

    fn limit_mm_s(&self, level: Level) -> f64 {
        f64::from_bits(match level {
            Level::Alarm => self.alarm,
            Level::Trip => self.trip,
        })
    }
}

fn alarm_level(level: Level) -> AlarmLevel {
    match level {
        Level::Alarm => AlarmLevel::Alarm,
        Level::Trip => AlarmLevel::Trip,
    }
}

fn report_of(point: &MeasuringPoint, at: Timestamp, condition: &Condition) -> ReportCondition {
    let edition = serde_json::to_value(condition.boundaries.edition);
    ReportCondition {
        point: point.clone(),
        assessment: condition.zone.into(),
        velocity_rms_mm_s: Some(condition.velocity_rms_mm_s),
        reason: None,
        standard: edition.ok().and_then(|name| name.as_str().map(str::to_owned)),
        at,
    }
}

fn report_without(point: &MeasuringPoint, at: Timestamp, reason: Reason) -> ReportCondition {
    ReportCondition {
        point: point.clone(),
        assessment: motor::Assessment::NotAssessable,
        velocity_rms_mm_s: None,
        reason: Some(reason.code().to_owned()),
        standard: None,
        at,
    }
}
