//! One run of the assessor, from its checkpoint to its drain.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use fail::fail_point;
use futures::future::BoxFuture;
use ports::PortError;
use ports::checkpoint::Checkpoint;
use ports::readings::ReadingsCommit;
use ports::samples::{ReceivedSample, SampleBatch, SampleFeed};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::Desk;
use crate::backoff::Backoff;
use crate::vibration::Dropped;
use crate::vibration::fleet::Watched;
use crate::vibration::motor::{MotorState, Outcome, Stored, Task};
use crate::vibration::roster::Roster;

/// Between two tries to reach a port.
const TRY_AGAIN: Backoff = Backoff { first_s: 0.2, max_s: 30.0 };
/// How many states are read at a time when the roster is drawn up.
const ROSTER_PAGE_MOTORS: usize = 100;
/// How many motors one look at the clock may concern; the others wait for the next one.
const LOOK_MOTORS_MAX: usize = 100;

/// Nothing survives it but what was committed. Its methods give `None` once it is to stop.
pub(super) struct Shift {
    desk: Arc<Desk>,
    drain: watch::Receiver<bool>,
    roster: Roster,
    /// When it last looked for those who do not speak.
    looked: Instant,
}

/// What the feed gave.
enum Next {
    Batch(SampleBatch),
    Nothing,
    Failure,
}

impl Shift {
    pub(super) fn new(desk: Arc<Desk>, drain: watch::Receiver<bool>) -> Self {
        Self { desk, drain, roster: Roster::default(), looked: Instant::now() }
    }

    pub(super) async fn work(mut self) -> Option<()> {
        self.meet_fleet().await?;
        self.draw_up_roster().await?;
        let mut failures: u32 = 0;
        loop {
            let mut feed = self.open().await?;
            while let Some(progressed) = self.step(&mut *feed).await? {
                failures = if progressed { 0 } else { failures };
            }
            failures = failures.saturating_add(1);
            self.pause(TRY_AGAIN.delay_s(failures, 0)).await?;
        }
    }

    /// Without the motors that are registered already, their samples would be dropped.
    async fn meet_fleet(&mut self) -> Option<()> {
        let desk = Arc::clone(&self.desk);
        let head = self.patiently(|| desk.log.head()).await?;
        let mut drain = self.drain.clone();
        tokio::select! {
            _ = drain.wait_for(|draining| *draining) => None,
            () = desk.fleet.wait_until(head) => Some(()),
        }
    }

    async fn draw_up_roster(&mut self) -> Option<()> {
        let desk = Arc::clone(&self.desk);
        let mut after = None;
        loop {
            let page = || desk.readings.motors(after, ROSTER_PAGE_MOTORS);
            let ids = self.patiently(page).await?;
            let Some(last) = ids.last().copied() else { return Some(()) };
            let states = self.patiently(|| desk.readings.states(&ids)).await?;
            for (id, json) in states {
                self.roster.note(id, &read(id, &json), &desk.settings);
            }
            after = Some(last);
        }
    }

    async fn open(&mut self) -> Option<Box<dyn SampleFeed>> {
        let desk = Arc::clone(&self.desk);
        let from = self.patiently(|| desk.readings.checkpoint()).await?;
        self.patiently(|| desk.samples.open(from.as_ref())).await
    }

    /// `Some(None)` when the feed has failed and must be opened anew.
    async fn step(&mut self, feed: &mut dyn SampleFeed) -> Option<Option<bool>> {
        let progressed = match self.next(feed).await? {
            Next::Batch(batch) => self.take(batch).await.map(|()| true)?,
            Next::Nothing => false,
            Next::Failure => return Some(None),
        };
        if progressed && self.looked.elapsed() < self.tick() {
            return Some(Some(true));
        }
        match feed.complete_until().await {
            Ok(complete_until) => self.look(complete_until).await?,
            Err(error) => {
                warn!("looking for samples that wait: {}", error.chain());
                return Some(None);
            }
        }
        Some(Some(progressed))
    }

    fn tick(&self) -> Duration {
        Duration::from_secs_f64(self.desk.settings.tick_s)
    }

    async fn next(&mut self, feed: &mut dyn SampleFeed) -> Option<Next> {
        let next = timeout(self.tick(), feed.next(self.desk.settings.batch_samples_max));
        let next = tokio::select! {
            biased;
            _ = self.drain.wait_for(|draining| *draining) => return None,
            next = next => next,
        };
        Some(match next {
            Ok(Ok(batch)) => Next::Batch(batch),
            Ok(Err(error)) => {
                warn!("reading samples: {}", error.chain());
                Next::Failure
            }
            Err(_elapsed) => Next::Nothing,
        })
    }

    /// Takes in a batch, with all that comes of it.
    async fn take(&mut self, batch: SampleBatch) -> Option<()> {
        let mut by_motor: BTreeMap<Uuid, Vec<ReceivedSample>> = BTreeMap::new();
        for sample in batch.samples {
            by_motor.entry(sample.motor_id).or_default().push(sample);
        }
        let watched = self.watched(&by_motor).await?;
        by_motor.retain(|id, samples| self.is_served(watched.get(id), samples.len()));
        let mut tasks = self.tasks(&by_motor.keys().copied().collect::<Vec<_>>(), watched).await?;
        for task in &mut tasks {
            task.samples = by_motor.remove(&task.motor_id).unwrap_or_default();
        }
        let outcomes = self.desk.run(tasks).await?;
        self.commit(outcomes, Some(batch.checkpoint)).await
    }

    /// What is known of these motors; of new ones once the fleet has come as far as the log.
    async fn watched(
        &mut self,
        by_motor: &BTreeMap<Uuid, Vec<ReceivedSample>>,
    ) -> Option<BTreeMap<Uuid, Watched>> {
        let desk = Arc::clone(&self.desk);
        let known = desk.fleet.watched(by_motor.keys().copied());
        if known.len() == by_motor.len() {
            return Some(known);
        }
        // When the fleet is up to date already, this takes no time: nobody can hold up the others with unknown ids.
        let head = self.patiently(|| desk.log.head()).await?;
        let wait = Duration::from_secs_f64(desk.settings.unknown_wait_s_max);
        if timeout(wait, desk.fleet.wait_until(head)).await.is_err() {
            warn!(
                "the fleet is at {} of {head}; its newest motors are unknown",
                desk.fleet.position()
            );
        }
        Some(desk.fleet.watched(by_motor.keys().copied()))
    }

    /// Whether samples of this motor are wanted; counts them when not.
    fn is_served(&self, watched: Option<&Watched>, samples: usize) -> bool {
        let reason = match watched {
            Some(motor) if motor.in_service => return true,
            Some(_) => Dropped::Decommissioned,
            None => Dropped::UnknownMotor,
        };
        self.desk.tally.add(reason, samples as u64);
        info!("dropping {samples} samples: {}", reason.name());
        false
    }

    async fn tasks(
        &mut self,
        ids: &[Uuid],
        mut watched: BTreeMap<Uuid, Watched>,
    ) -> Option<Vec<Task>> {
        let mut states: BTreeMap<Uuid, MotorState> = BTreeMap::new();
        states.extend(ids.iter().filter_map(|id| Some((*id, self.roster.take(*id)?))));
        let absent: Vec<Uuid> = ids.iter().copied().filter(|id| !states.contains_key(id)).collect();
        if !absent.is_empty() {
            let desk = Arc::clone(&self.desk);
            let stored = self.patiently(|| desk.readings.states(&absent)).await?;
            states.extend(stored.into_iter().map(|(id, json)| (id, read(id, &json))));
        }
        let task = |motor_id: &Uuid| {
            let watched = watched.remove(motor_id)?;
            let state = states.remove(motor_id).unwrap_or_default();
            let (motor_id, samples) = (*motor_id, Vec::new());
            Some(Task { motor_id, watched, state, samples, quiet_until: None })
        };
        Some(ids.iter().filter_map(task).collect())
    }

    /// Looks at the time, and for acknowledgements, on behalf of those who do not speak. Whose samples may still be
    /// waiting is not known to be silent: time goes no further than everything has been taken.
    async fn look(&mut self, complete_until: Option<Timestamp>) -> Option<()> {
        self.looked = Instant::now();
        let due = complete_until.map(|until| self.roster.due(until, LOOK_MOTORS_MAX));
        let mut ids = due.unwrap_or_default();
        let waits = |&(id, version): &(Uuid, u64)| self.roster.has_to_acknowledge(id, version);
        ids.extend(self.desk.fleet.acknowledged().iter().filter(|seen| waits(seen)).map(|s| s.0));
        ids.sort_unstable();
        ids.dedup();
        let watched = self.desk.fleet.watched(ids.iter().copied());
        let in_service = |id: &Uuid| watched.get(id).is_some_and(|motor| motor.in_service);
        let (ids, gone): (Vec<Uuid>, Vec<Uuid>) = ids.into_iter().partition(in_service);
        gone.into_iter().for_each(|id| self.roster.forget(id));
        if ids.is_empty() {
            return Some(());
        }
        let mut tasks = self.tasks(&ids, watched).await?;
        tasks.iter_mut().for_each(|task| task.quiet_until = complete_until);
        let outcomes = self.desk.run(tasks).await?;
        self.commit(outcomes, None).await
    }

    /// Makes everything durable at once, and only then goes on from there.
    async fn commit(
        &mut self,
        outcomes: Vec<Outcome>,
        checkpoint: Option<Checkpoint>,
    ) -> Option<()> {
        let desk = Arc::clone(&self.desk);
        let mut commit = ReadingsCommit { checkpoint, ..ReadingsCommit::default() };
        let mut states = Vec::new();
        for outcome in outcomes {
            let Outcome { motor_id, state, readings, commands, dropped } = outcome;
            commit.readings.extend(readings);
            commit.outgoing.extend(commands);
            dropped.iter().for_each(|reason| desk.tally.add(*reason, 1));
            if let Some(Stored { state, json }) = state {
                commit.states.push((motor_id, json));
                states.push((motor_id, state));
            }
        }
        fail_point!("vibration-before-commit");
        self.patiently(|| desk.readings.commit(commit.clone())).await?;
        fail_point!("vibration-after-commit");
        if !commit.outgoing.is_empty() {
            desk.outgoing.notify_one();
        }
        for (id, state) in states {
            self.roster.keep(id, state, &desk.settings);
        }
        self.roster.evict(desk.settings.motors_cached_max);
        Some(())
    }

    /// Asks a port until it answers.
    async fn patiently<'a, T>(
        &mut self,
        ask: impl Fn() -> BoxFuture<'a, Result<T, PortError>>,
    ) -> Option<T> {
        let mut failures: u32 = 0;
        loop {
            match ask().await {
                Ok(answer) => return Some(answer),
                Err(error) => {
                    failures = failures.saturating_add(1);
                    warn!("{}", error.chain());
                    self.pause(TRY_AGAIN.delay_s(failures, 0)).await?;
                }
            }
        }
    }

    async fn pause(&mut self, pause_s: f64) -> Option<()> {
        tokio::select! {
            _ = self.drain.wait_for(|draining| *draining) => None,
            () = sleep(Duration::from_secs_f64(pause_s)) => Some(()),
        }
    }
}

/// A state that cannot be read costs its motor a new beginning, not the others theirs.
fn read(id: Uuid, json: &str) -> MotorState {
    serde_json::from_str(json).unwrap_or_else(|error| {
        error!(motor = %id, "the state of motor {id} cannot be read and begins anew: {error}");
        MotorState::default()
    })
}
