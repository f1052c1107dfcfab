//! What the assessor must know of the motors, folded from their events.

use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;
use domain::motor::{
    AlarmLevel, ClearAlarm, MeasuringPoint, Motor, MotorEvent, Nameplate, RaiseAlarm,
};
use domain::time::Timestamp;
use domain::vibration::bearing::FaultOrders;
use domain::vibration::{Machine, Subject};
use ports::PortError;
use ports::checkpoint::Progress;
use ports::event::RecordedEvent;
use ports::handler::{EventHandler, HandleError};
use ports::stream::{GlobalPosition, StreamVersion};
use tokio::sync::watch;
use uuid::Uuid;

/// All motors that were ever registered, in memory. It keeps no progress: each start of the process folds the log from
/// its beginning.
#[derive(Default)]
pub struct Fleet {
    motors: RwLock<HashMap<Uuid, Watched>>,
    position: watch::Sender<GlobalPosition>,
}

/// A motor as the fleet knows it.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub(super) machine: Machine,
    pub(super) line_frequency_hz: f64,
    /// By position; those of which the geometry is known.
    bearings: Vec<(String, FaultOrders)>,
    pub(super) in_service: bool,
    /// Whether the motor itself takes its alarm for seen.
    pub(super) acknowledged: bool,
    /// The last time that someone has seen it.
    pub(super) acknowledgement: Option<Said>,
    /// The last time that someone has said that what was learned of it no longer holds.
    pub(super) baseline_reset: Option<Said>,
    /// The alarms that the motor itself knows of.
    pub(super) alarms: BTreeMap<MeasuringPoint, AlarmLevel>,
    version: StreamVersion,
}

/// When somebody said something of a motor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Said {
    /// Of the event: later ones are higher.
    pub(super) version: StreamVersion,
    pub(super) at: Timestamp,
}

impl Fleet {
    /// Everything up to here is known.
    pub fn position(&self) -> GlobalPosition {
        *self.position.borrow()
    }

    /// Returns when everything up to `position` is known.
    pub async fn wait_until(&self, position: GlobalPosition) {
        let mut known = self.position.subscribe();
        known.wait_for(|known| *known >= position).await.expect("the fleet holds the sender");
    }

    /// Those of `ids` that are known.
    pub(super) fn watched(&self, ids: impl Iterator<Item = Uuid>) -> BTreeMap<Uuid, Watched> {
        let motors = self.motors.read().unwrap_or_else(PoisonError::into_inner);
        ids.filter_map(|id| Some((id, motors.get(&id)?.clone()))).collect()
    }

    /// The motors in service of which an alarm has been seen and is still there, with the version of that.
    pub(super) fn acknowledged(&self) -> Vec<(Uuid, u64)> {
        let motors = self.motors.read().unwrap_or_else(PoisonError::into_inner);
        let seen = |(id, motor): (&Uuid, &Watched)| {
            let waits = motor.in_service && !motor.alarms.is_empty();
            motor.acknowledgement.filter(|_| waits).map(|seen| (*id, seen.version.0))
        };
        motors.iter().filter_map(seen).collect()
    }

    fn fold(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        let poison = |error: domain::aggregate::DecodeError| HandleError::Poison {
            position: event.position,
            reason: error.to_string(),
        };
        let happened = event.decode::<Motor>().map_err(poison)?;
        let mut motors = self.motors.write().unwrap_or_else(PoisonError::into_inner);
        match (motors.get_mut(&event.stream.id), happened) {
            (None, MotorEvent::Registered(nameplate)) => {
                motors.insert(event.stream.id, Watched::new(&nameplate, event.version));
            }
            (Some(motor), happened) if event.version > motor.version => {
                motor.version = event.version;
                motor.fold(happened, Said::by(event));
            }
            // Seen before; or of a motor whose registration was parked.
            _ => {}
        }
        Ok(())
    }
}

impl Watched {
    pub(super) fn new(nameplate: &Nameplate, version: StreamVersion) -> Self {
        Self {
            machine: nameplate.machine(),
            line_frequency_hz: nameplate.line_frequency_hz,
            bearings: bearings(nameplate),
            in_service: true,
            acknowledged: false,
            acknowledgement: None,
            baseline_reset: None,
            alarms: BTreeMap::new(),
            version,
        }
    }

    pub(super) fn fold(&mut self, happened: MotorEvent, said: Said) {
        match happened {
            MotorEvent::Registered(nameplate) | MotorEvent::Revised(nameplate) => {
                self.machine = nameplate.machine();
                self.line_frequency_hz = nameplate.line_frequency_hz;
                self.bearings = bearings(&nameplate);
            }
            MotorEvent::Decommissioned {} => self.in_service = false,
            MotorEvent::AlarmRaised(RaiseAlarm { point, level, .. }) => {
                self.alarms.insert(point, level);
                self.acknowledged = false;
            }
            MotorEvent::AlarmCleared(ClearAlarm { point, .. }) => {
                self.alarms.remove(&point);
            }
            MotorEvent::AlarmAcknowledged {} => {
                self.acknowledged = true;
                self.acknowledgement = Some(said);
            }
            MotorEvent::BaselineReset {} => self.baseline_reset = Some(said),
            MotorEvent::Relocated { .. }
            | MotorEvent::ZoneChanged { .. }
            | MotorEvent::SensorLost(_)
            | MotorEvent::SensorFound(_)
            | MotorEvent::FindingBegan(_)
            | MotorEvent::FindingEnded(_)
            | MotorEvent::BaselineLearned(_)
            | MotorEvent::DepartureBegan(_)
            | MotorEvent::DepartureEnded(_)
            | MotorEvent::VerdictGiven(_)
            | MotorEvent::Reprocessed(_) => {}
        }
    }

    /// What is to be looked for at a measuring point: of the bearings those at the sensor, and all of them where
    /// none has its name.
    pub(super) fn subject(&self, point: &MeasuringPoint) -> Subject {
        let is_here = |(position, _): &&(String, _)| position.eq_ignore_ascii_case(&point.sensor);
        let mut bearings: Vec<_> = self.bearings.iter().filter(is_here).cloned().collect();
        if bearings.is_empty() {
            bearings.clone_from(&self.bearings);
        }
        Subject {
            axis: point.axis,
            boundaries: self.machine.boundaries(point.axis),
            line_frequency_hz: self.line_frequency_hz,
            bearings,
        }
    }
}

impl Said {
    fn by(event: &RecordedEvent) -> Self {
        Self { version: event.version, at: event.recorded_at }
    }
}

fn bearings(nameplate: &Nameplate) -> Vec<(String, FaultOrders)> {
    let known = nameplate.bearings.iter();
    known.filter_map(|bearing| Some((bearing.position.clone(), bearing.fault_orders()?))).collect()
}

#[async_trait]
impl EventHandler for Fleet {
    fn name(&self) -> &str {
        "vibration-fleet"
    }

    fn categories(&self) -> &[&'static str] {
        &["motor"]
    }

    async fn progress(&self) -> Result<Option<Progress>, PortError> {
        Ok(None)
    }

    async fn handle(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<(), HandleError> {
        for event in events {
            self.fold(event)?;
        }
        self.position.send_modify(|known| *known = progress.position.max(*known));
        Ok(())
    }

    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        self.fold(event)
    }
}
