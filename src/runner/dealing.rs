//! One batch: handled as a whole where possible, without the poisoned streams where not.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::dead_letter::NewDeadLetter;
use ports::event::RecordedEvent;
use ports::handler::HandleError;
use ports::stream::GlobalPosition;
use tracing::warn;

use super::Runner;

const WAITS: &str = "waits behind an earlier event of its stream";

impl Runner {
    /// Handles or parks every event; the handler's progress is durable when it returns.
    pub(super) async fn deal_with(
        &mut self,
        events: Vec<RecordedEvent>,
        progress: &Progress,
    ) -> Result<(), PortError> {
        self.forget_discarded(&events).await?;
        let (waiting, mut events): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| self.parked.contains(&event.stream));
        self.park(&waiting, WAITS, 0).await?;
        let mut attempt = 1;
        let mut delay = self.first_delay();
        loop {
            let Some((position, reason)) = self.try_batch(&events, progress).await? else {
                return Ok(());
            };
            if attempt < self.settings.attempts_max {
                warn!(handler = self.handler.name(), %position, attempt, %reason, "an event failed");
                attempt += 1;
                self.pause(delay).await;
                delay = self.longer(delay);
                continue;
            }
            events = self.park_stream_of(events, position, &reason, attempt).await?;
            (attempt, delay) = (1, self.first_delay());
        }
    }

    /// A person may have discarded the last parked event of a stream: nothing stands before its next one then.
    async fn forget_discarded(&mut self, events: &[RecordedEvent]) -> Result<(), PortError> {
        let streams: HashSet<_> = events.iter().map(|event| &event.stream).collect();
        for stream in streams {
            if !self.parked.contains(stream) {
                continue;
            }
            let first = self.ports.dead_letters.sequence(self.handler.name(), stream, 1).await?;
            if first.is_empty() {
                self.parked.remove(stream);
            }
        }
        Ok(())
    }

    /// `None`: handled. `Some`: which event is to blame, and why.
    async fn try_batch(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<Option<(GlobalPosition, String)>, PortError> {
        let handling = AssertUnwindSafe(self.handler.handle(events, progress)).catch_unwind();
        match handling.await {
            Ok(result) => blame(result),
            // A panic does not say whose fault it is, so they are tried one by one.
            Err(_) => self.find_culprit(events).await,
        }
    }

    async fn find_culprit(
        &self,
        events: &[RecordedEvent],
    ) -> Result<Option<(GlobalPosition, String)>, PortError> {
        for event in events {
            let handling = AssertUnwindSafe(self.handler.replay(event)).catch_unwind();
            match handling.await {
                Ok(result) => {
                    if let Some(culprit) = blame(result)? {
                        return Ok(Some(culprit));
                    }
                }
                Err(panic) => return Ok(Some((event.position, told_by(&*panic)))),
            }
        }
        let last = events.last().map_or(GlobalPosition(0), |event| event.position);
        Ok(Some((last, "the handler panicked on the batch and on none of its events".to_owned())))
    }

    /// Parks the event at `position` and all later ones of its stream, and gives the rest.
    async fn park_stream_of(
        &mut self,
        events: Vec<RecordedEvent>,
        position: GlobalPosition,
        reason: &str,
        attempts: u32,
    ) -> Result<Vec<RecordedEvent>, PortError> {
        let blamed = events.iter().find(|event| event.position == position);
        let Some(stream) = blamed.map(|event| event.stream.clone()) else {
            let attempted = format!("handling a batch with {}", self.handler.name());
            return Err(PortError::new(attempted, reason.to_owned()));
        };
        let of_stream = |event: &RecordedEvent| event.stream == stream && event.position >= position;
        let (parked, rest): (Vec<_>, Vec<_>) = events.into_iter().partition(of_stream);
        warn!(handler = self.handler.name(), %stream, %position, reason, "parking {stream}");
        self.park(&parked[..1], reason, attempts).await?;
        self.park(&parked[1..], WAITS, 0).await?;
        self.parked.insert(stream);
        Ok(rest)
    }

    async fn park(
        &self,
        events: &[RecordedEvent],
        reason: &str,
        attempts: u32,
    ) -> Result<(), PortError> {
        if events.is_empty() {
            return Ok(());
        }
        let parked_at = self.ports.clock.now();
        let letter = |event: &RecordedEvent| NewDeadLetter {
            handler: self.handler.name().to_owned(),
            event: event.clone(),
            reason: reason.to_owned(),
            attempts,
            parked_at,
        };
        let letters: Vec<_> = events.iter().map(letter).collect();
        self.ports.dead_letters.park(&letters).await?;
        fail::fail_point!("runner-after-park");
        Ok(())
    }
}

fn blame(
    result: Result<(), HandleError>,
) -> Result<Option<(GlobalPosition, String)>, PortError> {
    match result {
        Ok(()) => Ok(None),
        Err(HandleError::Poison { position, reason }) => Ok(Some((position, reason))),
        Err(HandleError::Unavailable(error)) => Err(error),
    }
}

fn told_by(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("the handler panicked: {}", text.unwrap_or_else(|| "no message".to_owned()))
}
