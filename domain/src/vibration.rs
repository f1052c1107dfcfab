//! What a vibration means: from blocks of samples to windows, spectra, conditions and alarms.
//!
//! ```text
//! SampleBlock ──Assembler──▶ Window ──assess──▶ Condition ──AlarmState──▶ AlarmTransition
//! ```

pub mod alarm;
pub mod axis;
pub mod band;
pub mod block;
pub mod condition;
mod detector;
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
pub use condition::{Assessment, Condition, Machine, Reason, assess_measurement, assess_window};
pub use features::Features;
pub use inspection::{Inspection, inspect};
pub use presence::{Presence, PresenceSettings, PresenceTransition};
pub use quality::{Flag, Quality};
pub use severity::{Boundaries, Edition, MachineGroup, Zone, boundaries};
pub use spectrum::{Analyser, Spectrum, Taper};
pub use support::{Mounting, Support};
pub use unit::{Quantity, Unit};
pub use window::{Assembler, Ended, Placement, Taken, Window, window_samples};
