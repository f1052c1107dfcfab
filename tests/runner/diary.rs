//! A handler that notes what it acts on, and fails where it is told to.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::event::RecordedEvent;
use ports::handler::{EventHandler, HandleError};
use ports::stream::StreamName;
use tokio::task::yield_now;
use tokio::time::Instant;

pub(crate) const NAME: &str = "diary";

/// What goes wrong with an event, told by its id, for as long as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It cannot be handled.
    Poison,
    /// The handler panics on it.
    Panic,
    /// The handler panics on it, but only in a batch.
    PanicInBatch,
    /// The world does not answer.
    Outage,
}

/// Durable effects, as a store would keep them: they outlive any runner.
#[derive(Default)]
pub(crate) struct Diary {
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    /// Per stream the versions in the order in which they took effect.
    effects: BTreeMap<StreamName, Vec<u64>>,
    progress: Option<Progress>,
    troubles: BTreeMap<String, (Trouble, u32)>,
    /// When a batch was tried, and which events it had.
    attempts: Vec<(Instant, Vec<u64>)>,
}

impl Diary {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().expect("nobody panics with the diary in hand")
    }

    /// The next `times` attempts at this event go wrong.
    pub(crate) fn trouble(&self, event_id: &str, trouble: Trouble, times: u32) {
        self.pages().troubles.insert(event_id.to_owned(), (trouble, times));
    }

    /// From now on nothing goes wrong.
    pub(crate) fn mend(&self) {
        self.pages().troubles.clear();
    }

    pub(crate) fn effects(&self, stream: &StreamName) -> Vec<u64> {
        self.pages().effects.get(stream).cloned().unwrap_or_default()
    }

    /// The positions of each batch that was tried.
    pub(crate) fn batches(&self) -> Vec<Vec<u64>> {
        self.pages().attempts.iter().map(|(_, positions)| positions.clone()).collect()
    }

    /// The milliseconds between one attempt and the next.
    pub(crate) fn pauses_ms(&self) -> Vec<u128> {
        let pages = self.pages();
        let pauses = pages.attempts.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_millis());
        pauses.collect()
    }

    pub(crate) fn progress_now(&self) -> u64 {
        self.pages().progress.as_ref().map_or(0, |progress| progress.position.0)
    }

    /// Fails if there is trouble with this event.
    fn foresee(&self, event: &RecordedEvent, in_batch: bool) -> Result<(), HandleError> {
        let trouble = self.pages().next_trouble(&event.id());
        match trouble {
            Some(Trouble::Poison) => {
                let (position, reason) = (event.position, "it tastes of almonds".to_owned());
                Err(HandleError::Poison { position, reason })
            }
            Some(Trouble::Outage) => Err(PortError::new("writing", "no ink").into()),
            Some(Trouble::Panic) => panic!("the pen broke"),
            Some(Trouble::PanicInBatch) if in_batch => panic!("too much at once"),
            Some(Trouble::PanicInBatch) | None => Ok(()),
        }
    }

    /// Like a store that answers later: a runner may be dropped before the effect and after it.
    async fn write(&self, event: &RecordedEvent) {
        yield_now().await;
        self.pages().take_effect(event);
        yield_now().await;
    }
}

impl Pages {
    fn next_trouble(&mut self, event_id: &str) -> Option<Trouble> {
        let (trouble, times) = self.troubles.get_mut(event_id)?;
        *times = times.checked_sub(1)?;
        Some(*trouble)
    }

    /// Nothing changes for an event that is seen again, or after a later one of its stream: what comes too late is
    /// lost, as it is for a document.
    fn take_effect(&mut self, event: &RecordedEvent) {
        let versions = self.effects.entry(event.stream.clone()).or_default();
        if versions.last().is_none_or(|&last| last < event.version.0) {
            versions.push(event.version.0);
        }
    }
}

#[async_trait]
impl EventHandler for Diary {
    fn name(&self) -> &str {
        NAME
    }

    fn categories(&self) -> &[&'static str] {
        &["motor"]
    }

    async fn progress(&self) -> Result<Option<Progress>, PortError> {
        Ok(self.pages().progress.clone())
    }

    async fn handle(
        &self,
        events: &[RecordedEvent],
        progress: &Progress,
    ) -> Result<(), HandleError> {
        let positions = events.iter().map(|event| event.position.0).collect();
        self.pages().attempts.push((Instant::now(), positions));
        // First all is thought over and then all is written, as a projector does.
        events.iter().try_for_each(|event| self.foresee(event, true))?;
        for event in events {
            self.write(event).await;
        }
        self.pages().progress = Some(progress.clone());
        yield_now().await;
        Ok(())
    }

    async fn replay(&self, event: &RecordedEvent) -> Result<(), HandleError> {
        self.foresee(event, false)?;
        self.write(event).await;
        Ok(())
    }
}
