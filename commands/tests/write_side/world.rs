//! What the tests stand on: a store, a clock, and the commands over them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use bytes::Bytes;
use commands::{Commands, Settings, http};
use domain::motor::{Command, Motor, Nameplate};
use domain::picture;
use ports::PortError;
use ports::blobs::{BlobKey, Blobs};
use ports::command_bus::CommandEnvelope;
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, AppendError, Appended, CommandKey, CommandRecord, EventStore};
use ports::memory::{ManualClock, MemoryBlobs, MemoryCallbacks, MemoryLog, MemorySamples};
use ports::stream::{StreamName, StreamVersion};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) commands: Arc<Commands>,
    pub(crate) blobs: Arc<Shelf>,
    pub(crate) callbacks: Arc<MemoryCallbacks>,
    pub(crate) samples: Arc<MemorySamples>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let clock = Arc::new(ManualClock::default());
        let log = Arc::new(MemoryLog::new(clock.clone()));
        let commands = Arc::new(commands::all(log.clone(), clock.clone(), settings));
        let blobs = Arc::new(Shelf::default());
        let samples = Arc::new(MemorySamples::new(clock.clone()));
        Self { clock, log, commands, blobs, callbacks: Arc::default(), samples }
    }

    pub(crate) fn router(&self) -> Router {
        self.router_over(self.commands.clone())
    }

    pub(crate) fn router_over(&self, commands: Arc<Commands>) -> Router {
        let limits = picture::Limits::default();
        http::router(
            commands,
            self.blobs.clone(),
            Some(self.callbacks.clone()),
            self.samples.clone(),
            limits,
        )
    }

    /// Other commands over a store of the test's choice: another process, so to speak.
    pub(crate) fn over(&self, store: Arc<dyn EventStore>) -> Arc<Commands> {
        Arc::new(commands::all(store, self.clock.clone(), Settings::default()))
    }

    pub(crate) async fn events(&self) -> Vec<RecordedEvent> {
        let all = LogQuery { events_max: 10_000, ..LogQuery::default() };
        self.log.read(&all).await.expect("memory does not fail").events
    }

    /// What happened, in words: `registered`, `revised`.
    pub(crate) async fn history(&self) -> Vec<String> {
        self.events().await.into_iter().map(|event| event.event_type).collect()
    }
}

pub(crate) const MOTOR: Uuid = Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0001);

pub(crate) fn nameplate() -> Value {
    json!({ "name": "P-101", "rated_power_kw": 90.0, "rated_speed_rpm": 1480.0 })
}

pub(crate) fn register(id: Uuid) -> CommandEnvelope {
    let nameplate: Nameplate = serde_json::from_value(nameplate()).expect("a nameplate");
    CommandEnvelope::new::<Motor>(id, &Command::Register(nameplate))
}

pub(crate) fn revise(id: Uuid, change: Value) -> CommandEnvelope {
    let revision = serde_json::from_value(change).expect("a revision");
    CommandEnvelope::new::<Motor>(id, &Command::Revise(revision))
}

pub(crate) fn rename(id: Uuid, name: &str) -> CommandEnvelope {
    revise(id, json!({ "name": name }))
}

pub(crate) fn decommission(id: Uuid) -> CommandEnvelope {
    CommandEnvelope::new::<Motor>(id, &Command::Decommission {})
}

/// The same under a key, with what was asked as its fingerprint.
pub(crate) fn keyed(mut envelope: CommandEnvelope, key: &str) -> CommandEnvelope {
    let fingerprint = envelope.command.to_string();
    let (scope, key) = ("tester".to_owned(), key.to_owned());
    envelope.key = Some(CommandKey { scope, key, fingerprint });
    envelope
}

pub(crate) fn expecting(mut envelope: CommandEnvelope, version: u64) -> CommandEnvelope {
    envelope.expected = Some(StreamVersion(version));
    envelope
}

/// A store whose appends wait until the test lets them go.
pub(crate) struct Held {
    inner: Arc<dyn EventStore>,
    arrived: Semaphore,
    released: Semaphore,
}

impl Held {
    pub(crate) fn over(inner: Arc<dyn EventStore>) -> Arc<Self> {
        Arc::new(Self { inner, arrived: Semaphore::new(0), released: Semaphore::new(0) })
    }

    /// Returns when one more append waits.
    pub(crate) async fn arrival(&self) {
        self.arrived.acquire().await.expect("never closed").forget();
    }

    pub(crate) fn release(&self, appends: usize) {
        self.released.add_permits(appends);
    }
}

#[async_trait]
impl EventStore for Held {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.arrived.add_permits(1);
        self.released.acquire().await.expect("never closed").forget();
        self.inner.append(append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, PortError> {
        self.inner.read_stream(stream, after, events_max).await
    }

    async fn find_command(&self, key: &CommandKey) -> Result<Option<CommandRecord>, PortError> {
        self.inner.find_command(key).await
    }
}

/// Blobs that tell which there are.
#[derive(Default)]
pub(crate) struct Shelf {
    inner: MemoryBlobs,
    keys: Mutex<BTreeSet<BlobKey>>,
}

impl Shelf {
    pub(crate) fn keys(&self) -> Vec<BlobKey> {
        self.keys.lock().expect("not poisoned").iter().cloned().collect()
    }
}

#[async_trait]
impl Blobs for Shelf {
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), PortError> {
        self.keys.lock().expect("not poisoned").insert(key.clone());
        self.inner.put(key, bytes).await
    }

    async fn get(&self, key: &BlobKey) -> Result<Option<Bytes>, PortError> {
        self.inner.get(key).await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), PortError> {
        self.keys.lock().expect("not poisoned").remove(key);
        self.inner.delete(key).await
    }

    async fn originals(
        &self,
        after: Option<Uuid>,
        originals_max: usize,
    ) -> Result<Vec<Uuid>, PortError> {
        self.inner.originals(after, originals_max).await
    }
}

/// Counts the reads of streams.
pub(crate) struct Counted {
    inner: Arc<dyn EventStore>,
    reads: AtomicUsize,
}

impl Counted {
    pub(crate) fn over(inner: Arc<dyn EventStore>) -> Arc<Self> {
        Arc::new(Self { inner, reads: AtomicUsize::new(0) })
    }

    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl EventStore for Counted {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.inner.append(append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        events_max: usize,
    ) -> Result<Vec<RecordedEvent>, PortError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.read_stream(stream, after, events_max).await
    }

    async fn find_command(&self, key: &CommandKey) -> Result<Option<CommandRecord>, PortError> {
        self.inner.find_command(key).await
    }
}
