//! Follows the samples: batch by batch, each with all that comes of it in one commit.

mod shift;

use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use futures::future::join_all;
use ports::event_log::EventLog;
use ports::readings::Readings;
use ports::samples::SampleSource;
use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;

use super::motor::{Outcome, Task};
use super::{Fleet, Instruments, Tally, VibrationSettings};
use crate::Dependencies;
use shift::Shift;

/// The most threads that judge at a time.
const THREADS_MAX: usize = 4;

/// Judges samples. There must be one of it at a time, since there is one checkpoint.
#[derive(Clone)]
pub struct Assessor {
    desk: Arc<Desk>,
}

/// What the work needs.
struct Desk {
    log: Arc<dyn EventLog>,
    samples: Arc<dyn SampleSource>,
    readings: Arc<dyn Readings>,
    fleet: Arc<Fleet>,
    tally: Arc<Tally>,
    outgoing: Arc<Notify>,
    settings: VibrationSettings,
    /// Those that no thread needs at the moment.
    instruments: Mutex<Vec<Instruments>>,
}

impl Assessor {
    /// Judges by what `fleet` knows, counts in `tally` what it drops, and tells `outgoing` when it wants commands sent.
    pub fn new(
        dependencies: &Dependencies,
        fleet: Arc<Fleet>,
        tally: Arc<Tally>,
        outgoing: Arc<Notify>,
        settings: VibrationSettings,
    ) -> Self {
        let Dependencies { log, samples, readings, .. } = dependencies.clone();
        let instruments = Mutex::default();
        let desk = Desk { log, samples, readings, fleet, tally, outgoing, settings, instruments };
        Self { desk: Arc::new(desk) }
    }

    /// Works until `drain` turns true. What was not committed until then is done again at the next start.
    pub async fn run(self, drain: watch::Receiver<bool>) {
        Shift::new(self.desk, drain).work().await;
    }
}

impl Desk {
    /// Does the work on several threads, motor by motor. `None` when the process is stopping.
    async fn run(self: &Arc<Self>, mut tasks: Vec<Task>) -> Option<Vec<Outcome>> {
        let threads = available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX);
        let share = tasks.len().div_ceil(threads).max(1);
        let mut running = Vec::new();
        while !tasks.is_empty() {
            let rest = tasks.split_off(share.min(tasks.len()));
            let (desk, share) = (Arc::clone(self), std::mem::replace(&mut tasks, rest));
            running.push(spawn_blocking(move || desk.run_here(share)));
        }
        let shares: Result<Vec<_>, _> = join_all(running).await.into_iter().collect();
        Some(shares.ok()?.into_iter().flatten().collect())
    }

    fn run_here(&self, tasks: Vec<Task>) -> Vec<Outcome> {
        let mut instruments = self.pool(|pool| pool.pop()).unwrap_or_default();
        let mut outcomes = Vec::with_capacity(tasks.len());
        for task in tasks {
            let outcome = task.run(&self.settings, &mut instruments);
            if outcome.state.is_none() {
                // It may have broken half-way through.
                instruments = Instruments::default();
            }
            outcomes.push(outcome);
        }
        self.pool(|pool| pool.push(instruments));
        outcomes
    }

    fn pool<T>(&self, act: impl FnOnce(&mut Vec<Instruments>) -> T) -> T {
        act(&mut self.instruments.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
