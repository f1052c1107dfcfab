//! Completes a motor with its newest readings, which are not in the log.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use ports::PortError;
use ports::readings::{Reading, Readings};
use serde_json::Value;
use tokio::time::Instant;
use uuid::Uuid;

use crate::motors::ID_FIELD;

/// The feature by which severity is judged.
pub(super) const VELOCITY: &str = "velocity_rms_mm_s";

/// For how long a motor is told as it was completed once: new readings come a few times a second, and a motor may be
/// asked for thousands of times.
const KEPT_MS: u64 = 50;
/// So many motors are kept so, at most.
const KEPT_MAX: usize = 1_000;

/// Motors as they were completed a moment ago.
#[derive(Default)]
pub(super) struct Completed {
    by_motor: Mutex<HashMap<Uuid, Kept>>,
}

struct Kept {
    at: Instant,
    /// What was completed.
    document: Bytes,
    motor: Bytes,
}

impl Completed {
    /// The motor of `document` with its newest readings, none of them late by more than `KEPT_MS`.
    pub(super) async fn of(
        &self,
        readings: &dyn Readings,
        id: Uuid,
        document: Bytes,
    ) -> Result<Bytes, PortError> {
        let now = Instant::now();
        if let Some(motor) = self.kept(id, &document, now) {
            return Ok(motor);
        }
        let unread = |error| PortError::new(format!("reading the motor {id}"), error);
        let mut motor: Value = serde_json::from_slice(&document).map_err(unread)?;
        complete(readings, &mut motor).await?;
        let motor = Bytes::from(serde_json::to_vec(&motor).map_err(unread)?);
        let mut by_motor = self.by_motor.lock().unwrap_or_else(PoisonError::into_inner);
        if by_motor.len() >= KEPT_MAX {
            by_motor.clear();
        }
        by_motor.insert(id, Kept { at: now, document, motor: motor.clone() });
        Ok(motor)
    }

    fn kept(&self, id: Uuid, document: &Bytes, now: Instant) -> Option<Bytes> {
        let by_motor = self.by_motor.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = by_motor.get(&id)?;
        let is_fresh = now - kept.at < Duration::from_millis(KEPT_MS);
        (is_fresh && kept.document == *document).then(|| kept.motor.clone())
    }
}

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

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;
    use domain::vibration::Axis;
    use ports::memory::MemoryReadings;
    use ports::readings::ReadingsCommit;
    use serde_json::json;
    use tokio::time::advance;

    use super::*;

    const MOTOR: Uuid = Uuid::from_u128(7);

    async fn measure(readings: &MemoryReadings, seconds: i64) {
        let reading = Reading {
            motor_id: MOTOR,
            sensor: "DE".to_owned(),
            axis: Axis::RadialH,
            at: Timestamp::from_micros(seconds * 1_000_000),
            features: [(VELOCITY.to_owned(), seconds as f64)].into(),
            quality: vec![],
            spectrum: None,
        };
        let commit = ReadingsCommit { readings: vec![reading], ..ReadingsCommit::default() };
        readings.commit(commit).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_motor_is_completed_anew_after_a_moment_and_when_it_has_changed() {
        let (readings, completed) = (MemoryReadings::default(), Completed::default());
        let document = |name: &str| json!({ ID_FIELD: MOTOR, "name": name, "sensors": [] });
        let told = async |name: &str| {
            let written = Bytes::from(document(name).to_string());
            let motor = completed.of(&readings, MOTOR, written).await.unwrap();
            let motor: Value = serde_json::from_slice(&motor).unwrap();
            (motor["name"].as_str().unwrap().to_owned(), motor[VELOCITY].as_f64())
        };
        measure(&readings, 1).await;
        assert_eq!(told("P-1").await, ("P-1".to_owned(), Some(1.0)));
        measure(&readings, 2).await;
        assert_eq!(told("P-1").await.1, Some(1.0), "kept for a moment");
        assert_eq!(told("P-2").await, ("P-2".to_owned(), Some(2.0)));
        measure(&readings, 3).await;
        advance(Duration::from_millis(KEPT_MS)).await;
        assert_eq!(told("P-2").await.1, Some(3.0));
    }
}
