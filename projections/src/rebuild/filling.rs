//! Folds the log into one generation, parking what cannot be folded, as a runner would.
//!
//! Events are folded in memory, and the documents stored when they are many or at the end. When something cannot be
//! folded, what is in memory is thrown away, the same events are read again, and those around the culprit are folded
//! in steps that name it.

use std::sync::Arc;

use ports::PortError;
use ports::checkpoint::Progress;
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogPage};
use ports::handler::{EventHandler, HandleError};
use ports::stream::GlobalPosition;
use ports::subscription::progress_at;

use super::parking::Parking;
use super::patience::patiently;
use super::reading::Reading;
use super::store::Store;
use super::{Phase, Rebuild, RebuildProgress};
use crate::kind::ProjectionKind;

/// How many documents are in memory before they are stored.
const DOCUMENTS_MAX: usize = 20_000;
/// How many bytes of events are folded into them, since documents may keep all of it.
const EVENT_BYTES_MAX: usize = 128 * 1024 * 1024;

/// One generation on its way through the log.
pub(super) struct Filling {
    pub(super) generation: u64,
    pub(super) events_folded: u64,
    pub(super) parking: Parking,
    pub(super) store: Store,
    kind: Arc<dyn ProjectionKind>,
    handler: Arc<dyn EventHandler>,
    log: Arc<dyn EventLog>,
    /// Everything up to here is stored.
    position: GlobalPosition,
    reading: Option<Reading>,
}

/// Something between these positions cannot be folded.
struct Setback {
    after: GlobalPosition,
    through: GlobalPosition,
}

impl Filling {
    pub(super) fn new(rebuild: &Rebuild, generation: u64, from: GlobalPosition) -> Self {
        let handler = rebuild.kind.projector(generation, Arc::clone(&rebuild.models));
        let is_empty = from == GlobalPosition(0);
        let collection = rebuild.kind.collection(generation);
        Self {
            generation,
            events_folded: 0,
            parking: Parking::of(handler.name(), &rebuild.dead_letters, &rebuild.clock),
            store: Store::new(&rebuild.models, collection, is_empty),
            kind: Arc::clone(&rebuild.kind),
            handler,
            log: Arc::clone(&rebuild.log),
            position: from,
            reading: None,
        }
    }

    pub(super) const fn position(&self) -> GlobalPosition {
        self.position
    }

    pub(super) const fn progress(
        &self,
        phase: Phase,
        position: GlobalPosition,
        head: GlobalPosition,
    ) -> RebuildProgress {
        let (generation, events_parked) = (self.generation, self.parking.events);
        RebuildProgress { phase, generation, position, head, events_parked }
    }

    /// Folds the log up to `until` and no further. The generation gets no progress by it: it is not to be mistaken
    /// for one that somebody keeps up to date.
    pub(super) async fn fill(
        &mut self,
        until: GlobalPosition,
        report: &(dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<(), PortError> {
        while self.position < until {
            if let Some(Setback { after, through }) = self.fold_many(until, report).await? {
                // Up to `after` there was nothing wrong. If there is now, the careful steps find it.
                self.fold_many(after, report).await?;
                self.fold_carefully(through).await?;
            }
        }
        Ok(())
    }

    /// The generation is kept up to date from `progress` on.
    pub(super) async fn take_on(&self, progress: &Progress) -> Result<(), PortError> {
        self.attempt(&[], progress).await.map(drop)
    }

    /// Folds in memory, up to `until` or until that is full, and stores what became of it.
    async fn fold_many(
        &mut self,
        until: GlobalPosition,
        report: &(dyn Fn(RebuildProgress) + Send + Sync),
    ) -> Result<Option<Setback>, PortError> {
        let mut folding = self.kind.folding();
        let (mut position, mut events_folded, mut event_bytes) = (self.position, 0, 0);
        while position < until
            && folding.documents() < DOCUMENTS_MAX
            && event_bytes < EVENT_BYTES_MAX
        {
            let LogPage { events, through } = self.read(position, until).await?;
            let events = self.parking.sift(events).await?;
            let stored = self.store.take(|| folding.missing(&events)).await?;
            if folding.hold(stored).and_then(|()| folding.fold(&events)).is_err() {
                return Ok(Some(self.set_back(position, through)));
            }
            events_folded += events.len() as u64;
            event_bytes += events.iter().map(|event| event.data.get().len()).sum::<usize>();
            position = through;
            report(self.progress(Phase::Folding, position, until));
        }
        let Ok(writes) = folding.take() else {
            return Ok(Some(self.set_back(self.position, position)));
        };
        self.store.put(writes).await?;
        self.position = position;
        self.events_folded += events_folded;
        Ok(None)
    }

    fn set_back(&mut self, after: GlobalPosition, through: GlobalPosition) -> Setback {
        self.reading = None;
        Setback { after, through }
    }

    async fn fold_carefully(&mut self, until: GlobalPosition) -> Result<(), PortError> {
        while self.position < until {
            let LogPage { events, through } = self.read(self.position, until).await?;
            self.store.is_written_past(events.iter().filter_map(|event| self.kind.key(event)));
            let events = self.parking.sift(events).await?;
            self.events_folded += self.fold_or_park(events).await?;
            self.position = through;
        }
        Ok(())
    }

    /// How many events were folded.
    async fn fold_or_park(&mut self, mut events: Vec<RecordedEvent>) -> Result<u64, PortError> {
        let none = progress_at(GlobalPosition(0));
        while let Some((position, reason)) = self.attempt(&events, &none).await? {
            let Some(poison) = events.iter().find(|event| event.position == position).cloned()
            else {
                return Err(PortError::new(format!("folding the event at {position}"), reason));
            };
            self.parking.park_stream(&poison, &reason).await?;
            let (before, after): (Vec<_>, Vec<_>) =
                events.into_iter().partition(|event| event.position < position);
            events = before;
            events.extend(self.parking.sift(after).await?);
        }
        Ok(events.len() as u64)
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

    /// What comes after `position`; read on from where it was left, as long as that is there.
    async fn read(
        &mut self,
        position: GlobalPosition,
        until: GlobalPosition,
    ) -> Result<LogPage, PortError> {
        let going_on = self.reading.take().filter(|reading| reading.continues(position, until));
        let start = || Reading::start(&self.log, self.kind.categories(), position, until);
        let reading = self.reading.insert(going_on.unwrap_or_else(start));
        reading.next().await
    }
}
