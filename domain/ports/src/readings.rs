//! What the vibration processor leaves behind: readings, its own state, and the commands that it wants sent.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::time::Timestamp;
pub use domain::vibration::{Axis, packed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::PortError;
use crate::checkpoint::Checkpoint;
use crate::command_bus::CommandEnvelope;

/// A time series of readings, with the processor's state beside it so that both move together.
#[async_trait]
pub trait Readings: Send + Sync {
    /// Stores all of `commit` or nothing; durable when it returns. A reading of the same motor, sensor, axis and
    /// time replaces the earlier one, so that a repeated commit changes nothing.
    async fn commit(&self, commit: ReadingsCommit) -> Result<(), PortError>;

    /// Where the processor resumes.
    async fn checkpoint(&self) -> Result<Option<Checkpoint>, PortError>;

    /// The processor's state of these motors; those without any are absent.
    async fn states(&self, motor_ids: &[Uuid]) -> Result<BTreeMap<Uuid, String>, PortError>;

    /// The motors of which there is a state, after `after` in the order of ids; at most `motors_max`.
    async fn motors(&self, after: Option<Uuid>, motors_max: usize) -> Result<Vec<Uuid>, PortError>;

    /// Commands still to be sent, oldest first; at most `commands_max`.
    async fn outgoing(&self, commands_max: usize) -> Result<Vec<OutgoingCommand>, PortError>;

    /// These commands were dealt with.
    async fn settle(&self, ids: &[u64]) -> Result<(), PortError>;

    /// The values of one feature, oldest first; the newest `points_max` of those that match.
    async fn trend(&self, query: &TrendQuery) -> Result<Vec<TrendPoint>, PortError>;

    /// The last reading of each sensor and axis of a motor, without spectra, by sensor and axis.
    async fn latest(&self, motor_id: Uuid) -> Result<Vec<Reading>, PortError>;

    /// The newest reading of a motor that has a spectrum, narrowed to a sensor and an axis where given.
    async fn spectrum(
        &self,
        motor_id: Uuid,
        sensor: Option<&str>,
        axis: Option<Axis>,
    ) -> Result<Option<Reading>, PortError>;

    /// The readings of one sensor and axis that have a spectrum and lie in a time, oldest first; the newest
    /// `spectra_max` of them, and no more than are still kept.
    async fn spectra(&self, query: &SpectraQuery) -> Result<Vec<Reading>, PortError>;
}

/// One step of the processor.
#[derive(Clone, Debug, Default)]
pub struct ReadingsCommit {
    /// What was measured.
    pub readings: Vec<Reading>,
    /// The processor's state by motor, as JSON text.
    pub states: Vec<(Uuid, String)>,
    /// What it wants done.
    pub outgoing: Vec<CommandEnvelope>,
    /// Where it resumes.
    pub checkpoint: Option<Checkpoint>,
}

/// A command that waits to be sent.
#[derive(Clone, Debug)]
pub struct OutgoingCommand {
    /// Later ones have higher ids.
    pub id: u64,
    /// It has a key: sending it twice is harmless.
    pub command: CommandEnvelope,
}

/// What one window of samples, or one scalar, tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Whose it is.
    pub motor_id: Uuid,
    /// Where it was measured: `DE`.
    pub sensor: String,
    /// In which direction.
    pub axis: Axis,
    /// When the measuring ended.
    pub at: Timestamp,
    /// By feature name, unit last: `velocity_rms_mm_s`, `kurtosis`. Finite numbers only.
    pub features: BTreeMap<String, f64>,
    /// What is doubtful about it, in `snake_case`: `clipped`.
    pub quality: Vec<String>,
    /// Absent for scalars, and where it is not kept.
    pub spectrum: Option<Spectrum>,
}

/// A one-sided amplitude spectrum with evenly spaced lines, the first at 0 Hz.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spectrum {
    /// From line to line.
    pub resolution_hz: f64,
    /// Of the amplitudes: `m/s2`.
    pub unit: String,
    /// Peak amplitudes.
    pub amplitudes: Vec<f32>,
    /// The shaft's speed while measuring, when known.
    pub speed_rpm: Option<f64>,
}

/// Which part of a time series.
#[derive(Clone, Debug)]
pub struct TrendQuery {
    /// Whose.
    pub motor_id: Uuid,
    /// Which feature: `velocity_rms_mm_s`.
    pub feature: String,
    /// Only this sensor.
    pub sensor: Option<String>,
    /// Only this axis.
    pub axis: Option<Axis>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// At most this many, the newest.
    pub points_max: usize,
}

/// Which spectra.
#[derive(Clone, Debug)]
pub struct SpectraQuery {
    /// Whose.
    pub motor_id: Uuid,
    /// Of this sensor.
    pub sensor: String,
    /// Of this axis.
    pub axis: Axis,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// At most this many, the newest. No adapter gives more than [`SPECTRA_MAX`].
    pub spectra_max: usize,
}

/// The most spectra of one answer: each may be some ten kilobytes.
pub const SPECTRA_MAX: usize = 256;

/// One value of a time series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrendPoint {
    /// When the measuring ended.
    pub at: Timestamp,
    /// Where it was measured.
    pub sensor: String,
    /// In which direction.
    pub axis: Axis,
    /// In the feature's unit.
    pub value: f64,
}
