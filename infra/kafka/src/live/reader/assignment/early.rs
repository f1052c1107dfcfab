//! A look at the log itself, where it has something that Kafka has not brought yet.

use std::future::pending;
use std::time::Duration;

use ports::event_log::{EventLog, LogQuery};
use ports::stream::GlobalPosition;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error};

use super::Assignment;

/// So many events are taken ahead at a time; when there are more, Kafka is the better way.
const AHEAD_EVENTS_MAX: usize = 32;

/// Returns when it is time to look, and the log has more than what is known. May be dropped at any time.
pub(super) async fn has_more(log: &dyn EventLog, known: GlobalPosition, look_at: Option<Instant>) {
    let Some(look_at) = look_at else { return pending().await };
    sleep_until(look_at).await;
    if log.wait_beyond(known).await.is_err() {
        // It is closed, and Kafka goes on.
        pending().await
    }
}

impl Assignment<'_> {
    /// Takes what follows from the log.
    pub(super) async fn look_ahead(&mut self) {
        let after = GlobalPosition(self.reorder.next() - 1);
        let query = LogQuery { after, events_max: AHEAD_EVENTS_MAX, ..LogQuery::default() };
        match self.reader.log.read(&query).await {
            Ok(page) => {
                let mut taken = Vec::with_capacity(page.events.len());
                for event in page.events {
                    let position = event.position.0;
                    if self.reorder.fill(event) {
                        taken.push(position);
                    }
                }
                self.ahead.took(&taken);
            }
            Err(error) => {
                debug!("looking at the log ahead of Kafka: {}", error.chain());
                let wait = Duration::from_millis(self.reader.settings.hole_wait_ms);
                self.not_before = Instant::now() + wait;
            }
        }
    }

    /// What was taken ahead and never came.
    pub(super) fn count_lost(&mut self) {
        let lost = self.ahead.take_lost();
        if let (Some(first), Some(last)) = (lost.first(), lost.last()) {
            self.reader.tail.count_holes(lost.len() as u64);
            error!("{} events from {first} to {last} never came by Kafka", lost.len());
        }
    }
}
