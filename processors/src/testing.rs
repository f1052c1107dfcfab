//! What the tests of processors stand on: a command bus over the log in memory, and a clock that goes with tokio's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use domain::aggregate::{Decide, decode, encode};
use domain::image::Image;
use domain::motor::Motor;
use domain::notification::Notification;
use domain::time::Timestamp;
use ports::clock::Clock;
use ports::command_bus::{Accepted, CommandBus, CommandEnvelope, CommandError};
use ports::event::RecordedEvent;
use ports::event_log::{EventLog, LogQuery};
use ports::event_store::{Append, AppendError, CommandKey, CommandRecord, EventStore};
use ports::handler::EventHandler;
use ports::memory::{
    ManualClock, MemoryBlobs, MemoryCallbacks, MemoryCheckpoints, MemoryLog, MemoryReadings,
    MemoryRenditions, MemorySamples, MemoryWorkQueue,
};
use ports::stream::{GlobalPosition, StreamName, StreamVersion};
use ports::subscription::progress_at;
use tokio::time::Instant;
use uuid::Uuid;

use crate::Dependencies;

const EVENTS_MAX: usize = 10_000;

/// Moves with tokio's clock, so that waiting in a test moves both.
pub(crate) struct TokioClock {
    started_at: Timestamp,
    started: Instant,
    ids: ManualClock,
}

impl TokioClock {
    pub(crate) fn new() -> Arc<Self> {
        let ids = ManualClock::default();
        Arc::new(Self { started_at: ids.now(), started: Instant::now(), ids })
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        self.started_at.plus_seconds(self.started.elapsed().as_secs_f64())
    }

    fn new_id(&self) -> Uuid {
        self.ids.new_id()
    }
}

/// Decides commands as the write side does, without its speed.
pub(crate) struct Bus {
    pub(crate) store: Arc<dyn EventStore>,
    sent: AtomicU64,
}

impl Bus {
    pub(crate) fn over(store: Arc<dyn EventStore>) -> Arc<Self> {
        Arc::new(Self { store, sent: AtomicU64::new(0) })
    }

    /// How many commands came in.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    async fn decide<A: Decide>(&self, asked: CommandEnvelope) -> Result<Accepted, CommandError> {
        if let Some(key) = &asked.key
            && let Some(record) = self.store.find_command(key).await?
        {
            return self.first_answer(key, record).await;
        }
        let command = serde_json::from_value(asked.command.clone())
            .map_err(|error| CommandError::UnknownCategory(error.to_string()))?;
        let history = self.store.read_stream(&asked.stream, StreamVersion(0), EVENTS_MAX).await?;
        let actual = StreamVersion(history.len() as u64);
        if asked.expected.is_some_and(|expected| expected != actual) {
            return Err(CommandError::VersionMismatch { actual });
        }
        let mut aggregate = A::default();
        for event in &history {
            let event = decode::<A>(&event.event_type, event.schema_version, &event.data);
            aggregate.apply(event.expect("the history can be read"));
        }
        let events: Vec<_> = aggregate.decide(command)?.iter().map(encode).collect();
        let append = Append {
            stream: asked.stream.clone(),
            expected: actual,
            events: events.clone(),
            metadata: asked.metadata,
            key: asked.key.clone(),
        };
        let appended = match self.store.append(append).await {
            Ok(appended) => appended,
            Err(AppendError::Repeated(record)) => {
                let key = asked.key.expect("only a key is repeated");
                return self.first_answer(&key, record).await;
            }
            Err(AppendError::Conflict { .. }) => {
                return Err(CommandError::Contended { attempts: 1 });
            }
            Err(AppendError::Unavailable(error)) => return Err(error.into()),
        };
        let (version, position) = (appended.version, appended.position);
        Ok(Accepted { stream: asked.stream, version, position, events, repeated: false })
    }

    async fn first_answer(
        &self,
        key: &CommandKey,
        record: CommandRecord,
    ) -> Result<Accepted, CommandError> {
        if key.fingerprint != record.fingerprint {
            return Err(CommandError::KeyReused);
        }
        let CommandRecord { stream, appended, events, .. } = record;
        let after = StreamVersion(appended.version.0 - events);
        let count = usize::try_from(events).expect("few events");
        let recorded = self.store.read_stream(&stream, after, count).await?;
        let events = recorded
            .into_iter()
            .map(|event| ports::event::NewEvent {
                event_type: event.event_type,
                schema_version: event.schema_version,
                data: event.data,
            })
            .collect();
        let (version, position) = (appended.version, appended.position);
        Ok(Accepted { stream, version, position, events, repeated: true })
    }
}

#[async_trait]
impl CommandBus for Bus {
    async fn send(&self, command: CommandEnvelope) -> Result<Accepted, CommandError> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        match command.stream.category.as_str() {
            "image" => self.decide::<Image>(command).await,
            "motor" => self.decide::<Motor>(command).await,
            "notification" => self.decide::<Notification>(command).await,
            other => Err(CommandError::UnknownCategory(other.to_owned())),
        }
    }
}

/// Everything that processors depend on, in memory.
pub(crate) struct World {
    pub(crate) clock: Arc<TokioClock>,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) bus: Arc<Bus>,
    pub(crate) blobs: Arc<MemoryBlobs>,
    pub(crate) callbacks: Arc<MemoryCallbacks>,
    pub(crate) queue: Arc<MemoryWorkQueue>,
    pub(crate) renditions: Arc<MemoryRenditions>,
    pub(crate) samples: Arc<MemorySamples>,
    pub(crate) readings: Arc<MemoryReadings>,
    pub(crate) checkpoints: Arc<MemoryCheckpoints>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = TokioClock::new();
        let log = Arc::new(MemoryLog::new(clock.clone()));
        Self {
            bus: Bus::over(log.clone()),
            samples: Arc::new(MemorySamples::new(clock.clone())),
            log,
            clock,
            blobs: Arc::default(),
            callbacks: Arc::default(),
            queue: Arc::default(),
            renditions: Arc::default(),
            readings: Arc::default(),
            checkpoints: Arc::default(),
        }
    }

    pub(crate) fn dependencies(&self) -> Dependencies {
        Dependencies {
            clock: self.clock.clone(),
            bus: self.bus.clone(),
            store: self.log.clone(),
            log: self.log.clone(),
            checkpoints: self.checkpoints.clone(),
            blobs: self.blobs.clone(),
            callbacks: self.callbacks.clone(),
            queue: self.queue.clone(),
            renditions: self.renditions.clone(),
            samples: self.samples.clone(),
            readings: self.readings.clone(),
        }
    }

    pub(crate) async fn send<A: Decide>(
        &self,
        id: Uuid,
        command: &A::Command,
    ) -> Result<Accepted, CommandError> {
        self.bus.send(CommandEnvelope::new::<A>(id, command)).await
    }

    /// What happened to one aggregate.
    pub(crate) async fn history<A: Decide>(&self, id: Uuid) -> Vec<A::Event> {
        let stream = StreamName::new(A::TYPE, id);
        let events = self.log.read_stream(&stream, StreamVersion(0), EVENTS_MAX).await.unwrap();
        events.iter().map(|event| event.decode::<A>().unwrap()).collect()
    }

    /// Gives `handler` the events that it has not had yet, as the runner does.
    pub(crate) async fn feed(&self, handler: &dyn EventHandler, after: &mut GlobalPosition) {
        let categories = handler.categories().iter().map(|&name| name.to_owned()).collect();
        let query =
            LogQuery { after: *after, events_max: EVENTS_MAX, categories, event_type: None };
        let page = self.log.read(&query).await.unwrap();
        handler.handle(&page.events, &progress_at(page.through)).await.unwrap();
        *after = page.through;
    }

    pub(crate) async fn events(&self) -> Vec<RecordedEvent> {
        let query = LogQuery { events_max: EVENTS_MAX, ..LogQuery::default() };
        self.log.read(&query).await.unwrap().events
    }
}
