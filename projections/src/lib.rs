//! The read side: events become documents, documents become answers.

pub mod cloud_event;
pub mod condition;
mod fleet;
mod images;
mod kind;
mod motor_history;
mod motors;
pub mod plot;
pub mod projection;
pub mod projector;
mod vibration_trend;

use std::sync::Arc;

pub use fleet::{Fleet, FleetMember};
pub use images::{ImageDocument, Images};
pub use kind::{ProjectionKind, collection};
pub use motor_history::MotorHistory;
pub use motors::{MotorDocument, Motors};
pub use vibration_trend::{TrendMarks, VibrationTrend};

/// Every projection there is.
pub fn all() -> Vec<Arc<dyn ProjectionKind>> {
    vec![
        kind::kind::<Motors>(),
        kind::kind::<Fleet>(),
        kind::kind::<MotorHistory>(),
        kind::kind::<Images>(),
        kind::kind::<VibrationTrend>(),
    ]
}
