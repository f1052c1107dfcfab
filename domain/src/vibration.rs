//! What a vibration means: from blocks of samples to windows, spectra, conditions and alarms.
//!
//! ```text
//! SampleBlock ──Assembler──▶ Window ──examine──▶ Condition ──ZoneHold───▶ Verdict
//!                                          │             └─AlarmState──▶ AlarmTransition
//!                                          └───▶ Spectrum ──Watch──▶ Finding
//! ```

pub mod alarm;
pub mod axis;
pub mod band;
pub mod baseline;
pub mod bearing;
pub mod block;
pub mod charts;
pub mod condition;
pub mod custom;
pub mod density;
pub mod departure;
pub mod detection;
mod detector;
pub mod diagnosis;
pub mod envelope;
pub mod examination;
pub mod features;
pub mod inspection;
mod lanes;
pub mod limits;
pub mod octave;
pub mod packed;
pub mod presence;
pub mod quality;
pub mod regime;
pub mod reorder;
mod segment;
pub mod severity;
pub mod slope;
pub mod spectrum;
pub mod support;
pub mod unit;
pub mod waveform;
pub mod window;
pub mod zone_hold;

pub use alarm::{AlarmInput, AlarmSettings, AlarmState, AlarmTransition, Level};
pub use axis::{Axis, Direction};
pub use band::Band;
pub use baseline::{Baseline, BaselineSettings, Baselines};
pub use block::{Measurement, SampleBlock, Statistic};
pub use charts::{Cusum, Ewma, charts};
pub use condition::{Assessment, Condition, Machine, Reason, assess_measurement};
pub use custom::{CustomBoundaries, ZoneEnds};
pub use density::Density;
pub use departure::{Departure, DepartureInput, DepartureState};
pub use diagnosis::{
    Diagnosis, Evidence, Fault, Finding, Gap, Record, RecordSettings, Sight, Subject, Watch,
    order_velocities,
};
pub use envelope::{Demodulator, EnvelopeSpectrum, SquaredEnvelope};
pub use examination::{Examination, assess_window, examine_window};
pub use features::Features;
pub use inspection::{Inspection, inspect};
pub use limits::{Limits, Rule};
pub use octave::{ThirdOctave, third_octaves};
pub use presence::{Presence, PresenceSettings, PresenceTransition};
pub use quality::{Flag, Quality};
pub use regime::Regime;
pub use reorder::Reorder;
pub use severity::{Boundaries, Edition, MachineGroup, Zone, boundaries};
pub use slope::{NoEstimate, Slope, TimeToLimit};
pub use spectrum::{Analyser, Spectrum, Taper};
pub use support::{Mounting, Support};
pub use unit::{Quantity, Unit};
pub use waveform::Waveform;
pub use window::{Assembler, Ended, Placement, Taken, Window, window_samples};
pub use zone_hold::{Verdict, ZoneHold, ZoneSettings};
