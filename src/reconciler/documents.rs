//! Each stored document, and the event that wrote it.

use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::read_models::Document;
use ports::stream::GlobalPosition;
use projections::ProjectionKind;

/// Positions that are no further apart than this are read at once: a few events more cost less than a read more.
const GAP_MAX: u64 = 16;

/// Those of `documents` that no event of the log wrote: at the position that they name there is another document's
/// event, or none.
pub(super) async fn unwritten(
    log: &dyn EventLog,
    kind: &dyn ProjectionKind,
    documents: &[Document],
) -> Result<Vec<String>, PortError> {
    let mut by_position: Vec<&Document> = documents.iter().collect();
    by_position.sort_by_key(|document| document.position);
    let mut unwritten = Vec::new();
    for some in by_position.chunk_by(|one, next| next.position.0 - one.position.0 <= GAP_MAX) {
        let events = between(log, some).await?;
        let is_written = |document: &Document| {
            let writer = events.iter().find(|event| event.position == document.position);
            writer.is_some_and(|event| kind.key(event).as_ref() == Some(&document.key))
        };
        let strangers = some.iter().filter(|document| !is_written(document));
        unwritten.extend(strangers.map(|document| document.key.clone()));
    }
    Ok(unwritten)
}

/// The events from the first document's position to the last one's.
async fn between(
    log: &dyn EventLog,
    documents: &[&Document],
) -> Result<Vec<RecordedEvent>, PortError> {
    let (Some(first), Some(last)) = (documents.first(), documents.last()) else {
        return Ok(Vec::new());
    };
    let after = first.position.0.saturating_sub(1);
    // As many as there are positions in between, which is at most so many times the gap as there are documents.
    let events_max = usize::try_from(last.position.0 - after).unwrap_or(usize::MAX);
    let query = LogQuery { after: GlobalPosition(after), events_max, ..LogQuery::default() };
    Ok(log.read(&query).await?.events)
}
