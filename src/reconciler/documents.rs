//! Each stored document, and the event that wrote it.

use ports::PortError;
use ports::event_log::{EventLog, LogQuery};
use ports::read_models::Document;
use ports::stream::GlobalPosition;
use projections::ProjectionKind;

/// Those of `documents` that no event of the log wrote: at the position that they name there is another document's
/// event, or none.
pub(super) async fn unwritten(
    log: &dyn EventLog,
    kind: &dyn ProjectionKind,
    documents: &[Document],
) -> Result<Vec<String>, PortError> {
    let mut unwritten = Vec::new();
    for document in documents {
        if !is_written(log, kind, document).await? {
            unwritten.push(document.key.clone());
        }
    }
    Ok(unwritten)
}

async fn is_written(
    log: &dyn EventLog,
    kind: &dyn ProjectionKind,
    document: &Document,
) -> Result<bool, PortError> {
    let Some(before) = document.position.0.checked_sub(1) else { return Ok(false) };
    let query = LogQuery { after: GlobalPosition(before), events_max: 1, ..LogQuery::default() };
    let page = log.read(&query).await?;
    let writer = page.events.first().filter(|event| event.position == document.position);
    Ok(writer.is_some_and(|event| kind.key(event).as_ref() == Some(&document.key)))
}
