//! What a vibration means: units, blocks of samples and severity.
//!
//! ```text
//! SampleBlock ──Assembler──▶ Window ──assess──▶ Condition ──AlarmState──▶ AlarmTransition
//! ```

pub mod axis;
pub mod block;
mod packed;
pub mod severity;
pub mod support;
pub mod unit;

pub use axis::{Axis, Direction};
pub use block::{Measurement, SampleBlock, Statistic};
pub use severity::{Boundaries, Edition, MachineGroup, Zone, boundaries};
pub use support::{Mounting, Support};
pub use unit::{Quantity, Unit};
