//! The work on one motor: its samples in, what they mean out. Nothing here knows of another motor.

use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::motor::MeasuringPoint;
use domain::time::Timestamp;
use ports::command_bus::CommandEnvelope;
use ports::readings::Reading;
use ports::samples::{ReceivedSample, Sample};
use serde::{Deserialize, Serialize};
use tracing::error;
use uuid::Uuid;

use super::fleet::Watched;
use super::point::{Desk, PointState};
use super::tally::Dropped;
use super::telling::Telling;
use super::{Instruments, VibrationSettings};

/// The most measuring points of one motor.
const POINTS_MAX: usize = 64;

/// The state of a motor, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct MotorState {
    /// The last acknowledgement that was heeded, by its version.
    acknowledged: u64,
    /// The last reset of the baselines that was heeded, by its version. Absent in what was stored before.
    #[serde(default)]
    baseline_reset: u64,
    points: Vec<PointState>,
}

/// What is to be done for one motor.
pub(super) struct Task {
    pub(super) motor_id: Uuid,
    pub(super) watched: Watched,
    pub(super) state: MotorState,
    pub(super) samples: Vec<ReceivedSample>,
    /// Nothing else has come until then.
    pub(super) quiet_until: Option<Timestamp>,
}

/// What came of it.
pub(super) struct Outcome {
    pub(super) motor_id: Uuid,
    /// None when the work broke: the last stored state counts then.
    pub(super) state: Option<Stored>,
    pub(super) readings: Vec<Reading>,
    pub(super) commands: Vec<CommandEnvelope>,
    pub(super) dropped: Vec<Dropped>,
}

/// A state, and the same as it is written.
pub(super) struct Stored {
    pub(super) state: MotorState,
    pub(super) json: String,
}

impl Task {
    /// Does the work. A fault in it is the motor's own: it costs these samples, and neither those of others nor the loop.
    pub(super) fn run(
        self,
        settings: &VibrationSettings,
        instruments: &mut Instruments,
    ) -> Outcome {
        let (motor_id, samples) = (self.motor_id, self.samples.len());
        let work = AssertUnwindSafe(|| self.work(settings, instruments));
        catch_unwind(work).unwrap_or_else(|_| {
            error!(motor = %motor_id, "the work on motor {motor_id} broke; its samples are lost");
            Outcome {
                motor_id,
                state: None,
                readings: Vec::new(),
                commands: Vec::new(),
                dropped: vec![Dropped::Broken; samples],
            }
        })
    }

    fn work(self, settings: &VibrationSettings, instruments: &mut Instruments) -> Outcome {
        let Self { motor_id, watched, mut state, samples, quiet_until } = self;
        let mut desk = Desk {
            motor_id,
            watched: &watched,
            settings,
            instruments,
            readings: Vec::new(),
            telling: Telling::to(motor_id),
            dropped: Vec::new(),
        };
        state.acknowledge(&mut desk);
        state.reset_baselines(&mut desk);
        for sample in &samples {
            state.take(sample, &mut desk);
        }
        for point in &mut state.points {
            quiet_until.into_iter().for_each(|now| point.pass_time(now, &mut desk));
        }
        let Desk { readings, telling, dropped, .. } = desk;
        Outcome {
            motor_id,
            state: Some(Stored::of(state)),
            readings,
            commands: telling.into_commands(),
            dropped,
        }
    }
}

impl Stored {
    fn of(state: MotorState) -> Self {
        Self { json: serde_json::to_string(&state).expect("states are plain data"), state }
    }
}

impl MotorState {
    /// When time alone will change something.
    pub(super) fn due_at(&self, settings: &VibrationSettings) -> Option<Timestamp> {
        self.points.iter().filter_map(|point| point.due_at(settings)).min()
    }

    /// The version of the last acknowledgement that was heeded.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    fn acknowledge(&mut self, desk: &mut Desk<'_>) {
        let Some(seen) = desk.watched.acknowledgement else { return };
        if seen.version.0 > self.acknowledged {
            self.acknowledged = seen.version.0;
            self.points.iter_mut().for_each(|point| point.acknowledge(seen.at, desk));
        }
    }

    fn reset_baselines(&mut self, desk: &mut Desk<'_>) {
        let Some(said) = desk.watched.baseline_reset else { return };
        if said.version.0 > self.baseline_reset {
            self.baseline_reset = said.version.0;
            self.points.iter_mut().for_each(|point| point.reset_baselines(said.at, desk));
        }
    }

    fn take(&mut self, received: &ReceivedSample, desk: &mut Desk<'_>) {
        let ReceivedSample { sample, received_at, .. } = received;
        let valid = match sample {
            Sample::Block(block) => block.validate(*received_at).is_ok(),
            Sample::Measurement(measurement) => measurement.validate(*received_at).is_ok(),
        };
        if !valid {
            return desk.dropped.push(Dropped::Invalid);
        }
        let (sensor, axis) = match sample {
            Sample::Block(block) => (&block.sensor, block.axis),
            Sample::Measurement(measurement) => (&measurement.sensor, measurement.axis),
        };
        let wanted = MeasuringPoint { sensor: sensor.clone(), axis };
        let Some(point) = self.point(wanted, desk) else {
            return desk.dropped.push(Dropped::TooManyPoints);
        };
        point.arrive(*received_at, desk);
        match sample {
            Sample::Block(block) => point.take_block(block, desk),
            Sample::Measurement(measurement) => point.take_measurement(measurement, desk),
        }
    }

    fn point(&mut self, wanted: MeasuringPoint, desk: &Desk<'_>) -> Option<&mut PointState> {
        let known = self.points.iter().position(|state| state.point == wanted);
        if known.is_none() {
            if self.points.len() == POINTS_MAX {
                return None;
            }
            self.points.push(PointState::new(wanted, desk.watched.machine.band()));
        }
        let index = known.unwrap_or(self.points.len() - 1);
        self.points.get_mut(index)
    }
}
