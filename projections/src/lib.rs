//! The read side: events become documents, documents become answers.

pub mod cloud_event;
pub mod condition;
mod diagnosis;
mod fleet;
mod fleet_numbers;
pub mod folding;
pub mod generation;
pub mod http;
mod images;
mod kind;
pub mod live;
mod motor_history;
mod motors;
mod notifications;
mod openapi;
pub mod plot;
pub mod projection;
pub mod projector;
pub mod rebuild;
mod vibration_trend;

use std::sync::Arc;

pub use diagnosis::{Diagnoses, DiagnosisDocument, StandingFinding};
pub use fleet::{Fleet, FleetMember};
pub use fleet_numbers::{Alarms, FleetNumbers, Zones, count_fleet};
pub use images::{ImageDocument, Images, count_by_state};
pub use kind::{ProjectionKind, collection};
pub use motor_history::MotorHistory;
pub use motors::{MotorDocument, Motors};
pub use notifications::{NotificationDocument, Notifications};
pub use openapi::openapi;
pub use vibration_trend::{TrendMarks, VibrationTrend};

/// Every projection there is.
pub fn all() -> Vec<Arc<dyn ProjectionKind>> {
    vec![
        kind::kind::<Motors>(),
        kind::kind::<Fleet>(),
        kind::kind::<MotorHistory>(),
        kind::kind::<Images>(),
        kind::kind::<Notifications>(),
        kind::kind::<VibrationTrend>(),
        kind::kind::<Diagnoses>(),
    ]
}
