//! An aggregate as the fold of its stream.

use domain::aggregate::Decide;
use ports::command_bus::CommandError;
use ports::event::RecordedEvent;
use ports::event_store::EventStore;
use ports::stream::{GlobalPosition, StreamName, StreamVersion};

/// How many events are read at a time.
const PAGE_EVENTS_MAX: usize = 500;

/// An aggregate as far as its stream was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folded<A> {
    pub(crate) state: A,
    /// Of the last event folded.
    pub(crate) version: StreamVersion,
    /// Of the last event folded.
    pub(crate) position: GlobalPosition,
}

impl<A: Decide> Folded<A> {
    /// Reads on from here to the end of the stream.
    pub(crate) async fn catch_up(
        &mut self,
        store: &dyn EventStore,
        stream: &StreamName,
    ) -> Result<(), CommandError> {
        loop {
            let page = store.read_stream(stream, self.version, PAGE_EVENTS_MAX).await?;
            for event in &page {
                self.fold(event)?;
            }
            // A page is shorter than it may be only where the stream ends.
            if page.len() < PAGE_EVENTS_MAX {
                return Ok(());
            }
        }
    }

    fn fold(&mut self, event: &RecordedEvent) -> Result<(), CommandError> {
        let corrupt = |reason| CommandError::Corrupt { stream: event.stream.clone(), reason };
        if event.version.0 != self.version.0 + 1 {
            return Err(corrupt(format!("version {} follows {}", event.version, self.version)));
        }
        let decoded = event.decode::<A>().map_err(|error| corrupt(error.to_string()))?;
        self.state.apply(decoded);
        self.version = event.version;
        self.position = event.position;
        Ok(())
    }
}
