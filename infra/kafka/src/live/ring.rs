//! The newest events in memory, by their dense position.

use std::collections::VecDeque;
use std::sync::Arc;

use ports::event::RecordedEvent;

/// How much a ring may hold; it lets go of its oldest events.
#[derive(Clone, Copy, Debug)]
pub struct RingBounds {
    /// So many events.
    pub events_max: usize,
    /// So many bytes of them, as `footprint` counts.
    pub bytes_max: usize,
}

/// Events without gaps, the oldest first.
pub(super) struct Ring {
    bounds: RingBounds,
    events: VecDeque<Arc<RecordedEvent>>,
    bytes: usize,
    /// The position of the event that comes next; `None` as long as nobody knows.
    next: Option<u64>,
}

/// What a ring has after a position.
#[derive(Debug)]
pub(super) enum Held {
    /// The events that follow it, at least one.
    Events(Vec<Arc<RecordedEvent>>),
    /// The next one was let go of, or came before the ring began.
    Gone,
    /// The next one has not come.
    NotYet,
    /// The ring does not know where it stands.
    Nowhere,
}

impl Ring {
    pub(super) fn new(bounds: RingBounds) -> Self {
        Self { bounds, events: VecDeque::new(), bytes: 0, next: None }
    }

    /// Forgets everything; the next event to come has this position.
    pub(super) fn begin_at(&mut self, next: u64) {
        self.events.clear();
        self.bytes = 0;
        self.next = Some(next);
    }

    /// Takes the next event in. Any other one is refused, since whoever reads the ring relies on its density.
    pub(super) fn push(&mut self, event: Arc<RecordedEvent>) -> bool {
        if self.next != Some(event.position.0) {
            return false;
        }
        self.next = Some(event.position.0 + 1);
        self.bytes += footprint(&event);
        self.events.push_back(event);
        while self.events.len() > self.bounds.events_max || self.bytes > self.bounds.bytes_max {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= footprint(&oldest);
        }
        true
    }

    /// What follows `position`, at most `events_max`.
    pub(super) fn after(&self, position: u64, events_max: usize) -> Held {
        let Some(next) = self.next else { return Held::Nowhere };
        let wanted = position + 1;
        let first = next - self.events.len() as u64;
        if wanted >= next {
            return Held::NotYet;
        }
        let Some(skipped) = wanted.checked_sub(first) else { return Held::Gone };
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        Held::Events(self.events.iter().skip(skipped).take(events_max).cloned().collect())
    }

    /// The position of the newest event; `None` as long as the ring has not begun.
    pub(super) fn position(&self) -> Option<u64> {
        self.next.map(|next| next - 1)
    }
}

/// What an event costs in memory, roughly: its data and texts, and as much again for the rest as small ones have.
pub(super) fn footprint(event: &RecordedEvent) -> usize {
    const FIXED_BYTES: usize = 256;
    let metadata = &event.metadata;
    let texts = [
        &metadata.command_id,
        &metadata.correlation_id,
        &metadata.causation_id,
        &metadata.traceparent,
        &metadata.actor,
    ];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    FIXED_BYTES + event.data.get().len() + texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::testing::event;

    fn ring(events_max: usize, positions: std::ops::RangeInclusive<u64>) -> Ring {
        let mut ring = Ring::new(RingBounds { events_max, bytes_max: usize::MAX });
        ring.begin_at(*positions.start());
        for position in positions {
            assert!(ring.push(Arc::new(event(position))));
        }
        ring
    }

    fn positions(held: Held) -> Vec<u64> {
        let Held::Events(events) = held else { panic!("{held:?}") };
        events.iter().map(|event| event.position.0).collect()
    }

    #[test]
    fn what_follows_a_position_is_told_from_what_is_gone_and_from_what_is_to_come() {
        let ring = ring(3, 11..=15);
        assert!(matches!(ring.after(11, 10), Held::Gone));
        assert_eq!(positions(ring.after(12, 10)), [13, 14, 15]);
        assert_eq!(positions(ring.after(13, 1)), [14]);
        assert!(matches!(ring.after(15, 10), Held::NotYet));
        assert!(matches!(ring.after(99, 10), Held::NotYet));
    }

    #[test]
    fn before_it_begins_it_stands_nowhere() {
        let mut ring = Ring::new(RingBounds { events_max: 3, bytes_max: usize::MAX });
        assert!(!ring.push(Arc::new(event(1))));
        assert!(matches!(ring.after(0, 1), Held::Nowhere));
        ring.begin_at(1);
        assert!(matches!(ring.after(0, 1), Held::NotYet));
    }

    #[test]
    fn an_event_out_of_turn_is_refused() {
        let mut ring = ring(9, 5..=6);
        for position in [5, 6, 8] {
            assert!(!ring.push(Arc::new(event(position))), "{position}");
        }
        assert_eq!(ring.position(), Some(6));
    }

    #[test]
    fn its_bytes_are_bounded_as_well() {
        let bytes_max = 3 * footprint(&event(1));
        let mut ring = Ring::new(RingBounds { events_max: 100, bytes_max });
        ring.begin_at(1);
        for position in 1..=9 {
            ring.push(Arc::new(event(position)));
        }
        assert_eq!(positions(ring.after(6, 10)), [7, 8, 9]);
        assert!(matches!(ring.after(5, 10), Held::Gone));
    }
}
