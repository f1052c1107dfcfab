//! The motors: what each one is, where it stands, and how it is.

use domain::aggregate::Decide;
use domain::motor::{Assessment, Motor, MotorEvent, Nameplate};
use domain::time::Timestamp;
use ports::event::RecordedEvent;
use ports::read_models::{Field, Sort};
use ports::stream::{GlobalPosition, StreamVersion};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::condition::{Alarm, MotorState, Sensors};
use crate::projection::{Filterable, FoldError, Projection, Resource};

/// Where its id stands in a document, as the write side has it too.
pub(crate) const ID_FIELD: &str = <Motor as Decide>::ID_FIELD;

/// One document per motor.
pub struct Motors;

/// A motor as the outside sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Motor")]
pub struct MotorDocument {
    pub motor_id: Uuid,
    /// Its machine group is resolved.
    #[serde(flatten)]
    pub nameplate: Nameplate,
    pub state: MotorState,
    /// The worst of its sensors' zones; `null` until something was assessed.
    pub zone: Option<Assessment>,
    /// Why nothing can be assessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone_reason: Option<String>,
    /// The highest of its sensors' newest readings; filled in when asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub velocity_rms_mm_s: Option<f64>,
    /// The worst of its sensors' alarms.
    pub alarm: Alarm,
    /// Whether a person has seen the alarm; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<bool>,
    /// When the newest reading ended; filled in when asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_measured_at: Option<Timestamp>,
    pub sensors: Sensors,
    pub registered_at: Timestamp,
    pub version: StreamVersion,
    pub position: GlobalPosition,
}

impl Projection for Motors {
    const NAME: &'static str = "motors";
    const CATEGORIES: &'static [&'static str] = &["motor"];
    const VERSION: u32 = 1;
    const FIELDS: &'static [Field] = &[
        Field { name: "name" },
        Field { name: "state" },
        Field { name: "zone" },
        Field { name: "alarm" },
        Field { name: "location" },
    ];
    const RESOURCE: Option<Resource> = Some(Resource {
        list: "/v1/motors",
        item: "/v1/motors/{id}",
        noun: "motor",
        summary: "The motors under watch, by name",
        filters: &[
            Filterable { field: "zone", default: None, unset: Some("unknown") },
            Filterable { field: "state", default: Some("in_service"), unset: None },
            Filterable::by("alarm"),
            Filterable::by("location"),
            Filterable::by("name"),
        ],
        sort: Some(Sort { field: "name", descending: false }),
        with_readings: true,
    });
    type Document = MotorDocument;

    fn evolve(
        document: Option<MotorDocument>,
        event: &RecordedEvent,
    ) -> Result<Option<MotorDocument>, FoldError> {
        let happened = event.decode::<Motor>()?;
        let mut motor = match (document, &happened) {
            (Some(motor), _) => motor,
            (None, MotorEvent::Registered(nameplate)) => registered(nameplate, event),
            (None, _) => return Err(FoldError::no_beginning(event)),
        };
        motor.sensors.apply(&happened);
        motor.apply(happened);
        (motor.zone, motor.zone_reason) = motor.sensors.zone();
        motor.alarm = motor.sensors.alarm();
        motor.acknowledged = motor.acknowledged.filter(|_| motor.alarm != Alarm::None);
        (motor.version, motor.position) = (event.version, event.position);
        Ok(Some(motor))
    }
}

fn registered(nameplate: &Nameplate, event: &RecordedEvent) -> MotorDocument {
    MotorDocument {
        motor_id: event.stream.id,
        nameplate: nameplate.clone(),
        state: MotorState::InService,
        zone: None,
        zone_reason: None,
        velocity_rms_mm_s: None,
        alarm: Alarm::None,
        acknowledged: None,
        last_measured_at: None,
        sensors: Sensors::default(),
        registered_at: event.recorded_at,
        version: event.version,
        position: event.position,
    }
}

impl MotorDocument {
    fn apply(&mut self, event: MotorEvent) {
        match event {
            MotorEvent::Registered(nameplate) | MotorEvent::Revised(nameplate) => {
                let machine_group = Some(nameplate.group());
                self.nameplate = Nameplate { machine_group, ..nameplate };
            }
            MotorEvent::Relocated { location } => self.nameplate.location = location,
            MotorEvent::Decommissioned {} => self.state = MotorState::Decommissioned,
            MotorEvent::AlarmRaised(_) => self.acknowledged = Some(false),
            MotorEvent::AlarmAcknowledged {} => self.acknowledged = Some(true),
            MotorEvent::ZoneChanged { .. }
            | MotorEvent::AlarmCleared(_)
            | MotorEvent::SensorLost(_)
            | MotorEvent::SensorFound(_)
            | MotorEvent::FindingBegan(_)
            | MotorEvent::FindingEnded(_)
            | MotorEvent::BaselineLearned(_)
            | MotorEvent::BaselineReset {}
            | MotorEvent::DepartureBegan(_)
            | MotorEvent::DepartureEnded(_)
            | MotorEvent::VerdictGiven(_)
            | MotorEvent::Reprocessed(_) => {}
        }
    }
}
