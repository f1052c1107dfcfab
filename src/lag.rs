//! How far a reader is behind the log, measured against the log itself.

use domain::time::Timestamp;
use infra_telemetry::Lag;
use ports::PortError;
use ports::event_log::{EventLog, LogQuery};

/// The lag of whoever has read up to `unread.after` of the events that `unread` selects.
///
/// # Errors
/// The log does not answer.
pub(crate) async fn lag_behind(
    log: &dyn EventLog,
    unread: &LogQuery,
    now: Timestamp,
) -> Result<Lag, PortError> {
    let head = log.head().await?;
    if head <= unread.after {
        return Ok(Lag::default());
    }
    let oldest = log.read(unread).await?.events.into_iter().next();
    // Events of other categories went by: there is nothing to be late with.
    Ok(oldest.map_or_else(Lag::default, |oldest| Lag {
        events: head.0 - unread.after.0,
        seconds: now.seconds_since(oldest.recorded_at).max(0.0),
    }))
}
