//! Partitions that the client has stopped reading, although the cluster answers and has more of them.
//!
//! After a broker was away, a client may wait for something that never comes, and say nothing of it. Another one, which
//! begins where this one stands, reads on.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::desk::Offsets;

/// Partitions that are not at their ends.
#[derive(Debug)]
pub(super) struct StallWatch {
    stalled_ms_max: u64,
    behind: BTreeMap<i32, Behind>,
}

#[derive(Debug)]
struct Behind {
    at: i64,
    since: Instant,
}

impl StallWatch {
    pub(super) fn new(stalled_ms_max: u64) -> Self {
        Self { stalled_ms_max, behind: BTreeMap::new() }
    }

    /// The first partition that has stood for too long before its end, which is known not to have gone back.
    pub(super) fn look(&mut self, reached: &Offsets, ends: &Offsets) -> Option<i32> {
        let now = Instant::now();
        let mut behind = BTreeMap::new();
        for (&partition, end) in ends {
            let at = reached.get(&partition).copied().unwrap_or_default();
            if at >= *end {
                continue;
            }
            let before = self.behind.remove(&partition).filter(|before| before.at == at);
            behind.insert(partition, before.unwrap_or(Behind { at, since: now }));
        }
        self.behind = behind;
        let bound = Duration::from_millis(self.stalled_ms_max);
        let mut standing = self.behind.iter();
        standing.find(|(_, it)| now.duration_since(it.since) > bound).map(|(at, _)| *at)
    }

    /// The cluster does not answer: nobody can be blamed for standing still.
    pub(super) fn forgive(&mut self) {
        self.behind.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALLED_MS_MAX: u64 = 1_000;

    fn at(offset: i64) -> Offsets {
        Offsets::from([(0, 5), (1, offset)])
    }

    async fn pass(ms: u64) {
        tokio::time::advance(Duration::from_millis(ms)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn who_stands_before_the_end_for_too_long_has_stalled() {
        let mut watch = StallWatch::new(STALLED_MS_MAX);
        assert_eq!(watch.look(&at(7), &at(9)), None);
        pass(STALLED_MS_MAX).await;
        assert_eq!(watch.look(&at(7), &at(9)), None);
        pass(1).await;
        assert_eq!(watch.look(&at(7), &at(9)), Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_moves_or_has_arrived_has_not() {
        let mut watch = StallWatch::new(STALLED_MS_MAX);
        for offset in 0..9 {
            assert_eq!(watch.look(&at(offset), &at(9)), None);
            pass(STALLED_MS_MAX).await;
        }
        for _ in 0..3 {
            assert_eq!(watch.look(&at(9), &at(9)), None);
            pass(STALLED_MS_MAX).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_has_while_the_cluster_is_silent() {
        let mut watch = StallWatch::new(STALLED_MS_MAX);
        for _ in 0..9 {
            assert_eq!(watch.look(&at(7), &at(9)), None);
            watch.forgive();
            pass(STALLED_MS_MAX).await;
        }
    }
}
