//! Acts on parked sequences again when a person asks for it, in order, between two batches.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use ports::PortError;
use ports::dead_letter::DeadLetter;
use ports::handler::HandleError;
use ports::stream::StreamName;
use tracing::{info, warn};

use super::Runner;

const SEQUENCE_LETTERS_MAX: usize = 500;

impl Runner {
    /// The runner does it itself, so that no new event of the stream can overtake the parked ones.
    pub(super) async fn replay_requested(&mut self) -> Result<(), PortError> {
        let letters = &self.ports.dead_letters;
        for stream in letters.requested_replays(self.handler.name()).await? {
            if self.replay_sequence(&stream).await? {
                self.ports.dead_letters.settle_replay(self.handler.name(), &stream).await?;
            }
        }
        Ok(())
    }

    /// `false`: it is not over, and stays requested.
    async fn replay_sequence(&mut self, stream: &StreamName) -> Result<bool, PortError> {
        let handler = self.handler.name();
        loop {
            let letters =
                self.ports.dead_letters.sequence(handler, stream, SEQUENCE_LETTERS_MAX).await?;
            if letters.is_empty() {
                info!(handler, %stream, "replayed {stream}");
                self.parked.remove(stream);
                return Ok(true);
            }
            for letter in letters {
                if self.is_draining() || self.is_ahead(&letter) {
                    return Ok(false);
                }
                if !self.replay(&letter).await? {
                    return Ok(true);
                }
                fail::fail_point!("runner-after-replay");
                self.ports.dead_letters.remove(letter.id).await?;
            }
        }
    }

    /// Parked before a crash, and its batch is still to come again: with events before it that were never handled.
    fn is_ahead(&self, letter: &DeadLetter) -> bool {
        letter.event.position > self.status.borrow().position
    }

    /// Whether the event can be handled by now.
    async fn replay(&self, letter: &DeadLetter) -> Result<bool, PortError> {
        let (handler, stream, id) = (self.handler.name(), &letter.event.stream, letter.id);
        let handling = AssertUnwindSafe(self.handler.replay(&letter.event)).catch_unwind();
        match handling.await {
            Ok(Ok(())) => Ok(true),
            Ok(Err(HandleError::Unavailable(error))) => Err(error),
            Ok(Err(HandleError::Poison { reason, .. })) => {
                warn!(handler, %stream, id, reason, "it still cannot be handled");
                Ok(false)
            }
            Err(_) => {
                warn!(handler, %stream, id, "the handler still panics");
                Ok(false)
            }
        }
    }
}
