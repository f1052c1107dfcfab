//! What a vibration means: from blocks of samples to windows, spectra, conditions and alarms.
//!
//! ```text
//! SampleBlock ──Assembler──▶ Window ──examine──▶ Condition ──AlarmState──▶ AlarmTransition
//!                                          └───▶ Spectrum ──Watch──▶ Finding
//! ```

pub mod alarm;
pub mod axis;
pub mod band;
pub mod bearing;
pub mod block;
pub mod condition;
pub mod density;
pub mod detection;
mod detector;
pub mod diagnosis;
pub mod envelope;
pub mod examination;
pub mod features;
pub mod inspection;
mod packed;
pub mod presence;
pub mod quality;
mod segment;
pub mod severity;
pub mod spectrum;
pub mod support;
pub mod unit;
pub mod window;

pub use alarm::{AlarmInput, AlarmSettings, AlarmState, AlarmTransition, Level, Limits};
pub use axis::{Axis, Direction};
pub use band::Band;
pub use block::{Measurement, SampleBlock, Statistic};
pub use condition::{Assessment, Condition, Machine, Reason, assess_measurement};
pub use density::Density;
pub use diagnosis::{
    Diagnosis, Evidence, Fault, Finding, Gap, Record, RecordSettings, Sight, Subject, Watch,
    order_velocities,
};
pub use envelope::{Demodulator, EnvelopeSpectrum, SquaredEnvelope};
pub use examination::{Examination, assess_window, examine_window};
pub use features::Features;
pub use inspection::{Inspection, inspect};
pub use presence::{Presence, PresenceSettings, PresenceTransition};
pub use quality::{Flag, Quality};
pub use severity::{Boundaries, Edition, MachineGroup, Zone, boundaries};
pub use spectrum::{Analyser, Spectrum, Taper};
pub use support::{Mounting, Support};
pub use unit::{Quantity, Unit};
pub use window::{Assembler, Ended, Placement, Taken, Window, window_samples};
