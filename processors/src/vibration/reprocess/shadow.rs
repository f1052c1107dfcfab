//! A motor that lives through its samples once more, unseen by anybody.

use std::collections::VecDeque;

use domain::aggregate::Decide;
use domain::motor::{Command, Motor, MotorEvent, Verdict};
use domain::time::Timestamp;
use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_store::EventStore;
use ports::readings::Reading;
use ports::samples::ReceivedSample;
use ports::stream::{StreamName, StreamVersion};
use uuid::Uuid;

use super::ReprocessRequest;
use super::slices::times;
use crate::history::whole_stream;
use crate::vibration::fleet::{Said, Watched};
use crate::vibration::motor::{MotorState, Outcome, Task};
use crate::vibration::{Instruments, VibrationSettings};

/// So many samples are judged in one go.
const SAMPLES_PER_TASK: usize = 64;
/// So long after the last sample all is over, in seconds: a burst is taken to be.
const END_S: f64 = 60.0;

/// What happened to the motor.
pub(super) struct Happened {
    pub(super) event: MotorEvent,
    pub(super) at: Timestamp,
    version: StreamVersion,
}

impl Happened {
    /// Whether people said it in the time of the samples.
    pub(super) fn is_said(&self, request: &ReprocessRequest) -> bool {
        let is_said =
            matches!(self.event, MotorEvent::AlarmAcknowledged {} | MotorEvent::BaselineReset {});
        is_said && (request.from..request.to).contains(&self.at)
    }
}

/// The motor as it would be had it begun with these samples and the nameplate of today.
pub(super) struct Shadow {
    motor_id: Uuid,
    motor: Motor,
    watched: Watched,
    state: MotorState,
    instruments: Instruments,
    /// What people said in that time and the motor is yet to hear.
    said: VecDeque<(MotorEvent, Said)>,
    readings: Vec<Reading>,
    verdicts: Vec<Verdict>,
    judged: u64,
    dropped: u64,
    ended_at: Option<Timestamp>,
}

/// All that happened to a motor.
pub(super) async fn history(
    store: &dyn EventStore,
    motor_id: Uuid,
) -> Result<Vec<Happened>, PortError> {
    let stream = StreamName::new("motor", motor_id);
    let happened = |recorded: &RecordedEvent| {
        let event = recorded.decode::<Motor>().map_err(|error| {
            PortError::new(format!("reading the history of motor {motor_id}"), error)
        })?;
        Ok(Happened { event, at: recorded.recorded_at, version: recorded.version })
    };
    whole_stream(store, &stream).await?.iter().map(happened).collect()
}

impl Shadow {
    /// `None` when the motor was never registered.
    pub(super) fn of(history: &[Happened], request: &ReprocessRequest) -> Option<Self> {
        let mut nameplates = history.iter().filter_map(|happened| match &happened.event {
            MotorEvent::Registered(nameplate) | MotorEvent::Revised(nameplate) => Some(nameplate),
            _ => None,
        });
        let nameplate = nameplates.next_back()?;
        let mut motor = Motor::default();
        apply(&mut motor, MotorEvent::Registered(nameplate.clone()));
        let said = history.iter().filter(|happened| happened.is_said(request));
        let said = said.map(|Happened { event, at, version }| {
            (event.clone(), Said { version: *version, at: *at })
        });
        Some(Self {
            motor_id: request.motor_id,
            motor,
            watched: Watched::new(nameplate, StreamVersion(0)),
            state: MotorState::default(),
            instruments: Instruments::default(),
            said: said.collect(),
            readings: Vec::new(),
            verdicts: Vec::new(),
            judged: 0,
            dropped: 0,
            ended_at: None,
        })
    }

    /// Takes in samples in their order. Each is taken to have come in when it was over, so that neither the way that it
    /// took nor who had to wait for it makes a difference.
    pub(super) fn live_through(
        &mut self,
        samples: Vec<ReceivedSample>,
        settings: &VibrationSettings,
    ) {
        let mut together = Vec::new();
        for received in samples {
            let ended_at = times(&received.sample).1;
            let received_at = self.ended_at.map_or(ended_at, |last| last.max(ended_at));
            self.ended_at = Some(received_at);
            if self.said.front().is_some_and(|(_, said)| said.at <= received_at) {
                self.work(std::mem::take(&mut together), None, settings);
                self.hear(received_at, settings);
            }
            together.push(ReceivedSample { received_at, ..received });
            if together.len() == SAMPLES_PER_TASK {
                self.work(std::mem::take(&mut together), None, settings);
            }
        }
        self.work(together, None, settings);
    }

    /// Nothing comes any more.
    pub(super) fn end(&mut self, settings: &VibrationSettings) {
        let quiet_until = self.ended_at.map(|at| at.plus_seconds(END_S));
        self.work(Vec::new(), quiet_until, settings);
    }

    /// How many samples were judged, and how many verdicts came of it.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.judged, self.verdicts.len() as u64)
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn take_readings(&mut self) -> Vec<Reading> {
        std::mem::take(&mut self.readings)
    }

    pub(super) fn into_verdicts(self) -> Vec<Verdict> {
        self.verdicts
    }

    /// People spoke of the alarms of that time, which need not be those of now.
    fn hear(&mut self, now: Timestamp, settings: &VibrationSettings) {
        while let Some((event, said)) = self.said.pop_front_if(|(_, said)| said.at <= now) {
            let command = match event {
                MotorEvent::AlarmAcknowledged {} => Command::AcknowledgeAlarm {},
                _ => Command::ResetBaseline {},
            };
            self.decide(command, said);
            self.work(Vec::new(), None, settings);
        }
    }

    fn work(
        &mut self,
        samples: Vec<ReceivedSample>,
        quiet_until: Option<Timestamp>,
        settings: &VibrationSettings,
    ) {
        self.judged += samples.len() as u64;
        let (motor_id, watched) = (self.motor_id, self.watched.clone());
        let state = std::mem::take(&mut self.state);
        let task = Task { motor_id, watched, state, samples, quiet_until };
        let Outcome { state, readings, commands, dropped, .. } =
            task.run(settings, &mut self.instruments);
        // Where the work broke, the motor begins anew: always at the same sample.
        self.state = state.map(|stored| stored.state).unwrap_or_default();
        self.readings.extend(readings);
        self.dropped += dropped.len() as u64;
        for command in commands {
            let command = serde_json::from_value(command.command);
            let never = Said { version: StreamVersion(0), at: Timestamp::from_micros(0) };
            self.decide(command.expect("what was written can be read"), never);
        }
    }

    /// What the motor refuses, it would have refused then.
    fn decide(&mut self, command: Command, said: Said) {
        for event in self.motor.decide(command).unwrap_or_default() {
            apply(&mut self.motor, event.clone());
            self.watched.fold(event.clone(), said);
            self.verdicts.extend(Verdict::of(event));
        }
    }
}

fn apply<A: Decide>(aggregate: &mut A, event: A::Event) {
    aggregate.apply(event);
}
