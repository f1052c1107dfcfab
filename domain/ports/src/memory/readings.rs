//! Readings and the processor's state, in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use domain::time::Timestamp;
use domain::vibration::Axis;
use uuid::Uuid;

use super::lock;
use crate::PortError;
use crate::checkpoint::Checkpoint;
use crate::command_bus::CommandEnvelope;
use crate::readings::{
    OutgoingCommand, Reading, Readings, ReadingsCommit, SPECTRA_MAX, SpectraQuery, TrendPoint,
    TrendQuery,
};

/// Readings that end with the process.
#[derive(Default)]
pub struct MemoryReadings {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_motor: BTreeMap<Uuid, Series>,
    states: BTreeMap<Uuid, String>,
    outgoing: BTreeMap<u64, CommandEnvelope>,
    id_last: u64,
    checkpoint: Option<Checkpoint>,
}

/// The readings of one motor, oldest first.
type Series = BTreeMap<(Timestamp, String, Axis), Reading>;

impl Kept {
    fn take_in(&mut self, commit: ReadingsCommit) {
        for reading in commit.readings {
            let key = (reading.at, reading.sensor.clone(), reading.axis);
            self.by_motor.entry(reading.motor_id).or_default().insert(key, reading);
        }
        self.states.extend(commit.states);
        for command in commit.outgoing {
            self.id_last += 1;
            self.outgoing.insert(self.id_last, command);
        }
        if commit.checkpoint.is_some() {
            self.checkpoint = commit.checkpoint;
        }
    }

    /// The readings of a motor, oldest first.
    fn of(&self, motor_id: Uuid) -> impl DoubleEndedIterator<Item = &Reading> {
        self.by_motor.get(&motor_id).into_iter().flat_map(BTreeMap::values)
    }
}

#[async_trait]
impl Readings for MemoryReadings {
    async fn commit(&self, commit: ReadingsCommit) -> Result<(), PortError> {
        let finite = |reading: &Reading| reading.features.values().all(|value| value.is_finite());
        if !commit.readings.iter().all(finite) {
            return Err(PortError::new("storing readings", "a feature is no finite number"));
        }
        lock(&self.kept).take_in(commit);
        Ok(())
    }

    async fn checkpoint(&self) -> Result<Option<Checkpoint>, PortError> {
        Ok(lock(&self.kept).checkpoint.clone())
    }

    async fn states(&self, motor_ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>, PortError> {
        let kept = lock(&self.kept);
        let state = |id: &Uuid| Some((*id, kept.states.get(id)?.clone()));
        Ok(motor_ids.iter().filter_map(state).collect())
    }

    async fn motors(&self, after: Option<Uuid>, motors_max: usize) -> Result<Vec<Uuid>, PortError> {
        let kept = lock(&self.kept);
        let later = kept.states.keys().filter(|&&id| after.is_none_or(|after| id > after));
        Ok(later.take(motors_max).copied().collect())
    }

    async fn outgoing(&self, commands_max: usize) -> Result<Vec<OutgoingCommand>, PortError> {
        let kept = lock(&self.kept);
        let oldest = kept.outgoing.iter().take(commands_max);
        Ok(oldest.map(|(&id, command)| OutgoingCommand { id, command: command.clone() }).collect())
    }

    async fn settle(&self, ids: &[u64]) -> Result<(), PortError> {
        let mut kept = lock(&self.kept);
        kept.outgoing.retain(|id, _| !ids.contains(id));
        Ok(())
    }

    async fn trend(&self, query: &TrendQuery) -> Result<Vec<TrendPoint>, PortError> {
        let kept = lock(&self.kept);
        let newest_first = kept.of(query.motor_id).rev().filter_map(|reading| query.point(reading));
        let mut points: Vec<_> = newest_first.take(query.points_max).collect();
        points.reverse();
        Ok(points)
    }

    async fn latest(&self, motor_id: Uuid) -> Result<Vec<Reading>, PortError> {
        let kept = lock(&self.kept);
        let oldest_first = kept.of(motor_id);
        let last: BTreeMap<_, _> =
            oldest_first.map(|reading| ((&reading.sensor, reading.axis), reading)).collect();
        let bare = |reading: &Reading| Reading { spectrum: None, ..reading.clone() };
        Ok(last.into_values().map(bare).collect())
    }

    async fn spectrum(
        &self,
        motor_id: Uuid,
        sensor: Option<&str>,
        axis: Option<Axis>,
    ) -> Result<Option<Reading>, PortError> {
        let kept = lock(&self.kept);
        let mut newest_first = kept.of(motor_id).rev();
        let found = newest_first.find(|reading| {
            reading.spectrum.is_some()
                && sensor.is_none_or(|sensor| sensor == reading.sensor)
                && axis.is_none_or(|axis| axis == reading.axis)
        });
        Ok(found.cloned())
    }

    async fn spectra(&self, query: &SpectraQuery) -> Result<Vec<Reading>, PortError> {
        let kept = lock(&self.kept);
        let newest_first = kept.of(query.motor_id).rev().filter(|reading| query.wants(reading));
        let spectra_max = query.spectra_max.min(SPECTRA_MAX);
        let mut readings: Vec<_> = newest_first.take(spectra_max).cloned().collect();
        readings.reverse();
        Ok(readings)
    }
}

impl SpectraQuery {
    fn wants(&self, reading: &Reading) -> bool {
        reading.spectrum.is_some()
            && self.sensor == reading.sensor
            && self.axis == reading.axis
            && self.from.is_none_or(|from| reading.at >= from)
            && self.to.is_none_or(|to| reading.at < to)
    }
}

impl TrendQuery {
    /// The point that the reading gives, if it is one of those asked for.
    fn point(&self, reading: &Reading) -> Option<TrendPoint> {
        let value = *reading.features.get(&self.feature)?;
        let wanted = self.sensor.as_ref().is_none_or(|sensor| *sensor == reading.sensor)
            && self.axis.is_none_or(|axis| axis == reading.axis)
            && self.from.is_none_or(|from| reading.at >= from)
            && self.to.is_none_or(|to| reading.at < to);
        let Reading { at, axis, .. } = *reading;
        wanted.then(|| TrendPoint { at, sensor: reading.sensor.clone(), axis, value })
    }
}
