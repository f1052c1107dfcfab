//! Makes the commands that processors send: each with a key, so that repeating it is harmless.

use domain::aggregate::Decide;
use ports::command_bus::{CommandEnvelope, CommandError};
use ports::event::{Metadata, RecordedEvent};
use ports::event_store::CommandKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

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
