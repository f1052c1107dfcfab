//! What happens to motors: real events, of which each leaves its own mark.

use domain::aggregate::{EncodedEvent, encode};
use domain::motor::{
    AlarmLevel, Assessment, ClearAlarm, MeasuringPoint, MotorEvent, Nameplate, RaiseAlarm,
    SensorSeen,
};
use domain::time::Timestamp;
use domain::vibration::{Axis, Support};
use ports::stream::StreamName;
use uuid::Uuid;

/// The stream of a motor.
pub(crate) fn motor(id: usize) -> StreamName {
    StreamName::new(
        "motor",
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | id as u128),
    )
}

/// The event that happens to the motor `id` after `number` others.
pub(crate) fn step(id: usize, number: usize) -> EncodedEvent {
    let sensor = if number.is_multiple_of(2) { "DE" } else { "NDE" };
    let point = MeasuringPoint { sensor: sensor.to_owned(), axis: Axis::RadialH };
    let at = Timestamp::from_micros(1_767_225_600_000_000).plus_seconds((id + number) as f64);
    let event = match number % 9 {
        0 if number == 0 => MotorEvent::Registered(nameplate(id, number)),
        0 => MotorEvent::Revised(nameplate(id, number)),
        1 => MotorEvent::SensorFound(SensorSeen { point, at }),
        2 => zone_changed(point, Assessment::B, at),
        3 => zone_changed(point, Assessment::D, at),
        4 => {
            let (velocity_rms_mm_s, limit_mm_s) = (number as f64, 4.5);
            MotorEvent::AlarmRaised(RaiseAlarm {
                point,
                level: AlarmLevel::Alarm,
                velocity_rms_mm_s,
                limit_mm_s,
                rule: None,
                baseline_mm_s: None,
                at,
            })
        }
        5 => MotorEvent::AlarmAcknowledged {},
        6 => MotorEvent::SensorLost(SensorSeen { point, at }),
        7 => MotorEvent::AlarmCleared(ClearAlarm { point, at }),
        _ => MotorEvent::Relocated { location: Some(format!("Hall {number}")) },
    };
    encode(&event)
}

fn zone_changed(point: MeasuringPoint, to: Assessment, at: Timestamp) -> MotorEvent {
    MotorEvent::ZoneChanged {
        point,
        from: None,
        to,
        velocity_rms_mm_s: Some(2.0),
        reason: None,
        standard: None,
        at,
    }
}

fn nameplate(id: usize, number: usize) -> Nameplate {
    Nameplate {
        name: format!("P-{id:04}"),
        rated_power_kw: 90.0 + number as f64,
        rated_speed_rpm: 1_480.0,
        line_frequency_hz: 50.0,
        poles: Some(4),
        machine_group: None,
        support: Support::default(),
        boundaries: None,
        bearings: Vec::new(),
        location: Some("Hall 2".to_owned()),
    }
}
