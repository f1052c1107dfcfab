//! The fleet: of each motor only what is counted over all of them.

use domain::motor::{Assessment, Motor, MotorEvent};
use ports::event::RecordedEvent;
use ports::read_models::Field;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::condition::{Alarm, MotorState, Sensors};
use crate::projection::{FoldError, Projection};

/// One small document per motor.
pub struct Fleet;

/// What is counted of a motor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FleetMember {
    pub state: MotorState,
    pub zone: Option<Assessment>,
    pub alarm: Alarm,
    pub sensors_lost: usize,
    /// What the above follows from.
    pub sensors: Sensors,
}

impl Projection for Fleet {
    const NAME: &'static str = "fleet";
    const CATEGORIES: &'static [&'static str] = &["motor"];
    const VERSION: u32 = 1;
    const FIELDS: &'static [Field] = &[
        Field { name: "state" },
        Field { name: "zone" },
        Field { name: "alarm" },
        Field { name: "sensors_lost" },
    ];
    type Document = FleetMember;

    fn evolve(
        document: Option<FleetMember>,
        event: &RecordedEvent,
    ) -> Result<Option<FleetMember>, FoldError> {
        let happened = event.decode::<Motor>()?;
        let mut member = match (document, &happened) {
            (Some(member), _) => member,
            (None, MotorEvent::Registered(_)) => NEW_MEMBER,
            (None, _) => return Err(FoldError::no_beginning(event)),
        };
        if happened == (MotorEvent::Decommissioned {}) {
            member.state = MotorState::Decommissioned;
        }
        member.sensors.apply(&happened);
        member.zone = member.sensors.zone().0;
        member.alarm = member.sensors.alarm();
        member.sensors_lost = member.sensors.lost();
        Ok(Some(member))
    }
}

const NEW_MEMBER: FleetMember = FleetMember {
    state: MotorState::InService,
    zone: None,
    alarm: Alarm::None,
    sensors_lost: 0,
    sensors: Sensors(Vec::new()),
};
