//! Completes a motor with its newest readings, which are not in the log.

use ports::PortError;
use ports::readings::{Reading, Readings};
use serde_json::Value;
use uuid::Uuid;

use crate::motors::ID_FIELD;

/// The feature by which severity is judged.
pub(super) const VELOCITY: &str = "velocity_rms_mm_s";

/// Adds what was measured last, per sensor and over all of them.
pub(super) async fn complete(readings: &dyn Readings, motor: &mut Value) -> Result<(), PortError> {
    let id = motor[ID_FIELD].as_str().and_then(|id| id.parse::<Uuid>().ok());
    let Some(id) = id else { return Ok(()) };
    let latest = readings.latest(id).await?;
    let Some(measured_at) = latest.iter().map(|reading| reading.at).max() else { return Ok(()) };
    motor["last_measured_at"] = Value::from(measured_at.to_string());
    let highest = latest.iter().filter_map(velocity).max_by(f64::total_cmp);
    if let Some(highest) = highest {
        motor[VELOCITY] = Value::from(highest);
    }
    let sensors = motor["sensors"].as_array_mut().into_iter().flatten();
    for sensor in sensors {
        if let Some(velocity) =
            latest.iter().find(|reading| is_of(reading, sensor)).and_then(velocity)
        {
            sensor[VELOCITY] = Value::from(velocity);
        }
    }
    Ok(())
}

fn velocity(reading: &Reading) -> Option<f64> {
    reading.features.get(VELOCITY).copied()
}

fn is_of(reading: &Reading, sensor: &Value) -> bool {
    sensor["sensor"] == reading.sensor.as_str() && sensor["axis"] == reading.axis.name()
}
