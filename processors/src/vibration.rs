//! Tells from vibration samples how motors are, and lets them know.
//!
//! ```text
//! motor events ──▶ Fleet (nameplates, acknowledgements)
//!                    │
//! SampleFeed ──▶ Assessor ──▶ Readings: readings, state per motor, commands to be sent, checkpoint — in one commit
//!                                                                        │
//!                                                                     Sender ──▶ CommandBus
//! ```
//!
//! What becomes of a sample depends on the motor's state and on the sample, its time of arrival included: not on how
//! samples come in batches, nor on when the processor was started, nor on any other motor. So a batch that comes again
//! after a crash gives the same readings and commands, and the commands carry the same keys.

mod assessor;
mod fleet;
mod motor;
mod point;
mod reading;
pub mod reprocess;
mod roster;
mod sender;
mod sight;
mod tally;
mod telling;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::vibration::{
    AlarmSettings, Analyser, BaselineSettings, Demodulator, PresenceSettings, RecordSettings,
    ZoneSettings,
};
use tokio::sync::Notify;

use crate::{Dependencies, Processor, Service};

pub use assessor::Assessor;
pub use fleet::Fleet;
pub use sender::Sender;
pub use tally::{Dropped, Tally};

/// There is one checkpoint, and the state of each motor is in one memory: it works in one process at a time.
pub(crate) const NAME: &str = "vibration";

/// The processor of vibration.
pub fn processor(dependencies: &Dependencies, settings: VibrationSettings) -> Processor {
    let (fleet, tally) = (Arc::<Fleet>::default(), Arc::<Tally>::default());
    let outgoing = Arc::<Notify>::default();
    let sender = Sender::new(dependencies, Arc::clone(&outgoing));
    let assessor =
        Assessor::new(dependencies, Arc::clone(&fleet), Arc::clone(&tally), outgoing, settings);
    Processor {
        name: NAME,
        handlers: vec![fleet],
        duties: Vec::new(),
        services: vec![
            Service::new("vibration-assessor", assessor, Assessor::run),
            Service::new("vibration-sender", sender, Sender::run),
        ],
        dropped: Some(tally),
    }
}

/// How vibration is judged.
#[derive(Clone, Debug)]
pub struct VibrationSettings {
    /// So many samples (blocks or values) are taken at a time, if their feed does not find them too heavy. 512: the states of
    /// motors are stored once in each batch, however many blocks of theirs are in it.
    pub batch_samples_max: usize,
    /// So many states are kept in memory; the others are read again when their motor speaks. 1000.
    pub motors_cached_max: usize,
    /// For so long a sample may hold up the others while its motor is not known yet, in seconds. 2.
    pub unknown_wait_s_max: f64,
    /// Between two looks for sensors that have fallen silent, in seconds. 1.
    pub tick_s: f64,
    /// When a change of zone is told.
    pub zone: ZoneSettings,
    /// When alarms are raised and cleared.
    pub alarm: AlarmSettings,
    /// When a baseline is known.
    pub baseline: BaselineSettings,
    /// When a sensor is lost.
    pub presence: PresenceSettings,
    /// When a fault is found.
    pub diagnosis: RecordSettings,
}

/// What a thread works with: its plans are dear.
#[derive(Default)]
struct Instruments {
    analyser: Analyser,
    demodulator: Demodulator,
}

impl Default for VibrationSettings {
    fn default() -> Self {
        Self {
            batch_samples_max: 512,
            motors_cached_max: 1_000,
            unknown_wait_s_max: 2.0,
            tick_s: 1.0,
            zone: ZoneSettings::default(),
            alarm: AlarmSettings::default(),
            baseline: BaselineSettings::default(),
            presence: PresenceSettings::default(),
            diagnosis: RecordSettings::default(),
        }
    }
}
