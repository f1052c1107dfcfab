//! Streams read from their beginning to their end.

use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_store::EventStore;
use ports::stream::{StreamName, StreamVersion};

const PAGE_EVENTS_MAX: usize = 500;

/// All events of a stream, oldest first.
pub(crate) async fn whole_stream(
    store: &dyn EventStore,
    stream: &StreamName,
) -> Result<Vec<RecordedEvent>, PortError> {
    let mut events: Vec<RecordedEvent> = Vec::new();
    loop {
        let after = events.last().map_or(StreamVersion(0), |event| event.version);
        let page = store.read_stream(stream, after, PAGE_EVENTS_MAX).await?;
        // A page is shorter than it may be only where the stream ends.
        let is_last = page.len() < PAGE_EVENTS_MAX;
        events.extend(page);
        if is_last {
            return Ok(events);
        }
    }
}
