//! Sends what is due, so many messages at a time, until it is told to drain.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::{error, info};

use super::WebhookSettings;
use super::call::Caller;
use super::schedule::Schedule;
use crate::Dependencies;

/// The longest time without a look at what is due: a clock may have been set.
const IDLE_S_MAX: f64 = 60.0;
/// The shortest one, so that nothing is asked for in a circle.
const IDLE_S_MIN: f64 = 0.01;

/// Sends the messages of a schedule.
#[derive(Clone)]
pub struct Sender {
    caller: Arc<Caller>,
    schedule: Arc<Schedule>,
}

impl Sender {
    /// Sends what `schedule` says is due.
    pub fn new(
        dependencies: &Dependencies,
        schedule: Arc<Schedule>,
        settings: WebhookSettings,
    ) -> Self {
        Self { caller: Arc::new(Caller::new(dependencies, settings)), schedule }
    }

    /// Sends until `drain` turns true; then finishes what is in hand, and lets go of what takes too long: it is sent
    /// again by whoever comes next.
    pub async fn run(self, mut drain: watch::Receiver<bool>) {
        let mut calls = JoinSet::new();
        self.keep_sending(&mut calls, &mut drain).await;
        let grace = Duration::from_secs_f64(self.caller.settings.grace_s);
        if timeout(grace, all_ended(&mut calls)).await.is_err() {
            info!("letting go of {} callbacks that take too long", calls.len());
        }
    }

    async fn keep_sending(&self, calls: &mut JoinSet<()>, drain: &mut watch::Receiver<bool>) {
        let mut changes = self.schedule.changes();
        loop {
            // Before the look, so that no change after it goes unnoticed.
            changes.mark_unchanged();
            let pause = self.fill(calls);
            tokio::select! {
                // An error means that whoever could drain is gone, which is the same.
                _ = drain.wait_for(|draining| *draining) => return,
                Some(ended) = calls.join_next() => report(ended),
                _ = changes.changed() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Begins as many calls as there is room for, and tells when it is worth looking again.
    fn fill(&self, calls: &mut JoinSet<()>) -> Duration {
        let free = self.caller.settings.concurrency.saturating_sub(calls.len());
        let (turns, next) = self.schedule.take(free);
        for turn in turns {
            let caller = Arc::clone(&self.caller);
            calls.spawn(async move {
                let next = caller.call(turn.task_id).await;
                turn.end(next);
            });
        }
        let now = self.caller.clock.now();
        let pause_s = next.map_or(IDLE_S_MAX, |at| at.seconds_since(now));
        // With no room left, the end of a call is what wakes this.
        let pause_s =
            if calls.len() < self.caller.settings.concurrency { pause_s } else { IDLE_S_MAX };
        Duration::from_secs_f64(pause_s.clamp(IDLE_S_MIN, IDLE_S_MAX))
    }
}

async fn all_ended(calls: &mut JoinSet<()>) {
    while let Some(ended) = calls.join_next().await {
        report(ended);
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        error!("a callback broke, and will be tried again: {error}");
    }
}
