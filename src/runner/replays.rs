//! Acts on parked sequences again when a person asks for it, in order, between two batches.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use ports::PortError;
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
            self.replay_sequence(&stream).await?;
            self.ports.dead_letters.settle_replay(self.handler.name(), &stream).await?;
        }
        Ok(())
    }

    async fn replay_sequence(&mut self, stream: &StreamName) -> Result<(), PortError> {
        let handler = self.handler.name();
        loop {
            let letters =
                self.ports.dead_letters.sequence(handler, stream, SEQUENCE_LETTERS_MAX).await?;
            if letters.is_empty() {
                info!(handler, %stream, "replayed {stream}");
                self.parked.remove(stream);
                return Ok(());
            }
            for letter in letters {
                let handling = AssertUnwindSafe(self.handler.replay(&letter.event)).catch_unwind();
                match handling.await {
                    Ok(Ok(())) => {
                        fail::fail_point!("runner-after-replay");
                        self.ports.dead_letters.remove(letter.id).await?;
                    }
                    Ok(Err(HandleError::Unavailable(error))) => return Err(error),
                    Ok(Err(HandleError::Poison { reason, .. })) => {
                        warn!(handler, %stream, id = letter.id, reason, "it still cannot be handled");
                        return Ok(());
                    }
                    Err(_) => {
                        warn!(handler, %stream, id = letter.id, "the handler still panics");
                        return Ok(());
                    }
                }
            }
        }
    }
}
