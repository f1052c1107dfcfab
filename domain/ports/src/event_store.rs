//! Appends events to streams, and reads streams.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::PortError;
use crate::event::{Metadata, NewEvent, RecordedEvent};
use crate::stream::{GlobalPosition, StreamName, StreamVersion};

/// How many events one append may carry.
pub const APPEND_EVENTS_MAX: usize = 1_000;

/// The streams, and with them the truth.
///
/// ```text
/// stream   motor-1:  1 ── 2 ────── 3          versions: no gaps in a stream
///          motor-2:       1 ── 2 ────── 3
/// log                1    2    3   4    5     positions: no gaps, in commit order
/// ```
#[async_trait]
pub trait EventStore: Send + Sync {
    /// Appends all events of `append` or none, and remembers its command key with them.
    ///
    /// On success they are durable, follow one another in the stream and in the log, and every later read sees
    /// them. Of two appends racing for the same version one wins. A command key wins once: whoever comes with
    /// the same key later, also within the same batch, gets [`AppendError::Repeated`] and changes nothing.
    /// An append without events only remembers the key.
    ///
    /// When the future is dropped the append may or may not happen, but never in part.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// The events of `stream` after version `after`, oldest first; at most `events_max`.
    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, PortError>;

    /// What was remembered under a command key, if it is still kept.
    async fn find_command(&self, key: &CommandKey) -> Result<Option<CommandRecord>, PortError>;
}

/// What one command adds to one stream.
#[derive(Clone, Debug)]
pub struct Append {
    /// Where to.
    pub stream: StreamName,
    /// The version that the decision was made on. The append is refused when the stream has moved on.
    pub expected: StreamVersion,
    /// What happened, in order; at most [`APPEND_EVENTS_MAX`].
    pub events: Vec<NewEvent>,
    /// Goes with every one of the events.
    pub metadata: Metadata,
    /// Makes repeating the command harmless.
    pub key: Option<CommandKey>,
}

/// Where an append ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// The stream's version after it.
    pub version: StreamVersion,
    /// The position of its last event; of the stream's last event when it carried none.
    pub position: GlobalPosition,
}

/// The name under which a command is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandKey {
    /// Who chose the key and for what, so that two clients cannot meet by accident: actor and route.
    pub scope: String,
    /// As the client chose it, or derived from the event that led to the command.
    pub key: String,
    /// SHA-256 of what was asked, in hex: the same key with another wish is an error.
    pub fingerprint: String,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRecord {
    /// What was asked.
    pub fingerprint: String,
    /// What it was done to.
    pub stream: StreamName,
    /// How it ended.
    pub appended: Appended,
    /// How many events it appended: those that end at `appended.version`.
    pub events: u64,
}

/// Why an append did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The decision was made on an old state.
    #[error("the stream is at version {actual}, not {expected}")]
    Conflict {
        /// What the writer believed.
        expected: StreamVersion,
        /// What the stream is at.
        actual: StreamVersion,
    },
    /// The key was used before. The caller compares fingerprints.
    #[error("the command was handled before")]
    Repeated(CommandRecord),
    /// Nothing is known to have happened; it may be tried again under the same key.
    #[error(transparent)]
    Unavailable(#[from] PortError),
}
