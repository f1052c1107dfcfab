//! What was taken from the log before Kafka brought it.
//!
//! Kafka brings many events cheaply, but each of them only after a transaction of the relay. Where few events come,
//! the log itself is quicker, and costs little: so many events a second may be taken from it, and only as long as
//! Kafka brings them too in the end. Where it does not, that must be seen, and not be hidden by the log.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// The account of one assignment.
pub(super) struct Ahead {
    /// How long one event is to last; `None`: nothing is taken ahead.
    pause_per_event: Option<Duration>,
    /// How late Kafka may be.
    late_max: Duration,
    /// What Kafka has not brought yet, and when it was taken.
    taken: BTreeMap<u64, Instant>,
    /// The highest position that Kafka brought.
    brought: u64,
    look_at: Instant,
}

impl Ahead {
    pub(super) fn new(events_per_second_max: u32, late_max: Duration) -> Self {
        Self {
            pause_per_event: Duration::from_secs(1).checked_div(events_per_second_max),
            late_max,
            taken: BTreeMap::new(),
            brought: 0,
            look_at: Instant::now(),
        }
    }

    /// When the log may be looked at; `None`: first Kafka has to bring something.
    pub(super) fn look_at(&self) -> Option<Instant> {
        self.pause_per_event?;
        let oldest = self.taken.first_key_value().map(|(_, taken_at)| *taken_at);
        let is_late = oldest.is_some_and(|taken_at| taken_at.elapsed() >= self.late_max);
        (!is_late).then_some(self.look_at)
    }

    /// The log was looked at, and these events are new.
    pub(super) fn took(&mut self, positions: &[u64]) {
        let now = Instant::now();
        self.taken.extend(positions.iter().map(|&position| (position, now)));
        let events = u32::try_from(positions.len()).unwrap_or(u32::MAX).max(1);
        self.look_at = now + self.pause_per_event.unwrap_or_default().saturating_mul(events);
    }

    /// Kafka brought this one: whether it was taken before.
    pub(super) fn brings(&mut self, position: u64) -> bool {
        self.brought = position.max(self.brought);
        self.taken.remove(&position).is_some()
    }

    /// Gives up those that stayed away although later ones came, and tells which.
    pub(super) fn take_lost(&mut self) -> Vec<u64> {
        let is_lost = |position: u64, taken_at: &Instant| {
            position < self.brought && taken_at.elapsed() >= self.late_max
        };
        let lost = self.taken.iter().take_while(|(position, at)| is_lost(**position, at));
        let lost: Vec<u64> = lost.map(|(position, _)| *position).collect();
        for position in &lost {
            self.taken.remove(position);
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const LATE: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn so_many_events_a_second_and_no_more() {
        let mut ahead = Ahead::new(200, LATE);
        let began = Instant::now();
        assert_eq!(ahead.look_at(), Some(began));
        ahead.took(&[1]);
        assert_eq!(ahead.look_at(), Some(began + Duration::from_millis(5)));
        ahead.took(&[2, 3, 4]);
        assert_eq!(ahead.look_at(), Some(began + Duration::from_millis(15)));
        ahead.took(&[]);
        assert_eq!(ahead.look_at(), Some(began + Duration::from_millis(5)));
        assert_eq!(Ahead::new(0, LATE).look_at(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn while_kafka_is_silent_nothing_more_is_taken() {
        let mut ahead = Ahead::new(200, LATE);
        ahead.took(&[7, 8]);
        advance(LATE).await;
        assert_eq!(ahead.look_at(), None);
        assert!(ahead.brings(7));
        assert_eq!(ahead.look_at(), None, "8 is still to come");
        assert!(ahead.brings(8));
        assert!(ahead.look_at().is_some());
        assert!(!ahead.brings(8), "it came before");
    }

    #[tokio::test(start_paused = true)]
    async fn what_stays_away_although_later_ones_come_is_lost() {
        let mut ahead = Ahead::new(200, LATE);
        ahead.took(&[7, 8, 9]);
        ahead.brings(8);
        assert!(
            ahead.take_lost().is_empty(),
            "partitions may show a transaction at different moments"
        );
        advance(LATE).await;
        assert_eq!(ahead.take_lost(), [7]);
        assert_eq!(ahead.look_at(), None, "9 may not have been sent");
        ahead.brings(10);
        assert_eq!(ahead.take_lost(), [9]);
        assert!(ahead.look_at().is_some());
    }
}
