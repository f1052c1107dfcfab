//! Makes the commands that processors send: each with a key, so that repeating it is harmless.

use std::time::Duration;

use domain::aggregate::Decide;
use ports::command_bus::{Accepted, CommandBus, CommandEnvelope, CommandError};
use ports::event::{Metadata, RecordedEvent};
use ports::event_store::CommandKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::sleep;
use tracing::warn;
use uuid::Uuid;

use crate::backoff::Backoff;

/// Between two tries to have a command decided.
const SEND_AGAIN: Backoff = Backoff { first_s: 0.2, max_s: 10.0 };

/// What led to a command, handed on to the events that it leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cause {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    causation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
}

impl From<&RecordedEvent> for Cause {
    fn from(event: &RecordedEvent) -> Self {
        let id = event.id();
        let Metadata { correlation_id, traceparent, .. } = event.metadata.clone();
        Self {
            correlation_id: correlation_id.or_else(|| Some(id.clone())),
            causation_id: Some(id),
            traceparent,
        }
    }
}

/// `command` for the aggregate `id`, asked for by `actor` under a key of its own.
pub(crate) fn wish<A: Decide>(
    id: Uuid,
    command: &A::Command,
    actor: &str,
    key: String,
    cause: &Cause,
) -> CommandEnvelope {
    let mut envelope = CommandEnvelope::new::<A>(id, command);
    envelope.metadata = Metadata {
        command_id: Some(key.clone()),
        correlation_id: cause.correlation_id.clone(),
        causation_id: cause.causation_id.clone(),
        traceparent: cause.traceparent.clone(),
        actor: Some(actor.to_owned()),
    };
    let fingerprint = fingerprint(&envelope);
    envelope.key = Some(CommandKey { scope: actor.to_owned(), key, fingerprint });
    envelope
}

fn fingerprint(envelope: &CommandEnvelope) -> String {
    let asked = format!("{} {}", envelope.stream, envelope.command);
    Sha256::digest(asked).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends a command until it was decided, for as long as anybody waits for that.
pub(crate) async fn send_until_decided(
    bus: &dyn CommandBus,
    command: CommandEnvelope,
) -> Result<Accepted, CommandError> {
    let (_, seed) = command.stream.id.as_u64_pair();
    let mut failures: u32 = 0;
    loop {
        match bus.send(command.clone()).await {
            Err(error) if is_passing(&error) => {
                failures = failures.saturating_add(1);
                warn!(stream = %command.stream, "sending to {}: {error}", command.stream);
                sleep(Duration::from_secs_f64(SEND_AGAIN.delay_s(failures, seed))).await;
            }
            decided => return decided,
        }
    }
}

/// Whether the command was not decided, and may be sent again under its key.
pub(crate) fn is_passing(error: &CommandError) -> bool {
    match error {
        CommandError::KeyInUse
        | CommandError::Contended { .. }
        | CommandError::Overloaded
        | CommandError::Unavailable(_) => true,
        CommandError::Rejected(_)
        | CommandError::Malformed(_)
        | CommandError::UnknownCategory(_)
        | CommandError::VersionMismatch { .. }
        | CommandError::KeyReused
        | CommandError::Corrupt { .. } => false,
    }
}
