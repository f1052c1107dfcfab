//! Folds the log into one generation, parking what cannot be folded, as a runner would.

use std::collections::HashSet;
use std::sync::Arc;

use ports::PortError;
use ports::checkpoint::Progress;
use ports::clock::Clock;
use ports::dead_letter::{DeadLetters, NewDeadLetter};
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::handler::{EventHandler, HandleError};
use ports::stream::{GlobalPosition, StreamName};
use ports::subscription::progress_at;

use super::patience::patiently;
use super::{Phase, Rebuild, RebuildProgress};

/// Large, since each batch costs one read and one write of every document that it touches.
const BATCH_EVENTS_MAX: usize = 5_000;
const LETTERS_MAX: usize = 1_000;

/// One generation on its way through the log.
pub(super) struct Filling {
    pub(super) generation: u64,
    pub(super) events_folded: u64,
    pub(super) events_parked: u64,
    handler: Arc<dyn EventHandler>,
    log: Arc<dyn EventLog>,
    dead_letters: Arc<dyn DeadLetters>,
    clock: Arc<dyn Clock>,
    query: LogQuery,
    parked: HashSet<StreamName>,
}

impl Filling {
    pub(super) fn new(rebuild: &Rebuild, generation: u64, from: GlobalPosition) -> Self {
        let categories =
            rebuild.kind.categories().iter().map(|&category| category.to_owned()).collect();
        Self {
            generation,
            events_folded: 0,
            events_parked: 0,
            handler: rebuild.kind.projector(generation, Arc::clone(&rebuild.models)),
            log: Arc::clone(&rebuild.log),
            dead_letters: Arc::clone(&rebuild.dead_letters),
            clock: Arc::clone(&rebuild.clock),
            query: LogQuery {
                after: from,
                events_max: BATCH_EVENTS_MAX,
                categories,
                event_type: None,
            },
            parked: HashSet::new(),
        }
    }

    pub(super) const fn position(&self) -> GlobalPosition {
        self.query.after
    }

    pub(super) const fn progress(&self, phase: Phase, head: GlobalPosition) -> RebuildProgress {
        RebuildProgress {
            phase,
            generation: self.generation,
            position: self.query.after,
            head,
            events_parked: self.events_parked,
        }
    }

    /// Learns what a runner has parked already, so that later events wait behind it.
    pub(super) async fn know_parked(&mut self) -> Result<(), PortError> {
        let streams = patiently(|| self.dead_letters.parked_streams(self.handler.name())).await?;
        self.parked.extend(streams);
        Ok(())
    }

    /// Folds the log up to `until` and no further, then takes on `progress`. Until then the generation has none: it
    /// is not to be mistaken for one that somebody keeps up to date.
    pub(super) async fn fill(
        &mut self,
        until: GlobalPosition,
        progress: Option<&Progress>,
        report: &(dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<(), PortError> {
        let none = progress_at(GlobalPosition(0));
        while self.query.after < until {
            let page = patiently(|| self.log.read(&self.query)).await?;
            let mut events = page.events;
            events.retain(|event| event.position <= until);
            self.fold(events, &none).await?;
            if page.through <= self.query.after {
                let reason = "the log gave no more, though its head is further on";
                return Err(PortError::new(format!("reading the log up to {until}"), reason));
            }
            self.query.after = page.through.min(until);
            report(self.progress(Phase::Folding, until));
        }
        match progress {
            Some(progress) => self.fold(Vec::new(), progress).await,
            None => Ok(()),
        }
    }

    async fn fold(
        &mut self,
        events: Vec<RecordedEvent>,
        progress: &Progress,
    ) -> Result<(), PortError> {
        let (behind, mut events): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| self.parked.contains(&event.stream));
        self.park(&behind, "waits behind an earlier event of its stream", 0).await?;
        while let Some((position, reason)) = self.attempt(&events, progress).await? {
            let Some(poison) = events.iter().find(|event| event.position == position).cloned()
            else {
                return Err(PortError::new(format!("folding the event at {position}"), reason));
            };
            let stays = |event: &RecordedEvent| {
                event.stream != poison.stream || event.position < poison.position
            };
            let (rest, out): (Vec<_>, Vec<_>) = events.into_iter().partition(stays);
            events = rest;
            self.park(&out[..1], &reason, 1).await?;
            self.park(&out[1..], "waits behind an earlier event of its stream", 0).await?;
            self.parked.insert(poison.stream);
        }
        self.events_folded += events.len() as u64;
        Ok(())
    }

    /// The poisonous event, if there is one.
    async fn attempt(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<Option<(GlobalPosition, String)>, PortError> {
        patiently(async || match self.handler.handle(events, progress).await {
            Ok(()) => Ok(None),
            Err(HandleError::Poison { position, reason }) => Ok(Some((position, reason))),
            Err(HandleError::Unavailable(error)) => Err(error),
        })
        .await
    }

    async fn park(
        &mut self,
        events: &[RecordedEvent],
        reason: &str,
        attempts: u32,
    ) -> Result<(), PortError> {
        let letter = |event: &RecordedEvent| NewDeadLetter {
            handler: self.handler.name().to_owned(),
            event: event.clone(),
            reason: reason.to_owned(),
            attempts,
            parked_at: self.clock.now(),
        };
        let letters: Vec<NewDeadLetter> = events.iter().map(letter).collect();
        if !letters.is_empty() {
            patiently(|| self.dead_letters.park(&letters)).await?;
        }
        self.events_parked += letters.len() as u64;
        Ok(())
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
