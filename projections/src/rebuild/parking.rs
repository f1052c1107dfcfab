//! Parks what cannot be folded, and what waits behind it.

use std::collections::HashMap;
use std::sync::Arc;

use ports::PortError;
use ports::clock::Clock;
use ports::dead_letter::{DeadLetters, NewDeadLetter};
use ports::event::RecordedEvent;
use ports::stream::{GlobalPosition, StreamName};

use super::patience::patiently;

const LETTERS_MAX: usize = 1_000;
const BEHIND: &str = "waits behind an earlier event of its stream";

/// The streams that are parked for one handler.
pub(super) struct Parking {
    /// How many events were parked.
    pub(super) events: u64,
    handler: String,
    dead_letters: Arc<dyn DeadLetters>,
    clock: Arc<dyn Clock>,
    /// With the position up to which all of the stream that is to be parked has been.
    streams: HashMap<StreamName, GlobalPosition>,
}

impl Parking {
    pub(super) fn of(
        handler: &str,
        dead_letters: &Arc<dyn DeadLetters>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        Self {
            events: 0,
            handler: handler.to_owned(),
            dead_letters: Arc::clone(dead_letters),
            clock: Arc::clone(clock),
            streams: HashMap::new(),
        }
    }

    /// Learns what a runner has parked already, so that later events wait behind it.
    pub(super) async fn know_parked(&mut self) -> Result<(), PortError> {
        let streams = patiently(|| self.dead_letters.parked_streams(&self.handler)).await?;
        self.streams.extend(streams.into_iter().map(|stream| (stream, GlobalPosition(0))));
        Ok(())
    }

    /// Parks those of `events` that wait behind others, unless they are parked already, and gives the rest.
    pub(super) async fn sift(
        &mut self,
        mut events: Vec<RecordedEvent>,
    ) -> Result<Vec<RecordedEvent>, PortError> {
        if self.streams.is_empty() {
            return Ok(events);
        }
        let behind = events.extract_if(.., |event| self.streams.contains_key(&event.stream));
        let behind: Vec<RecordedEvent> = behind.collect();
        let is_new = |event: &&RecordedEvent| event.position > self.streams[&event.stream];
        let letters = behind.iter().filter(is_new).map(|event| self.letter(event, BEHIND, 0));
        self.park(letters.collect()).await?;
        for event in behind {
            let through = self.streams.entry(event.stream).or_default();
            *through = event.position.max(*through);
        }
        Ok(events)
    }

    /// Parks `poison`; from now on, its stream waits behind it.
    pub(super) async fn park_stream(
        &mut self,
        poison: &RecordedEvent,
        reason: &str,
    ) -> Result<(), PortError> {
        self.park(vec![self.letter(poison, reason, 1)]).await?;
        self.streams.insert(poison.stream.clone(), poison.position);
        Ok(())
    }

    async fn park(&mut self, letters: Vec<NewDeadLetter>) -> Result<(), PortError> {
        if !letters.is_empty() {
            patiently(|| self.dead_letters.park(&letters)).await?;
        }
        self.events += letters.len() as u64;
        Ok(())
    }

    fn letter(&self, event: &RecordedEvent, reason: &str, attempts: u32) -> NewDeadLetter {
        NewDeadLetter {
            handler: self.handler.clone(),
            event: event.clone(),
            reason: reason.to_owned(),
            attempts,
            parked_at: self.clock.now(),
        }
    }
}

/// Takes out all dead letters of a generation that is no more.
pub(super) async fn forget_letters(
    dead_letters: &dyn DeadLetters,
    handler: &str,
) -> Result<(), PortError> {
    for stream in dead_letters.parked_streams(handler).await? {
        loop {
            let letters = dead_letters.sequence(handler, &stream, LETTERS_MAX).await?;
            if letters.is_empty() {
                break;
            }
            for letter in letters {
                dead_letters.remove(letter.id).await?;
            }
        }
        dead_letters.settle_replay(handler, &stream).await?;
    }
    Ok(())
}
