//! The end of the log as this process knows it: what the reader puts in, and what subscriptions take out.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use ports::PortError;
use ports::event::RecordedEvent;
use ports::event_log::EventLog;
use ports::stream::GlobalPosition;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::info;

use super::ring::{Held, Ring, RingBounds};

/// The bounds of a tail.
#[derive(Clone, Copy, Debug)]
pub struct TailSettings {
    /// How much of the end of the log is kept in memory.
    pub ring: RingBounds,
    /// How long a subscription waits for Kafka before it looks whether the log has more.
    pub silence_ms_max: u64,
    /// The log is asked for its head at most once in this time, whatever the number of subscriptions.
    pub head_poll_ms: u64,
}

impl Default for TailSettings {
    fn default() -> Self {
        let ring = RingBounds { events_max: 16_384, bytes_max: 64 * 1024 * 1024 };
        Self { ring, silence_ms_max: 1_000, head_poll_ms: 500 }
    }
}

impl TailSettings {
    pub(super) const fn silence(&self) -> Duration {
        Duration::from_millis(self.silence_ms_max)
    }
}

/// Where events come from at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Every subscription waits for Kafka.
    Kafka,
    /// At least one subscription follows the log itself, since Kafka was silent while the log went on.
    Log,
}

impl Source {
    /// The name in probes and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Log => "log",
        }
    }
}

/// How the live feed is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TailStatus {
    /// Everything after where the tail began and up to here came in; `None` before it began.
    pub position: Option<GlobalPosition>,
    /// Where events come from.
    pub source: Source,
    /// How many positions never came by Kafka and were read from the log instead.
    pub holes: u64,
    /// How many records could not be taken as they were, or only referred to the log, and were read from it.
    pub referred: u64,
    /// How many records came that had come before.
    pub duplicates: u64,
    /// What went wrong last; `None` while records come in.
    pub last_error: Option<String>,
}

/// The newest events of the log, shared by all subscriptions of a process.
pub struct Tail {
    settings: TailSettings,
    ring: RwLock<Ring>,
    /// The newest position in the ring.
    position: watch::Sender<Option<u64>>,
    head: tokio::sync::Mutex<Option<(Instant, u64)>>,
    /// How many subscriptions follow the log.
    following: AtomicUsize,
    holes: AtomicU64,
    referred: AtomicU64,
    duplicates: AtomicU64,
    last_error: Mutex<Option<String>>,
}

impl Tail {
    /// Empty. Until a reader feeds it, subscriptions follow the log.
    pub fn new(settings: TailSettings) -> Arc<Self> {
        Arc::new(Self {
            settings,
            ring: RwLock::new(Ring::new(settings.ring)),
            position: watch::Sender::new(None),
            head: tokio::sync::Mutex::default(),
            following: AtomicUsize::new(0),
            holes: AtomicU64::new(0),
            referred: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            last_error: Mutex::default(),
        })
    }

    /// How it is, for probes and metrics.
    pub fn status(&self) -> TailStatus {
        let following = self.following.load(Ordering::Relaxed);
        TailStatus {
            position: self.position.borrow().map(GlobalPosition),
            source: if following == 0 { Source::Kafka } else { Source::Log },
            holes: self.holes.load(Ordering::Relaxed),
            referred: self.referred.load(Ordering::Relaxed),
            duplicates: self.duplicates.load(Ordering::Relaxed),
            last_error: self.error().clone(),
        }
    }

    pub(super) const fn settings(&self) -> &TailSettings {
        &self.settings
    }

    /// The next event to come has this position; what is kept is forgotten.
    pub(super) fn begin_at(&self, next: u64) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        ring.begin_at(next);
        self.position.send_replace(ring.position());
    }

    /// Takes in what follows. An event out of turn, and all after it, is left out: subscriptions find it in the log.
    pub(super) fn push(&self, events: Vec<Arc<RecordedEvent>>) {
        if events.is_empty() {
            return;
        }
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            if !ring.push(event) {
                break;
            }
        }
        // Told while the ring is held, so that the position never goes back by itself.
        self.position.send_replace(ring.position());
    }

    pub(super) fn after(&self, position: u64, events_max: usize) -> Held {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        ring.after(position, events_max)
    }

    /// Whether the tail has come as far as `position`.
    pub(super) fn has_reached(&self, position: u64) -> bool {
        self.position.borrow().is_some_and(|reached| reached >= position)
    }

    /// Returns when the tail has come as far as `position`. May be dropped at any time.
    pub async fn reached(&self, GlobalPosition(position): GlobalPosition) {
        let mut watched = self.position.subscribe();
        let reached = watched.wait_for(|reached| reached.is_some_and(|it| it >= position));
        reached.await.expect("the tail holds the sender");
    }

    /// The head of the log, as it was at most `head_poll_ms` ago.
    pub(super) async fn head_of(&self, log: &dyn EventLog) -> Result<u64, PortError> {
        let mut known = self.head.lock().await;
        let fresh = Duration::from_millis(self.settings.head_poll_ms);
        if let Some((_, head)) = known.filter(|(asked_at, _)| asked_at.elapsed() < fresh) {
            return Ok(head);
        }
        let GlobalPosition(head) = log.head().await?;
        *known = Some((Instant::now(), head));
        Ok(head)
    }

    pub(super) fn count_holes(&self, positions: u64) {
        self.holes.fetch_add(positions, Ordering::Relaxed);
    }

    pub(super) fn count_referred(&self, positions: u64) {
        self.referred.fetch_add(positions, Ordering::Relaxed);
    }

    pub(super) fn count_duplicates(&self, records: u64) {
        self.duplicates.fetch_add(records, Ordering::Relaxed);
    }

    pub(super) fn note_error(&self, error: impl Into<String>) {
        *self.error() = Some(error.into());
    }

    pub(super) fn note_recovery(&self) {
        *self.error() = None;
    }

    fn error(&self) -> MutexGuard<'_, Option<String>> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a subscription among those that follow the log, until what is returned is dropped.
    pub(super) fn follow_log(self: &Arc<Self>) -> FollowsLog {
        if self.following.fetch_add(1, Ordering::Relaxed) == 0 {
            info!("following the log itself: it has events that have not come by Kafka");
        }
        FollowsLog(Arc::clone(self))
    }
}

/// A subscription that follows the log.
pub(super) struct FollowsLog(Arc<Tail>);

impl Drop for FollowsLog {
    fn drop(&mut self) {
        if self.0.following.fetch_sub(1, Ordering::Relaxed) == 1 {
            info!("following Kafka again");
        }
    }
}
