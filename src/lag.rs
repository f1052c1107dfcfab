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
    let page = log.read(unread).await?;
    let mut oldest = page.events.into_iter().next();
    if oldest.is_none() && page.through < head {
        // The log did not look any further. Whether it concerns the reader or not, it has not seen it.
        let any = LogQuery { after: unread.after, events_max: 1, ..LogQuery::default() };
        oldest = log.read(&any).await?.events.into_iter().next();
    }
    // Events of other categories went by: there is nothing to be late with.
    Ok(oldest.map_or_else(Lag::default, |oldest| Lag {
        events: head.0 - unread.after.0,
        seconds: now.seconds_since(oldest.recorded_at).max(0.0),
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::aggregate::EncodedEvent;
    use ports::event::Metadata;
    use ports::event_store::{Append, EventStore};
    use ports::memory::{ManualClock, MemoryLog};
    use ports::stream::{GlobalPosition, StreamName, StreamVersion};
    use uuid::Uuid;

    use super::*;

    /// More than a log looks at for one page.
    const MANY: usize = 12_000;
    const APPEND_EVENTS: usize = 1_000;

    async fn append(log: &MemoryLog, category: &str, count: usize) {
        let stream = StreamName::new(category, Uuid::from_u128(1));
        let data = serde_json::value::to_raw_value(&()).unwrap();
        let event = EncodedEvent { event_type: "happened".to_owned(), schema_version: 1, data };
        for done in (0..count).step_by(APPEND_EVENTS) {
            let events = vec![event.clone(); APPEND_EVENTS.min(count - done)];
            let (stream, expected) = (stream.clone(), StreamVersion(done as u64));
            let metadata = Metadata::default();
            log.append(Append { stream, expected, events, metadata, key: None }).await.unwrap();
        }
    }

    fn unread_motors(after: u64) -> LogQuery {
        let categories = vec!["motor".to_owned()];
        LogQuery { after: GlobalPosition(after), events_max: 1, categories, event_type: None }
    }

    fn log_and_clock() -> (MemoryLog, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(Timestamp::from_micros(0)));
        (MemoryLog::new(clock.clone()), clock)
    }

    #[tokio::test]
    async fn the_lag_is_the_age_of_the_oldest_event_that_was_not_handled() {
        let (log, clock) = log_and_clock();
        append(&log, "motor", 1).await;
        clock.advance(10.0);
        append(&log, "image", 3).await;
        let now = Timestamp::from_micros(15_000_000);
        let lag = lag_behind(&log, &unread_motors(0), now).await.unwrap();
        assert_eq!(lag, Lag { events: 4, seconds: 15.0 });
        let lag = lag_behind(&log, &unread_motors(1), now).await.unwrap();
        assert_eq!(lag, Lag::default(), "what follows does not concern it");
    }

    #[tokio::test]
    async fn a_reader_that_stands_still_is_late_also_where_the_log_does_not_look_so_far() {
        let (log, clock) = log_and_clock();
        append(&log, "image", MANY).await;
        append(&log, "motor", 1).await;
        clock.advance(10.0);
        let now = Timestamp::from_micros(15_000_000);
        let lag = lag_behind(&log, &unread_motors(0), now).await.unwrap();
        assert_eq!(lag, Lag { events: MANY as u64 + 1, seconds: 15.0 });
    }
}
