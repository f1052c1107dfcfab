//! Where in the partitions some positions are.

use ports::stream::GlobalPosition;

/// So many are remembered: the range under way and the one before it have two each.
const MARKS_MAX: usize = 4;
/// What lies further behind a mark is searched for rather than read up to.
const NEAR_POSITIONS: u64 = 10_000;

/// Where to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// What comes from here on, of each partition, and is not beyond this position, is in the wrong place.
    pub(super) passed: GlobalPosition,
    /// By partition.
    pub(super) offsets: Vec<i64>,
}

/// Where to begin for what is after some positions.
#[derive(Default)]
pub(super) struct Marks {
    /// The latest ones come last.
    known: Vec<(GlobalPosition, Mark)>,
}

impl Marks {
    pub(super) fn set(&mut self, position: GlobalPosition, mark: Mark) {
        self.known.retain(|(known, _)| *known != position);
        self.known.push((position, mark));
        if self.known.len() > MARKS_MAX {
            self.known.remove(0);
        }
    }

    /// The nearest one that is not beyond `position`.
    pub(super) fn before(&self, position: GlobalPosition) -> Option<Mark> {
        let earlier = self.known.iter().filter(|(known, _)| *known <= position);
        let (known, mark) = earlier.max_by_key(|(known, _)| *known)?;
        (position.0 - known.0 <= NEAR_POSITIONS).then(|| mark.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(offset: i64) -> Mark {
        Mark { passed: GlobalPosition(0), offsets: vec![offset] }
    }

    #[test]
    fn the_nearest_mark_that_is_not_beyond_counts() {
        let mut marks = Marks::default();
        marks.set(GlobalPosition(50), mark(5));
        marks.set(GlobalPosition(70), mark(7));
        let before = |position| marks.before(GlobalPosition(position));
        assert_eq!(before(49), None);
        assert_eq!(before(50), Some(mark(5)));
        assert_eq!(before(69), Some(mark(5)));
        assert_eq!(before(70 + NEAR_POSITIONS), Some(mark(7)));
        assert_eq!(before(71 + NEAR_POSITIONS), None, "that is too far");
    }

    #[test]
    fn the_oldest_mark_gives_way() {
        let mut marks = Marks::default();
        for position in 1..=5 {
            marks.set(GlobalPosition(position), mark(0));
        }
        assert_eq!(marks.before(GlobalPosition(1)), None);
        assert_eq!(marks.before(GlobalPosition(2)), Some(mark(0)));
        assert_eq!(marks.known.len(), MARKS_MAX);
    }
}
