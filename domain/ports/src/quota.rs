//! Sees to it that nobody asks more often than was agreed.

use async_trait::async_trait;
use domain::time::Timestamp;

use crate::PortError;

/// How often one client may ask.
///
/// It is the generic cell rate algorithm: a client may ask `burst` times at once, and gets back one of these every
/// `60 / per_minute` seconds. So in any span of s seconds at most `burst + per_minute · s / 60` requests are admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// In the long run; at least 1, at most 60 000 000.
    pub per_minute: u32,
    /// At once; at least 1.
    pub burst: u32,
}

/// How a client stands after having asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the request is within the budget. One that is not costs nothing.
    pub admitted: bool,
    /// How many more would be admitted at this moment.
    pub remaining: u32,
    /// After how many microseconds the next one would be admitted; 0: at once.
    pub next_us: u64,
    /// After how many microseconds without a request the whole burst is there again.
    pub whole_us: u64,
}

/// Keeps the budgets of all clients. Processes that share it share the budgets.
#[async_trait]
pub trait Quotas: Send + Sync {
    /// Takes one request of `client` out of its budget, if there is one left at `now`. Of those who ask at a time, no
    /// more are admitted than there are left. A client that was not heard of, or not for as long as it takes to have
    /// the whole burst again, has the whole burst. Clocks of processes that share it should agree: one that is late
    /// by a second admits no more than others would have, one that is ahead gives back a second's worth too early.
    async fn take(
        &self,
        client: &str,
        budget: Budget,
        now: Timestamp,
    ) -> Result<Standing, PortError>;
}

const MINUTE_US: i64 = 60_000_000;

impl Budget {
    /// From one request to the next, in the long run.
    pub fn interval_us(&self) -> i64 {
        (MINUTE_US / i64::from(self.per_minute.max(1))).max(1)
    }

    /// How far ahead of the present a client may have asked.
    pub fn tolerance_us(&self) -> i64 {
        self.interval_us() * i64::from(self.burst.max(1))
    }

    /// One request at `now` by a client whose requests so far are paid for at `paid_at`. The second value is when they
    /// are with this one; it has changed only if the request is admitted.
    pub fn ask(&self, paid_at: Option<Timestamp>, now: Timestamp) -> (Standing, Timestamp) {
        let now = now.as_micros();
        let paid_at = paid_at.map_or(now, |paid_at| paid_at.as_micros().max(now));
        let ahead = paid_at - now + self.interval_us();
        if ahead > self.tolerance_us() {
            return (self.standing(false, paid_at - now), Timestamp::from_micros(paid_at));
        }
        (self.standing(true, ahead), Timestamp::from_micros(now + ahead))
    }

    /// How a client stands whose requests are paid for `ahead_us` after now.
    pub fn standing(&self, admitted: bool, ahead_us: i64) -> Standing {
        let left_us = (self.tolerance_us() - ahead_us).max(0);
        let remaining = left_us / self.interval_us();
        Standing {
            admitted,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            next_us: u64::try_from(ahead_us + self.interval_us() - self.tolerance_us())
                .unwrap_or(0),
            whole_us: u64::try_from(ahead_us).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget { per_minute: 100, burst: 200 };

    #[test]
    fn of_a_thousand_requests_in_fifteen_seconds_no_more_than_the_budget_is_admitted() {
        let mut paid_at = None;
        let mut admitted = 0;
        for n in 0..1_000 {
            let (standing, paid) = BUDGET.ask(paid_at, Timestamp::from_micros(n * 15_000));
            paid_at = Some(paid);
            admitted += u32::from(standing.admitted);
        }
        // The last one comes after 14.985 s: 24 have been given back by then.
        assert_eq!(admitted, 224);
    }

    #[test]
    fn in_the_long_run_a_hundred_a_minute_are_admitted() {
        let mut paid_at = None;
        let mut admitted = 0;
        for second in 0..3_600 {
            for _ in 0..5 {
                let (standing, paid) =
                    BUDGET.ask(paid_at, Timestamp::from_micros(second * 1_000_000));
                paid_at = Some(paid);
                admitted += u32::from(standing.admitted);
            }
        }
        assert_eq!(admitted, 200 + 100 * 60 - 2);
    }

    #[test]
    fn who_has_nothing_left_is_told_when_to_come_back_and_is_admitted_then() {
        let small = Budget { per_minute: 60, burst: 2 };
        let at = |ms: i64| Timestamp::from_micros(ms * 1_000);
        let (first, paid) = small.ask(None, at(0));
        assert_eq!((first.admitted, first.remaining, first.next_us), (true, 1, 0));
        let (second, paid) = small.ask(Some(paid), at(0));
        assert_eq!((second.remaining, second.next_us, second.whole_us), (0, 1_000_000, 2_000_000));
        let (refused, same) = small.ask(Some(paid), at(400));
        assert_eq!((refused.admitted, refused.next_us, same), (false, 600_000, paid));
        assert!(!small.ask(Some(paid), at(999)).0.admitted);
        assert!(small.ask(Some(paid), at(1_000)).0.admitted);
    }
}
