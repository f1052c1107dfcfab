//! Compares what was made of the log with the log, again and again, and says what differs. It repairs nothing.
//!
//! ```text
//! pass:  the log, slice by slice ── each event in the topic? ── each stream folded: its documents as they should be?
//!        then each model, page by page ── each document written by an event of the log?
//! ```
//!
//! A document says by its position which events it holds. So each is compared with what the log says of exactly that
//! position, however busy the system is, and a difference is told only when it is still there after a while.

mod compare;
mod differences;
mod documents;
mod pace;
mod pass;
mod place;
mod streams;
mod topic;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use infra_telemetry::Metrics;
use ports::PortError;
use ports::checkpoint::{Checkpoint, Checkpoints, Progress};
use ports::clock::Clock;
use ports::dead_letter::DeadLetters;
use ports::event_log::EventLog;
use ports::event_store::EventStore;
use ports::read_models::ReadModels;
use ports::stream::GlobalPosition;
use projections::ProjectionKind;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use self::differences::Known;
use self::pace::Pace;
use self::pass::Step;
use self::place::Place;

pub use differences::{Difference, DifferenceKind, KNOWN_MAX};
pub use topic::{TopicAudit, TopicExtent, TopicRecord, payload_sha256};

/// Under which its place is kept.
const NAME: &str = "reconciler";
/// From one saving of the place to the next one, unless something was found.
const SAVE_INTERVAL_MS: u64 = 5_000;
const RETRY_MS_MIN: u64 = 500;
const RETRY_MS_MAX: u64 = 30_000;

/// What the reconciler reads. It writes nothing but its own place.
#[derive(Clone)]
pub struct ReconcilerPorts {
    /// The truth, by position.
    pub log: Arc<dyn EventLog>,
    /// The truth, by stream.
    pub streams: Arc<dyn EventStore>,
    /// What projections made of it.
    pub read_models: Arc<dyn ReadModels>,
    /// What they could not fold.
    pub dead_letters: Arc<dyn DeadLetters>,
    /// Where it goes on after a restart.
    pub checkpoints: Arc<dyn Checkpoints>,
    /// Tells when a pass ended.
    pub clock: Arc<dyn Clock>,
    /// What was published of the truth, where it is published.
    pub topic: Option<Arc<dyn TopicAudit>>,
    /// Who hears of differences.
    pub metrics: Arc<Metrics>,
}

/// The bounds of the reconciler.
#[derive(Clone, Debug)]
pub struct ReconcilerSettings {
    /// At most this share of the time of one processor, in percent, 1 to 100.
    pub share_percent: u32,
    /// How many events are compared before its place is noted.
    pub slice_events_max: usize,
    /// How many documents are compared before its place is noted.
    pub slice_documents_max: usize,
    /// From the end of a pass to the beginning of the next one.
    pub pass_pause_ms: u64,
    /// Until a difference is looked at again.
    pub recheck_pause_ms: u64,
}

impl Default for ReconcilerSettings {
    fn default() -> Self {
        Self {
            share_percent: 5,
            slice_events_max: 500,
            slice_documents_max: 200,
            pass_pause_ms: 5_000,
            recheck_pause_ms: 1_000,
        }
    }
}

/// What is known at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many passes have ended.
    pub passes: u64,
    /// Up to which position the last of them compared.
    pub position: GlobalPosition,
    /// What differs; at most [`KNOWN_MAX`].
    pub differences: Vec<Difference>,
}

/// Compares for ever. One per installation; a second one would only do the same again.
pub struct Reconciler {
    kinds: Vec<Arc<dyn ProjectionKind>>,
    ports: ReconcilerPorts,
    settings: ReconcilerSettings,
    place: Place,
    known: Known,
    pace: Pace,
    /// How many slices were compared by this process.
    steps: u64,
    /// Its place is known: it is where it was before a restart.
    is_resumed: bool,
    report: watch::Sender<Report>,
}

impl Reconciler {
    /// Compares the documents of `kinds`.
    pub fn new(
        kinds: Vec<Arc<dyn ProjectionKind>>,
        ports: ReconcilerPorts,
        settings: ReconcilerSettings,
    ) -> Self {
        let known = Known::new(&kinds, ports.topic.is_some(), Arc::clone(&ports.metrics));
        let pace = Pace::of(settings.share_percent);
        let report = watch::Sender::default();
        let (place, steps, is_resumed) = (Place::default(), 0, false);
        Self { kinds, ports, settings, place, known, pace, steps, is_resumed, report }
    }

    /// What is known, as it changes.
    pub fn report(&self) -> watch::Receiver<Report> {
        self.report.subscribe()
    }

    /// Runs until drained. It may be stopped at any point: only reading is going on.
    pub async fn run(mut self, mut drain: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            // An error means that the process is ending already.
            _ = drain.wait_for(|drain| *drain) => {}
            () = self.compare_for_ever() => {}
        }
        // What was not read yet is not written over.
        if !self.is_resumed {
            return;
        }
        if let Err(error) = self.save().await {
            warn!(reason = error.chain(), "the reconciler's place was not saved");
        }
    }

    async fn compare_for_ever(&mut self) {
        let mut retry_ms = RETRY_MS_MIN;
        loop {
            let steps = self.steps;
            let Err(error) = self.compare_while_stores_answer().await;
            if self.steps > steps {
                retry_ms = RETRY_MS_MIN;
            }
            warn!(reason = error.chain(), "comparing failed; trying again");
            sleep(Duration::from_millis(retry_ms)).await;
            retry_ms = (retry_ms * 2).min(RETRY_MS_MAX);
        }
    }

    async fn compare_while_stores_answer(&mut self) -> Result<Infallible, PortError> {
        if !self.is_resumed {
            self.resume().await?;
            self.is_resumed = true;
        }
        let mut saved_at = Instant::now();
        loop {
            let step = self.step().await?;
            self.steps += 1;
            let is_due = saved_at.elapsed() >= Duration::from_millis(SAVE_INTERVAL_MS);
            if is_due || self.known.take_news() || step == Step::PassEnded {
                self.save().await?;
                saved_at = Instant::now();
            }
            self.tell();
            if step == Step::PassEnded {
                sleep(Duration::from_millis(self.settings.pass_pause_ms)).await;
                self.pace.begin();
            }
        }
    }

    async fn resume(&mut self) -> Result<(), PortError> {
        if let Some(Progress { checkpoint, .. }) = self.ports.checkpoints.load(NAME).await? {
            // What another release wrote is no loss: a pass begins anew.
            self.place = Place::read(&checkpoint.0).unwrap_or_default();
            self.known.resume(std::mem::take(&mut self.place.known));
            info!(pass = self.place.pass, "the reconciler goes on");
        }
        self.tell();
        Ok(())
    }

    /// A checkpoint that is older than the one before changes nothing, hence a number that only grows.
    async fn save(&mut self) -> Result<(), PortError> {
        self.place.saves += 1;
        self.place.known = self.known.to_save();
        let checkpoint = Checkpoint(self.place.written());
        self.place.known.clear();
        let position = GlobalPosition(self.place.saves);
        self.ports.checkpoints.save(NAME, &Progress { position, checkpoint }).await
    }

    fn tell(&self) {
        let differences = self.known.all();
        let (passes, position) = (self.place.passes, self.place.passed);
        self.report.send_if_modified(|report| {
            let next = Report { passes, position, differences };
            let is_new = *report != next;
            *report = next;
            is_new
        });
    }
}
