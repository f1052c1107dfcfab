//! Drives one handler through the log: resume, batch, retry, park, go on.

mod coming;
mod dealing;
mod replays;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use coming::Coming;
use ports::PortError;
use ports::checkpoint::Progress;
use ports::clock::Clock;
use ports::dead_letter::DeadLetters;
use ports::handler::EventHandler;
use ports::leadership::Term;
use ports::stream::{GlobalPosition, StreamName};
use ports::subscription::{Delivery, Subscription, Subscriptions};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};
use tracing::{error, info};

use crate::leading::Duty;

/// The bounds of a runner.
#[derive(Clone, Debug)]
pub struct RunnerSettings {
    /// At most this many events are handled, and their progress saved, at once.
    pub batch_events_max: usize,
    /// How often an event that cannot be handled is tried before its stream is parked.
    pub attempts_max: u32,
    /// Before the second attempt; doubles from attempt to attempt.
    pub retry_delay_ms_min: u64,
    /// The longest wait between attempts, also while the world does not answer.
    pub retry_delay_ms_max: u64,
    /// How often requests for replays are looked for.
    pub replay_poll_ms: u64,
}

impl Default for RunnerSettings {
    fn default() -> Self {
        Self {
            batch_events_max: 500,
            attempts_max: 3,
            retry_delay_ms_min: 100,
            retry_delay_ms_max: 10_000,
            replay_poll_ms: 500,
        }
    }
}

impl RunnerSettings {
    const fn first_delay(&self) -> Duration {
        Duration::from_millis(self.retry_delay_ms_min)
    }

    fn longer(&self, delay: Duration) -> Duration {
        delay.saturating_mul(2).min(Duration::from_millis(self.retry_delay_ms_max))
    }
}

/// What a runner is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunnerStatus {
    /// Everything up to here was handled or parked.
    pub position: GlobalPosition,
    /// How it is.
    pub state: RunnerState,
}

/// How a runner is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RunnerState {
    /// It has not begun.
    #[default]
    Starting,
    /// Another process runs the handler.
    StandingBy,
    /// It handles events, or waits for them.
    Running,
    /// It stands still until whoever asked for it lets go.
    Held,
    /// The world does not answer; this is what it said last.
    Retrying(String),
    /// It has ended.
    Stopped,
}

/// What a runner needs of the world.
#[derive(Clone)]
pub struct RunnerPorts {
    /// Where events come from.
    pub subscriptions: Arc<dyn Subscriptions>,
    /// Where events go that cannot be handled.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// Tells when they went there.
    pub clock: Arc<dyn Clock>,
}

/// Drives one handler. One runner per handler name at a time.
pub struct Runner {
    handler: Arc<dyn EventHandler>,
    ports: RunnerPorts,
    settings: RunnerSettings,
    drain: watch::Receiver<bool>,
    holds: mpsc::Receiver<Hold>,
    status: watch::Sender<RunnerStatus>,
    /// Streams of which an event was parked: the rest of them is parked too.
    parked: HashSet<StreamName>,
    /// How long to wait when the world does not answer the next time.
    outage_delay: Duration,
}

/// Stands still between two batches.
struct Hold {
    held: oneshot::Sender<GlobalPosition>,
    released: oneshot::Receiver<()>,
}

/// What others have of a runner.
#[derive(Clone)]
pub struct RunnerHandle {
    holds: mpsc::Sender<Hold>,
    status: watch::Receiver<RunnerStatus>,
}

/// Keeps a runner still until it is dropped.
pub struct HeldRunner {
    /// Where it stands.
    pub position: GlobalPosition,
    _release: oneshot::Sender<()>,
}

impl RunnerHandle {
    /// What the runner is doing.
    pub fn status(&self) -> RunnerStatus {
        self.status.borrow().clone()
    }

    /// Lets the runner finish what is in hand, then keeps it still. `None` when it has ended.
    pub async fn hold(&self) -> Option<HeldRunner> {
        let (held, position) = oneshot::channel();
        let (release, released) = oneshot::channel();
        self.holds.send(Hold { held, released }).await.ok()?;
        Some(HeldRunner { position: position.await.ok()?, _release: release })
    }

    /// Returns once everything up to `position` was handled or parked. Bounded by the caller.
    pub async fn wait_for(&self, position: GlobalPosition) {
        let mut status = self.status.clone();
        let reached = |status: &RunnerStatus| status.position >= position;
        // A runner that has ended gets no further; the caller's bound tells.
        if status.wait_for(reached).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Runner {
    /// A runner for `handler` that ends when `drain` becomes true.
    pub fn new(
        handler: Arc<dyn EventHandler>,
        ports: RunnerPorts,
        settings: RunnerSettings,
        drain: watch::Receiver<bool>,
    ) -> (Self, RunnerHandle) {
        let (status, status_seen) = watch::channel(RunnerStatus::default());
        let (hold, holds) = mpsc::channel(1);
        let parked = HashSet::new();
        let outage_delay = settings.first_delay();
        let runner = Self { handler, ports, settings, drain, holds, status, parked, outage_delay };
        (runner, RunnerHandle { holds: hold, status: status_seen })
    }

    /// Runs until drained. What was in hand is finished; what was not will be seen again.
    pub async fn run(mut self) {
        self.work().await;
    }

    async fn work(&mut self) {
        info!(handler = self.handler.name(), "the runner starts");
        while let Err(error) = self.follow().await {
            // Whatever failed, the last durable progress is where it goes on.
            self.note_trouble(&error);
            let delay = self.outage_delay;
            self.outage_delay = self.settings.longer(delay);
            if self.drains_within(delay).await {
                break;
            }
        }
        self.set_state(RunnerState::Stopped);
        info!(handler = self.handler.name(), "the runner has ended");
    }

    /// Resumes and follows the log until drained.
    async fn follow(&mut self) -> Result<(), PortError> {
        let progress = self.handler.progress().await?;
        let parked = self.ports.dead_letters.parked_streams(self.handler.name()).await?;
        self.parked = parked.into_iter().collect();
        let checkpoint = progress.as_ref().map(|progress| &progress.checkpoint);
        let mut subscription = self
            .ports
            .subscriptions
            .open(self.handler.name(), self.handler.categories(), checkpoint)
            .await?;
        self.advance(progress.as_ref());
        let mut replay_poll = interval(Duration::from_millis(self.settings.replay_poll_ms));
        replay_poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while let Some(delivery) = self.next_delivery(&mut *subscription, &mut replay_poll).await? {
            if !self.deal_with(delivery.events, &delivery.progress).await? {
                break;
            }
            self.advance(Some(&delivery.progress));
            self.outage_delay = self.settings.first_delay();
        }
        Ok(())
    }

    /// Waits for events and does meanwhile what else is asked for. `None`: it is time to drain.
    ///
    /// What comes between does not interrupt the subscription, which would have to begin a long read anew each time,
    /// nor does it leave it alone: see [`Coming`].
    async fn next_delivery(
        &mut self,
        subscription: &mut dyn Subscription,
        replay_poll: &mut Interval,
    ) -> Result<Option<Delivery>, PortError> {
        let mut coming = Coming::of(subscription.next(self.settings.batch_events_max));
        loop {
            tokio::select! {
                biased;
                () = told_to_drain(&mut self.drain) => return Ok(None),
                Some(hold) = self.holds.recv() => coming.meanwhile(self.stand_still(hold)).await,
                _ = replay_poll.tick() => coming.meanwhile(self.replay_requested()).await?,
                delivery = coming.arrival() => return delivery.map(Some),
            }
        }
    }

    async fn stand_still(&self, hold: Hold) {
        self.set_state(RunnerState::Held);
        let position = self.status.borrow().position;
        let mut drain = self.drain.clone();
        if hold.held.send(position).is_ok() {
            // Both a release and the end of whoever asked for it end the hold.
            tokio::select! {
                _ = hold.released => {}
                () = told_to_drain(&mut drain) => {}
            }
        }
        self.set_state(RunnerState::Running);
    }

    fn advance(&self, progress: Option<&Progress>) {
        self.status.send_modify(|status| {
            status.position = progress.map_or(status.position, |progress| progress.position);
            status.state = RunnerState::Running;
        });
    }

    fn set_state(&self, state: RunnerState) {
        self.status.send_modify(|status| status.state = state);
    }

    fn note_trouble(&self, error: &PortError) {
        let reason = error.chain();
        error!(handler = self.handler.name(), %reason, "the world does not answer; trying again");
        self.set_state(RunnerState::Retrying(reason));
    }

    /// Waits for `delay`. When it is time to drain, gives `true` at once.
    async fn drains_within(&mut self, delay: Duration) -> bool {
        timeout(delay, told_to_drain(&mut self.drain)).await.is_ok()
    }

    fn is_draining(&self) -> bool {
        *self.drain.borrow() || self.drain.has_changed().is_err()
    }
}

/// Along the log from the last durable progress on, whoever made it.
#[async_trait]
impl Duty for Runner {
    async fn serve(&mut self, _term: &Term, drain: watch::Receiver<bool>) {
        self.drain = drain;
        self.outage_delay = self.settings.first_delay();
        self.work().await;
    }

    fn stand_by(&mut self) {
        self.set_state(RunnerState::StandingBy);
    }
}

/// Returns when it is time to drain, also when nobody is left to say so.
async fn told_to_drain(drain: &mut watch::Receiver<bool>) {
    let _ = drain.wait_for(|drain| *drain).await;
}
