//! Keeps the comparing to its share of the time, so that those who work for people do not notice it.

use std::time::{Duration, Instant};

use tokio::task::yield_now;
use tokio::time::sleep;

/// Shorter stretches of work are not worth a sleep.
const STRETCH_MS_MIN: u64 = 5;

/// Work and rest in a fixed proportion.
pub(super) struct Pace {
    share_percent: u32,
    worked_since: Instant,
}

impl Pace {
    pub(super) fn of(share_percent: u32) -> Self {
        Self { share_percent: share_percent.clamp(1, 100), worked_since: Instant::now() }
    }

    /// Work begins now.
    pub(super) fn begin(&mut self) {
        self.worked_since = Instant::now();
    }

    /// Rests as long as the work since the last rest calls for. Waiting for a store counts as work: then it is the
    /// store that is spared.
    pub(super) async fn breathe(&mut self) {
        let worked = self.worked_since.elapsed();
        if worked < Duration::from_millis(STRETCH_MS_MIN) {
            return yield_now().await;
        }
        sleep(worked * (100 - self.share_percent) / self.share_percent).await;
        self.begin();
    }
}
