//! Streams that a foreign transaction keeps locked. Each attempt at one would hold up everybody.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::append::Wish;

/// For how long a stream that was found locked is left alone.
const LEFT_ALONE_MS: u64 = 1_000;
/// How many streams are remembered; a foreign writer that locks more is met more often.
const STREAMS_MAX: usize = 1_000;

#[derive(Default)]
pub(super) struct BlockedStreams {
    until: HashMap<(String, String), Instant>,
}

/// A foreign transaction has written to the stream and is still open.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("another program has written to the stream and has not committed yet")]
pub(super) struct Blocked;

impl BlockedStreams {
    pub(super) fn add(&mut self, wish: &Wish) {
        let now = Instant::now();
        self.until.retain(|_, until| *until > now);
        if self.until.len() < STREAMS_MAX {
            self.until.insert(stream(wish), now + Duration::from_millis(LEFT_ALONE_MS));
        }
    }

    pub(super) fn check(&self, wish: &Wish) -> Result<(), Blocked> {
        if self.until.is_empty() {
            return Ok(());
        }
        match self.until.get(&stream(wish)) {
            Some(until) if *until > Instant::now() => Err(Blocked),
            _ => Ok(()),
        }
    }
}

fn stream(wish: &Wish) -> (String, String) {
    (wish.aggregate_type.clone(), wish.aggregate_id.clone())
}
