//! A log of motors and image tasks, and runners that keep projections of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use atalaya::runner::{Runner, RunnerHandle, RunnerPorts, RunnerSettings};
use domain::aggregate::EncodedEvent;
use ports::dead_letter::DeadLetters;
use ports::event::{Metadata, RecordedEvent};
use ports::event_log::EventLog;
use ports::event_store::{Append, EventStore};
use ports::handler::EventHandler;
use ports::memory::{ManualClock, MemoryDeadLetters, MemoryLog, MemoryReadModels};
use ports::read_models::ReadModels;
use ports::stream::{StreamName, StreamVersion};
use ports::subscription::LogSubscriptions;
use projections::ProjectionKind;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::defect::{Defect, Defective};
use crate::documents::{Documents, GENERATION, all_of_the_log, documents, fold};

/// On a clock that stands still while anything can be done; what takes longer than this never ends.
const PATIENCE: Duration = Duration::from_secs(24 * 3_600);

pub(crate) struct Plant {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) letters: Arc<MemoryDeadLetters>,
    models: Arc<MemoryReadModels>,
    clock: Arc<ManualClock>,
}

/// A runner at work.
pub(crate) struct Running {
    handle: RunnerHandle,
    drain: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Plant {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let log = Arc::new(MemoryLog::new(clock.clone()));
        Self { log, letters: Arc::default(), models: Arc::default(), clock }
    }

    pub(crate) async fn version(&self, stream: &StreamName) -> u64 {
        let events = self
            .log
            .read_stream(stream, StreamVersion(0), usize::MAX)
            .await
            .expect("memory does not fail");
        events.len() as u64
    }

    pub(crate) async fn append(&self, stream: &StreamName, event: EncodedEvent) {
        let expected = StreamVersion(self.version(stream).await);
        let (events, metadata) = (vec![event], Metadata::default());
        let append = Append { stream: stream.clone(), expected, events, metadata, key: None };
        self.log.append(append).await.expect("memory does not fail");
    }

    /// The real projector, with a defect.
    pub(crate) async fn projector(
        &self,
        kind: &Arc<dyn ProjectionKind>,
        affects: fn(&RecordedEvent) -> bool,
    ) -> (Arc<dyn EventHandler>, Arc<Defect>) {
        self.models.ensure(&kind.collection(GENERATION)).await.expect("memory does not fail");
        let projector = kind.projector(GENERATION, self.models.clone());
        let defect = Arc::new(Defect::default());
        (Arc::new(Defective { projector, affects, defect: defect.clone() }), defect)
    }

    pub(crate) fn start(&self, handler: Arc<dyn EventHandler>) -> Running {
        let ports = RunnerPorts {
            subscriptions: Arc::new(LogSubscriptions::over(self.log.clone())),
            dead_letters: self.letters.clone(),
            clock: self.clock.clone(),
        };
        let (drain, drains) = watch::channel(false);
        let (runner, handle) = Runner::new(handler, ports, RunnerSettings::default(), drains);
        Running { handle, drain, task: tokio::spawn(runner.run()) }
    }

    /// Asks for a replay of what `handler` has parked of `stream`, and waits until it is over.
    pub(crate) async fn replay(&self, handler: &str, stream: &StreamName) {
        let head = self
            .letters
            .sequence(handler, stream, 1)
            .await
            .expect("memory does not fail")
            .remove(0);
        assert!(self.letters.request_replay(head.id).await.expect("memory does not fail"));
        let settled = async {
            while !self
                .letters
                .requested_replays(handler)
                .await
                .expect("memory does not fail")
                .is_empty()
            {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, settled).await.expect("the replay is over one day");
    }

    pub(crate) async fn parked_streams(&self, handler: &str) -> Vec<StreamName> {
        self.letters.parked_streams(handler).await.expect("memory does not fail")
    }

    pub(crate) async fn documents(&self, kind: &Arc<dyn ProjectionKind>) -> Documents {
        documents(&*self.models, &**kind).await
    }

    /// The documents of a projection to which only the events that are `wanted` ever happened.
    pub(crate) async fn fold(
        &self,
        kind: &Arc<dyn ProjectionKind>,
        wanted: impl Fn(&RecordedEvent) -> bool,
    ) -> Documents {
        let mut events = all_of_the_log(&*self.log).await;
        events.retain(wanted);
        fold(&**kind, &events).await
    }

    /// Asserts that every event that concerns the projection is in its documents or parked, never both: gives how
    /// many are parked.
    pub(crate) async fn account(&self, kind: &Arc<dyn ProjectionKind>) -> usize {
        let name = format!("{}.{GENERATION}", kind.name());
        let mut events = all_of_the_log(&*self.log).await;
        events.retain(|event| kind.categories().contains(&event.stream.category.as_str()));
        let mut letters = self.letters.list(0, usize::MAX).await.expect("memory does not fail");
        letters.retain(|letter| letter.handler == name);
        let parked: BTreeSet<_> = letters.iter().map(|letter| letter.event.position).collect();
        assert_eq!(parked.len(), letters.len(), "{name}: nothing is parked twice");
        let documents = self.documents(kind).await;
        for event in &events {
            let id = event.stream.id.to_string();
            let of_event = format!("{id}/{:020}", event.version.0);
            let document =
                documents.iter().find(|document| [&id, &of_event].contains(&&document.key));
            let is_applied = document.is_some_and(|document| document.position >= event.position);
            assert!(is_applied != parked.contains(&event.position), "{name}: {}", event.id());
        }
        assert!(events.len() > parked.len(), "{name}: something is left");
        parked.len()
    }
}

impl Running {
    pub(crate) async fn reaches_head(&self, plant: &Plant) {
        let head = plant.log.head().await.expect("memory does not fail");
        timeout(PATIENCE, self.handle.wait_for(head)).await.expect("it gets there one day");
    }

    pub(crate) async fn ends(self) {
        self.drain.send_replace(true);
        let ended = timeout(PATIENCE, self.task).await.expect("it ends one day");
        ended.expect("it does not panic");
    }
}
