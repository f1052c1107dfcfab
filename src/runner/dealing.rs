//! One batch: handled as a whole where possible, without the poisoned streams where not.

use std::collections::{BTreeSet, HashMap};
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

type Events = Vec<RecordedEvent>;

impl Runner {
    /// Handles or parks every event; the handler's progress is durable when it returns.
    /// `false`: it is time to drain, nothing counts as done, and all of it will be seen again.
    pub(super) async fn deal_with(
        &mut self,
        events: Events,
        progress: &Progress,
    ) -> Result<bool, PortError> {
        let (waiting, mut events) = self.split_waiting(events).await?;
        self.park(&waiting, WAITS, 0).await?;
        let mut attempt = 1;
        let mut delay = self.settings.first_delay();
        loop {
            let Some((position, reason)) = self.try_batch(&events, progress).await? else {
                return Ok(true);
            };
            if attempt < self.settings.attempts_max {
                warn!(handler = self.handler.name(), %position, attempt, %reason, "an event failed");
                attempt += 1;
                if self.drains_within(delay).await {
                    return Ok(false);
                }
                delay = self.settings.longer(delay);
                continue;
            }
            events = self.park_stream_of(events, position, &reason, attempt).await?;
            (attempt, delay) = (1, self.settings.first_delay());
        }
    }

    /// The events that wait behind a parked one, and the others.
    ///
    /// An event before the first parked one of its stream does not wait: it comes again after a crash between parking
    /// and progress, and may never have been handled. Nor does any where a person has discarded all that was parked.
    async fn split_waiting(&mut self, events: Events) -> Result<(Events, Events), PortError> {
        let streams = events.iter().map(|event| &event.stream);
        let parked: BTreeSet<_> = streams.filter(|stream| self.parked.contains(stream)).collect();
        let mut heads = HashMap::new();
        for stream in parked.into_iter().cloned() {
            let first = self.ports.dead_letters.sequence(self.handler.name(), &stream, 1).await?;
            match first.first() {
                Some(head) => _ = heads.insert(stream, head.event.version),
                None => _ = self.parked.remove(&stream),
            }
        }
        let waits = |event: &RecordedEvent| {
            heads.get(&event.stream).is_some_and(|head| *head <= event.version)
        };
        Ok(events.into_iter().partition(waits))
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
            Err(_) => self.find_culprit(events, progress).await,
        }
    }

    async fn find_culprit(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
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
        // Each of them took effect by itself: only the progress is missing.
        let handling = AssertUnwindSafe(self.handler.handle(&[], progress)).catch_unwind();
        match handling.await {
            Ok(result) => blame(result),
            Err(panic) => {
                let attempted = format!("taking on the progress of {}", self.handler.name());
                Err(PortError::new(attempted, told_by(&*panic)))
            }
        }
    }

    /// Parks the event at `position` and all later ones of its stream, and gives the rest.
    async fn park_stream_of(
        &mut self,
        events: Events,
        position: GlobalPosition,
        reason: &str,
        attempts: u32,
    ) -> Result<Events, PortError> {
        let blamed = events.iter().find(|event| event.position == position);
        let Some(stream) = blamed.map(|event| event.stream.clone()) else {
            let attempted = format!("handling a batch with {}", self.handler.name());
            return Err(PortError::new(attempted, reason.to_owned()));
        };
        let of_stream =
            |event: &RecordedEvent| event.stream == stream && event.position >= position;
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

fn blame(result: Result<(), HandleError>) -> Result<Option<(GlobalPosition, String)>, PortError> {
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
