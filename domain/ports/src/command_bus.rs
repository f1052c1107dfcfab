//! Takes commands, from wherever they come.

use async_trait::async_trait;
use domain::aggregate::Decide;
use domain::invalid::FieldError;
use domain::rejection::Rejection;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::PortError;
use crate::event::{Metadata, NewEvent};
use crate::event_store::CommandKey;
use crate::stream::{GlobalPosition, StreamName, StreamVersion};

/// The one door for wishes: HTTP, processors and tests all come through here.
#[async_trait]
pub trait CommandBus: Send + Sync {
    /// Decides the command on the aggregate's present state, and records what it decides.
    ///
    /// On success the events are durable. A command with a key that was handled before is not handled again:
    /// it gets the first answer. Without `expected`, a conflict is decided again, never forced.
    async fn send(&self, command: CommandEnvelope) -> Result<Accepted, CommandError>;
}

/// A command and all that travels with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CommandEnvelope {
    /// The aggregate that it is for.
    pub stream: StreamName,
    /// The command in its serialised form, externally tagged: `{"register": {…}}`.
    pub command: serde_json::Value,
    /// Only on this version of the aggregate (`If-Match`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<StreamVersion>,
    /// Makes repeating it harmless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<CommandKey>,
    /// Goes with the events.
    pub metadata: Metadata,
}

impl CommandEnvelope {
    /// `command` for the aggregate `id`, with nothing else said.
    pub fn new<A: Decide>(id: Uuid, command: &A::Command) -> Self {
        Self {
            stream: StreamName::new(A::TYPE, id),
            command: serde_json::to_value(command).expect("commands are plain data"),
            expected: None,
            key: None,
            metadata: Metadata::default(),
        }
    }
}

/// A command that was accepted: its events are durable.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// What it was done to.
    pub stream: StreamName,
    /// The aggregate's version after it.
    pub version: StreamVersion,
    /// The position of the aggregate's last event after it.
    pub position: GlobalPosition,
    /// What was decided; the same when the command is repeated.
    pub events: Vec<NewEvent>,
    /// It was handled before; this is the first answer.
    pub repeated: bool,
}

/// Why a command was not accepted. Nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The rules say no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The command has not the shape of a command of this aggregate.
    #[error("the command cannot be read")]
    Malformed(Vec<FieldError>),
    /// No aggregate of this category takes commands.
    #[error("there is no category {0}")]
    UnknownCategory(String),
    /// The aggregate is not at the version that the sender expects.
    #[error("the aggregate is at version {actual}")]
    VersionMismatch {
        /// What it is at.
        actual: StreamVersion,
    },
    /// The key was used before, for something else.
    #[error("this idempotency key was used for another command")]
    KeyReused,
    /// The same command is being handled at this moment.
    #[error("a command with this idempotency key is being handled")]
    KeyInUse,
    /// Others kept changing the aggregate in between.
    #[error("the aggregate changed {attempts} times while the command was being decided")]
    Contended {
        /// How often it was decided.
        attempts: u32,
    },
    /// Too many commands are waiting already.
    #[error("too many commands are waiting")]
    Overloaded,
    /// A stored event of the aggregate cannot be read, so that nothing can be decided.
    #[error("the history of {stream} cannot be read: {reason}")]
    Corrupt {
        /// Whose history.
        stream: StreamName,
        /// What is wrong with it.
        reason: String,
    },
    /// The store did not answer; the command may be sent again under the same key.
    #[error(transparent)]
    Unavailable(#[from] PortError),
}
