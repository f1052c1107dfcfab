//! Puts what several partitions bring back into the order of the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use ports::event::RecordedEvent;

use super::ring::footprint;

/// What waits for an earlier position.
enum Waiting {
    /// The event.
    Event(Arc<RecordedEvent>),
    /// It came, but what came is not the event: the log has it.
    InLog,
}

/// Positions that cannot be released although later ones, or they themselves, have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) kind: GapKind,
}

/// What is known of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GapKind {
    /// A record came for each of its positions that refers to the log.
    Referred,
    /// It may still come from a partition that has not got that far.
    Late,
    /// Every partition is beyond it: it will not come.
    Lost,
}

/// Events by position, and how far each partition has got. A partition brings its events in the order of the log.
pub(super) struct Reorder {
    /// What came before it is nobody's.
    begin: u64,
    next: u64,
    waiting: BTreeMap<u64, Waiting>,
    bytes: usize,
    bytes_max: usize,
    events_max: usize,
    /// The highest position that each partition brought.
    reached: Vec<u64>,
    duplicates: u64,
}

impl Reorder {
    /// The next event to be released has the position `next`.
    pub(super) fn new(next: u64, partitions: usize, events_max: usize, bytes_max: usize) -> Self {
        Self {
            begin: next,
            next,
            waiting: BTreeMap::new(),
            bytes: 0,
            bytes_max,
            events_max,
            reached: vec![0; partitions],
            duplicates: 0,
        }
    }

    /// Takes in what `partition` brought. What was released already, or waits already, is dropped.
    pub(super) fn offer(&mut self, partition: usize, event: RecordedEvent) {
        let (position, bytes) = (event.position.0, footprint(&event));
        if self.note(partition, position) {
            self.waiting.insert(position, Waiting::Event(Arc::new(event)));
            self.bytes += bytes;
        }
    }

    /// `partition` brought something in the place of the event at `position`, which the log has.
    pub(super) fn refer_to_log(&mut self, partition: usize, position: u64) {
        if self.note(partition, position) {
            self.waiting.insert(position, Waiting::InLog);
        }
    }

    /// Takes in what was read from the log; tells whether nothing had come for it.
    pub(super) fn fill(&mut self, event: RecordedEvent) -> bool {
        let position = event.position.0;
        let known = self.waiting.get(&position);
        let is_new = position >= self.next && known.is_none();
        if is_new || matches!(known, Some(Waiting::InLog)) {
            self.bytes += footprint(&event);
            self.waiting.insert(position, Waiting::Event(Arc::new(event)));
        }
        is_new
    }

    /// `partition` brought what was taken from the log before.
    pub(super) fn pass(&mut self, partition: usize, position: u64) {
        if let Some(reached) = self.reached.get_mut(partition) {
            *reached = position.max(*reached);
        }
    }

    /// The position that is released next.
    pub(super) const fn next(&self) -> u64 {
        self.next
    }

    fn note(&mut self, partition: usize, position: u64) -> bool {
        self.pass(partition, position);
        let new = position >= self.next && !self.waiting.contains_key(&position);
        self.duplicates += u64::from(!new && position >= self.begin);
        new
    }

    /// The events whose turn it is, in order.
    pub(super) fn release(&mut self) -> Vec<Arc<RecordedEvent>> {
        let mut released = Vec::new();
        while let Some(entry) = self.waiting.first_entry() {
            if *entry.key() != self.next || matches!(entry.get(), Waiting::InLog) {
                break;
            }
            let Waiting::Event(event) = entry.remove() else { break };
            self.bytes -= footprint(&event);
            self.next += 1;
            released.push(event);
        }
        released
    }

    /// What holds up the release of what waits.
    pub(super) fn gap(&self) -> Option<Gap> {
        let (&first_waiting, waiting) = self.waiting.first_key_value()?;
        let first = self.next;
        if first_waiting > first {
            let lost = self.reached.iter().all(|&reached| reached > first);
            let kind = if lost { GapKind::Lost } else { GapKind::Late };
            return Some(Gap { first, last: first_waiting - 1, kind });
        }
        if matches!(waiting, Waiting::Event(_)) {
            return None;
        }
        let referred = self
            .waiting
            .iter()
            .zip(first..)
            .take_while(|((position, waiting), turn)| {
                *position == turn && matches!(waiting, Waiting::InLog)
            })
            .count() as u64;
        Some(Gap { first, last: first + referred - 1, kind: GapKind::Referred })
    }

    /// Whether no more should be taken in before something is released.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= self.events_max || self.bytes >= self.bytes_max
    }

    /// Whether so little waits that partitions that were held back may go on.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < self.events_max.div_ceil(2) && self.bytes < self.bytes_max.div_ceil(2)
    }

    /// Whether `partition` is beyond the next position, so that it cannot come from there.
    pub(super) fn is_ahead(&self, partition: usize) -> bool {
        self.reached.get(partition).is_some_and(|&reached| reached > self.next)
    }

    /// How often something came that had come before, since this was asked last.
    pub(super) fn take_duplicates(&mut self) -> u64 {
        std::mem::take(&mut self.duplicates)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::live::testing::event;

    fn positions(released: &[Arc<RecordedEvent>]) -> Vec<u64> {
        released.iter().map(|event| event.position.0).collect()
    }

    fn reorder(next: u64, partitions: usize) -> Reorder {
        Reorder::new(next, partitions, 1_000, usize::MAX)
    }

    #[test]
    fn only_the_dense_prefix_is_released() {
        let mut reorder = reorder(4, 2);
        for (partition, position) in [(0, 5), (0, 7), (1, 4)] {
            reorder.offer(partition, event(position));
        }
        assert_eq!(positions(&reorder.release()), [4, 5]);
        assert_eq!(reorder.gap(), Some(Gap { first: 6, last: 6, kind: GapKind::Late }));
        reorder.offer(1, event(6));
        assert_eq!(positions(&reorder.release()), [6, 7]);
        assert_eq!(reorder.gap(), None);
    }

    #[test]
    fn a_position_that_every_partition_has_passed_is_lost() {
        let mut reorder = reorder(1, 2);
        reorder.offer(0, event(3));
        assert_eq!(reorder.gap().unwrap().kind, GapKind::Late);
        reorder.offer(1, event(4));
        assert_eq!(reorder.gap(), Some(Gap { first: 1, last: 2, kind: GapKind::Lost }));
        reorder.fill(event(1));
        reorder.fill(event(2));
        assert_eq!(positions(&reorder.release()), [1, 2, 3, 4]);
    }

    #[test]
    fn what_came_before_is_dropped_also_when_it_was_filled_meanwhile() {
        let mut reorder = reorder(1, 1);
        reorder.offer(0, event(2));
        reorder.fill(event(1));
        reorder.fill(event(2));
        assert_eq!(positions(&reorder.release()), [1, 2]);
        for position in [1, 2] {
            reorder.offer(0, event(position));
        }
        assert_eq!(positions(&reorder.release()), [0; 0]);
        assert_eq!(reorder.take_duplicates(), 2);
        assert_eq!(reorder.bytes, 0);
    }

    #[test]
    fn a_reference_to_the_log_is_no_loss() {
        let mut reorder = reorder(1, 1);
        reorder.refer_to_log(0, 1);
        reorder.refer_to_log(0, 2);
        reorder.offer(0, event(3));
        reorder.refer_to_log(0, 4);
        assert_eq!(positions(&reorder.release()), [0; 0]);
        assert_eq!(reorder.gap(), Some(Gap { first: 1, last: 2, kind: GapKind::Referred }));
        reorder.fill(event(1));
        reorder.fill(event(2));
        assert_eq!(positions(&reorder.release()), [1, 2, 3]);
        assert_eq!(reorder.gap(), Some(Gap { first: 4, last: 4, kind: GapKind::Referred }));
    }

    #[test]
    fn when_it_is_full_those_ahead_are_known() {
        let mut reorder = Reorder::new(1, 3, 3, usize::MAX);
        for (partition, position) in [(0, 2), (2, 3), (0, 4)] {
            assert!(!reorder.is_full());
            reorder.offer(partition, event(position));
        }
        assert!(reorder.is_full());
        assert_eq!([0, 1, 2].map(|partition| reorder.is_ahead(partition)), [true, false, true]);
        reorder.offer(1, event(1));
        reorder.release();
        assert!(reorder.has_room());
    }

    proptest! {
        /// Whatever is lost, repeated, referred or interleaved: the log comes out.
        #[test]
        fn the_log_comes_out_whatever_happens_on_the_way(
            routes in proptest::collection::vec((0_usize..4, 0_u8..12), 1..300),
            turns in proptest::collection::vec(0_usize..4, 0..900),
        ) {
            let mut partitions = vec![Vec::new(); 4];
            for (position, (partition, fate)) in (1..).zip(&routes) {
                let copies = match fate { 0 => 0, 1 => 2, _ => 1 };
                partitions[*partition].extend(std::iter::repeat_n((position, *fate == 2), copies));
            }
            let order = turns.into_iter().chain((0..4).flat_map(|partition| [partition; 600]));
            let mut reorder = Reorder::new(1, 4, usize::MAX, usize::MAX);
            let mut heads = [0; 4];
            let mut out = Vec::new();
            for partition in order {
                let Some(&(position, referred)) = partitions[partition].get(heads[partition]) else {
                    continue;
                };
                heads[partition] += 1;
                if referred {
                    reorder.refer_to_log(partition, position);
                } else {
                    reorder.offer(partition, event(position));
                }
                out.extend(positions(&reorder.release()));
            }
            while let Some(gap) = reorder.gap() {
                for position in gap.first..=gap.last {
                    reorder.fill(event(position));
                }
                out.extend(positions(&reorder.release()));
            }
            let last_that_came = partitions.iter().flatten().map(|(position, _)| *position).max();
            prop_assert_eq!(out, (1..=last_that_came.unwrap_or(0)).collect::<Vec<_>>());
            prop_assert_eq!(reorder.bytes, 0);
        }
    }
}
