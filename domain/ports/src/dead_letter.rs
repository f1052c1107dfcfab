//! Keeps what a handler could not act on, until a person decides.

use async_trait::async_trait;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::PortError;
use crate::event::RecordedEvent;
use crate::stream::StreamName;

/// How long the reason of a dead letter may be; what is longer is cut.
pub const REASON_BYTES_MAX: usize = 4_096;

/// Events parked after their last attempt.
///
/// Order within a stream is kept: once one event of a stream is parked for a handler, the runner parks all later
/// ones behind it. A *sequence* is what one handler has parked of one stream.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Parks an event. Parking the same event for the same handler again changes nothing.
    /// Durable when it returns.
    async fn park(&self, letters: &[NewDeadLetter]) -> Result<(), PortError>;

    /// The streams of which `handler` has parked events.
    async fn parked_streams(&self, handler: &str) -> Result<Vec<StreamName>, PortError>;

    /// What `handler` has parked of `stream`, oldest version first; at most `letters_max`.
    async fn sequence(
        &self,
        handler: &str,
        stream: &StreamName,
        letters_max: usize,
    ) -> Result<Vec<DeadLetter>, PortError>;

    /// All dead letters after id `after`, oldest first; at most `letters_max`.
    async fn list(&self, after: u64, letters_max: usize) -> Result<Vec<DeadLetter>, PortError>;

    /// One of them.
    async fn get(&self, id: u64) -> Result<Option<DeadLetter>, PortError>;

    /// How many there are.
    async fn count(&self) -> Result<u64, PortError>;

    /// Asks the runner of the letter's handler to act on the letter's whole sequence again.
    /// `false` when there is no such letter.
    async fn request_replay(&self, id: u64) -> Result<bool, PortError>;

    /// The streams of `handler` for which a replay was requested and not yet [settled](Self::settle_replay).
    async fn requested_replays(&self, handler: &str) -> Result<Vec<StreamName>, PortError>;

    /// The replay of this sequence is over, for better or worse.
    async fn settle_replay(&self, handler: &str, stream: &StreamName) -> Result<(), PortError>;

    /// Takes a letter out, after it was handled or given up. `false` when there is no such letter.
    async fn remove(&self, id: u64) -> Result<bool, PortError>;
}

/// An event about to be parked.
#[derive(Clone, Debug)]
pub struct NewDeadLetter {
    /// Who could not act on it.
    pub handler: String,
    /// On what.
    pub event: RecordedEvent,
    /// Why not; cut to [`REASON_BYTES_MAX`].
    pub reason: String,
    /// How often it was tried; 0 for an event that only waits behind another.
    pub attempts: u32,
    /// When it was parked.
    pub parked_at: Timestamp,
}

/// A parked event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Later ones have higher ids.
    pub id: u64,
    /// Who could not act on it.
    pub handler: String,
    /// On what.
    pub event: RecordedEvent,
    /// Why not.
    pub reason: String,
    /// How often it was tried; 0 for an event that only waits behind another.
    pub attempts: u32,
    /// When it was parked.
    pub parked_at: Timestamp,
    /// A replay of its sequence was requested.
    pub replay_requested: bool,
}
