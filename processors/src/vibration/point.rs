//! One measuring point of one motor: its segment in hand, its alarm, its presence, and what its motor has been told.

mod alarming;
mod judging;
mod learning;

use domain::motor::{self, AlarmLevel, MeasuringPoint, ReportFindings};
use domain::time::Timestamp;
use domain::vibration::{
    AlarmState, Assembler, Assessment, Band, Ended, Measurement, Placement, Presence,
    PresenceTransition, Quality, Reorder, SampleBlock, Taken, Watch, Waveform, Window, ZoneHold,
    assess_measurement, examine_window,
};
use fail::fail_point;
use ports::readings::Reading;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fleet::Watched;
use super::tally::Dropped;
use super::telling::Telling;
use super::{Instruments, VibrationSettings, reading, sight};
use alarming::Latest;
use judging::Judgement;
use learning::Learning;

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
    /// Absent in what was stored before blocks could wait.
    #[serde(default)]
    reorder: Reorder,
    /// A segment is in hand.
    open: bool,
    presence: Presence,
    received_at: Option<Timestamp>,
    alarm: AlarmState,
    judged_at: Option<Timestamp>,
    /// What was judged last.
    #[serde(default)]
    latest: Option<Latest>,
    told: Option<motor::Assessment>,
    /// Absent in what was stored before changes of zone were held back.
    #[serde(default)]
    hold: ZoneHold,
    told_alarm: Option<AlarmLevel>,
    /// Absent in what was stored before baselines were learned.
    #[serde(default)]
    learning: Learning,
    /// Absent in what was stored before there were diagnoses.
    #[serde(default)]
    watch: Watch,
    /// Of the last window; for those who look.
    #[serde(default)]
    waveform: Option<Waveform>,
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
            reorder: Reorder::default(),
            open: false,
            presence: Presence::default(),
            received_at: None,
            alarm: AlarmState::default(),
            judged_at: None,
            latest: None,
            told: None,
            hold: ZoneHold::default(),
            told_alarm: None,
            learning: Learning::default(),
            watch: Watch::default(),
            waveform: None,
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
            for taken in self.reorder.flush(&mut self.assembler) {
                self.take_in(&taken, desk);
            }
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
        let taken = self.reorder.push(&mut self.assembler, block);
        fail_point!("vibration-mid-window");
        taken.iter().for_each(|taken| self.take_in(taken, desk));
    }

    fn take_in(&mut self, taken: &Taken, desk: &mut Desk<'_>) {
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
        self.judge(&Judgement { at, assessment, speed_rpm, sample_rate_hz: None }, desk);
    }

    fn take_window(&mut self, window: &Window, desk: &mut Desk<'_>) {
        self.waveform = Some(Waveform::of(window));
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
        let judgement = Judgement {
            at: window.ended_at(),
            assessment: examined.assessment,
            speed_rpm: window.speed_rpm,
            sample_rate_hz: Some(window.sample_rate_hz),
        };
        self.judge(&judgement, desk);
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
        let judgement = Judgement { at, assessment, speed_rpm: None, sample_rate_hz: None };
        self.judge(&judgement, desk);
    }
}
