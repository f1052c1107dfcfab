//! The history of each motor: one document per event, in the order in which they happened to it.

use ports::event::RecordedEvent;
use ports::read_models::Field;

use crate::cloud_event::CloudEvent;
use crate::projection::{FoldError, Projection};

/// One document per event of a motor.
pub struct MotorHistory;

/// By which a motor's history is found: its id, where `CloudEvents` have it.
pub(crate) const MOTOR_FIELD: &str = "subject";

impl Projection for MotorHistory {
    const NAME: &'static str = "motor_history";
    const CATEGORIES: &'static [&'static str] = &["motor"];
    const VERSION: u32 = 2;
    const FIELDS: &'static [Field] = &[Field { name: MOTOR_FIELD }];
    type Document = CloudEvent;

    /// The version has leading zeros, so that keys sort as versions do.
    fn key(event: &RecordedEvent) -> Option<String> {
        Some(format!("{}/{:020}", event.stream.id, event.version.0))
    }

    fn evolve(
        _: Option<CloudEvent>,
        event: &RecordedEvent,
    ) -> Result<Option<CloudEvent>, FoldError> {
        Ok(Some(CloudEvent::from(event)))
    }
}
