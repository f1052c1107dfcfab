//! What does not come by Kafka is read from the log.

use std::time::Duration;

use ports::PortError;
use ports::event_log::LogQuery;
use ports::stream::GlobalPosition;
use tokio::time::Instant;
use tracing::{error, warn};

use super::{Assignment, Ended};
use crate::live::reorder::{Gap, GapKind};

/// So many events are read from the log at a time.
const FILL_EVENTS_MAX: usize = 500;

impl Assignment<'_> {
    /// Hands on what is in order, and sees what is missing.
    pub(super) fn hand_on(&mut self) {
        let tail = &self.reader.tail;
        tail.push(self.reorder.release());
        tail.count_duplicates(self.reorder.take_duplicates());
        self.count_lost();
        let hole_wait = Duration::from_millis(self.reader.settings.hole_wait_ms);
        self.missing = self.reorder.gap().map(|gap| {
            let known = self.missing.filter(|(position, _)| *position == gap.first);
            let wait = if gap.kind == GapKind::Late { hole_wait } else { Duration::ZERO };
            let fill_at = Instant::now() + wait;
            let fill_at = known.map_or(fill_at, |(_, before)| before.min(fill_at));
            (gap.first, fill_at.max(self.not_before))
        });
    }

    /// Reads from the log what did not come. While the log is away, later events wait.
    pub(super) async fn fill(&mut self) -> Result<(), Ended> {
        let Some(gap) = self.reorder.gap() else { return Ok(()) };
        let tail = &self.reader.tail;
        let positions = gap.last - gap.first + 1;
        if positions > tail.settings().ring.events_max as u64 {
            // More than the tail can hold: subscriptions find it in the log.
            tail.count_holes(positions);
            return Err(Ended::Anew(format!("{positions} events have not come")));
        }
        if let Err(error) = self.read_from_log(gap).await {
            warn!("reading what has not come by Kafka: {}", error.chain());
            self.reader.tail.note_error(error.chain());
            self.troubled = true;
            let wait = Duration::from_millis(self.reader.settings.hole_wait_ms);
            self.not_before = Instant::now() + wait;
        }
        Ok(())
    }

    async fn read_from_log(&mut self, gap: Gap) -> Result<(), PortError> {
        let mut after = gap.first - 1;
        while after < gap.last {
            let left = usize::try_from(gap.last - after).unwrap_or(usize::MAX);
            let query = LogQuery {
                after: GlobalPosition(after),
                events_max: left.min(FILL_EVENTS_MAX),
                ..LogQuery::default()
            };
            let page = self.reader.log.read(&query).await?;
            let Some(last) = page.events.last().map(|event| event.position.0) else {
                let attempted = format!("reading the event {} from the log", after + 1);
                return Err(PortError::new(attempted, "the log does not have it"));
            };
            self.tell(gap.kind, after + 1, last);
            for event in page.events {
                self.reorder.fill(event);
            }
            self.reader.tail.push(self.reorder.release());
            after = last;
        }
        Ok(())
    }

    fn tell(&self, kind: GapKind, first: u64, last: u64) {
        let positions = last - first + 1;
        if kind == GapKind::Referred {
            self.reader.tail.count_referred(positions);
        } else {
            self.reader.tail.count_holes(positions);
            error!("the events {first} to {last} never came by Kafka: read from the log");
        }
    }
}
