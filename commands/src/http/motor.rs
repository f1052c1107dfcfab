//! Whether a motor is in service, as the write side knows it.

use domain::motor::{Command, Motor, Revision};
use ports::command_bus::{CommandEnvelope, CommandError};
use uuid::Uuid;

use crate::registry::Commands;

/// Asks the motor's own rules: a revision that revises nothing is refused exactly when the motor takes nothing in.
///
/// What this process did is seen at once, what others did within [`crate::execute::REHEARSAL_AGE_MS_MAX`]. A motor
/// that is in service costs one read of the store in that time, however often it is asked.
pub(super) async fn require_in_service(
    commands: &Commands,
    motor_id: Uuid,
) -> Result<(), CommandError> {
    let idle = Command::Revise(Revision::default());
    commands.rehearse(&CommandEnvelope::new::<Motor>(motor_id, &idle)).await
}
