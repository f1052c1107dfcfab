//! A system at rest: a log, what was made of it, and a reconciler to look at both.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atalaya::reconciler::{
    Difference, DifferenceKind, Reconciler, ReconcilerPorts, ReconcilerSettings, Report, TopicAudit,
};
use domain::aggregate::EncodedEvent;
use infra_telemetry::Metrics;
use ports::event::{Metadata, RecordedEvent};
use ports::event_store::{Append, EventStore};
use ports::memory::{ManualClock, MemoryCheckpoints, MemoryDeadLetters, MemoryLog};
use ports::read_models::{Document, ReadModels};
use ports::stream::{StreamName, StreamVersion};
use ports::subscription::progress_at;
use projections::ProjectionKind;
use projections::generation::prepare;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::documents::{GENERATION, all_of_the_log};
use crate::published::Watched;
use crate::story::{motor, step};
use crate::tampering::Tampered;

/// On a clock that stands still while anything can be done.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// Small, so that a pass has many slices.
const SLICE: usize = 7;

pub(crate) struct Site {
    pub(crate) log: Arc<Watched>,
    pub(crate) models: Arc<Tampered>,
    pub(crate) letters: Arc<MemoryDeadLetters>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) topic: Option<Arc<dyn TopicAudit>>,
    /// How many passes had ended when it was last looked at.
    passes: AtomicU64,
    checkpoints: Arc<MemoryCheckpoints>,
    clock: Arc<ManualClock>,
}

impl Site {
    /// `motors` with `events` each, and all documents as they should be.
    pub(crate) async fn with_history(motors: usize, events: usize) -> Self {
        let clock = Arc::new(ManualClock::default());
        let inner = Arc::new(MemoryLog::new(clock.clone()));
        let site = Self {
            log: Arc::new(Watched { inner, slices: Mutex::default() }),
            models: Arc::default(),
            letters: Arc::default(),
            metrics: Arc::new(Metrics::new().expect("metrics can be set up")),
            topic: None,
            passes: AtomicU64::new(0),
            checkpoints: Arc::default(),
            clock,
        };
        for kind in projections::all() {
            prepare(&*kind, &*site.models).await.expect("memory does not fail");
        }
        for number in 0..events {
            for id in 0..motors {
                site.append(&motor(id), step(id, number)).await;
            }
        }
        site.project(|_| true).await;
        site
    }

    pub(crate) async fn append(&self, stream: &StreamName, event: EncodedEvent) {
        let store = &self.log.inner;
        let known = store.read_stream(stream, StreamVersion(0), usize::MAX).await;
        let expected = StreamVersion(known.expect("memory does not fail").len() as u64);
        let (stream, events, metadata) = (stream.clone(), vec![event], Metadata::default());
        let append = Append { stream, expected, events, metadata, key: None };
        store.append(append).await.expect("nobody else appends");
    }

    /// Brings all documents to the head of the log, without the events that are not `wanted`.
    pub(crate) async fn project(&self, wanted: fn(&RecordedEvent) -> bool) {
        let mut events = all_of_the_log(&*self.log.inner).await;
        let Some(head) = events.last().map(|event| event.position) else { return };
        events.retain(wanted);
        for kind in projections::all() {
            let projector = kind.projector(GENERATION, self.models.inner.clone());
            projector.handle(&events, &progress_at(head)).await.expect("memory does not fail");
        }
    }

    pub(crate) fn reconciler(&self) -> Reconciler {
        let ports = ReconcilerPorts {
            log: self.log.clone(),
            streams: self.log.inner.clone(),
            read_models: self.models.clone(),
            dead_letters: self.letters.clone(),
            checkpoints: self.checkpoints.clone(),
            clock: self.clock.clone(),
            topic: self.topic.clone(),
            metrics: self.metrics.clone(),
        };
        let settings = ReconcilerSettings {
            share_percent: 100,
            slice_events_max: SLICE,
            slice_documents_max: SLICE,
            ..ReconcilerSettings::default()
        };
        Reconciler::new(projections::all(), ports, settings)
    }

    /// Runs a reconciler until `is_enough`, then stops it. Gives what it knew then.
    pub(crate) async fn run_until(&self, is_enough: impl FnMut(&Report) -> bool) -> Report {
        let reconciler = self.reconciler();
        let mut report = reconciler.report();
        let (drain, drains) = watch::channel(false);
        let task = tokio::spawn(reconciler.run(drains));
        let seen = timeout(PATIENCE, report.wait_for(is_enough)).await.expect("one day");
        let seen = seen.expect("the reconciler runs").clone();
        drain.send_replace(true);
        timeout(PATIENCE, task).await.expect("it ends one day").expect("it does not panic");
        seen
    }

    /// What a reconciler finds that begins now and looks at everything once.
    pub(crate) async fn look(&self) -> Vec<Difference> {
        // The pass that was under way may have gone by what has happened since.
        let enough = self.passes.load(Ordering::Relaxed) + 2;
        let report = self.run_until(|report| report.passes >= enough).await;
        self.passes.store(report.passes, Ordering::Relaxed);
        report.differences
    }

    pub(crate) async fn document(&self, model: &str, key: &str) -> Document {
        let collection = kind(model).collection(GENERATION);
        let found = self.models.inner.get(&collection, &[key.to_owned()]).await;
        found.expect("memory does not fail").remove(0)
    }

    pub(crate) async fn events(&self) -> Vec<RecordedEvent> {
        all_of_the_log(&*self.log.inner).await
    }
}

pub(crate) fn kind(model: &str) -> Arc<dyn ProjectionKind> {
    let found = projections::all().into_iter().find(|kind| kind.name() == model);
    found.expect("there is such a projection")
}

pub(crate) fn difference(model: &str, kind: DifferenceKind, key: &str) -> Difference {
    Difference { model: model.to_owned(), kind, key: key.to_owned() }
}
