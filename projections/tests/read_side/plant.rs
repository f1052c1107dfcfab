//! One projection with its store and its log, driven by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use ports::PortError;
use ports::event_log::{EventLog, LogQuery};
use ports::handler::EventHandler;
use ports::memory::{ManualClock, MemoryDeadLetters, MemoryLog, MemoryReadModels};
use ports::read_models::{Generations, ReadModels, Write};
use ports::stream::GlobalPosition;
use ports::subscription::progress_at;
use projections::ProjectionKind;
use projections::generation::prepare;
use projections::rebuild::{HoldLive, Rebuild, RebuildProgress};
use serde_json::json;

use crate::make::{Story, log_of};

/// One projection with its store and its log, and a runner that is driven by hand.
pub(crate) struct Plant {
    pub(crate) kind: Arc<dyn ProjectionKind>,
    pub(crate) models: Arc<MemoryReadModels>,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) dead_letters: Arc<MemoryDeadLetters>,
    pub(crate) is_held: AtomicBool,
    pub(crate) holds: AtomicUsize,
}

impl Plant {
    /// The live generation has seen the whole story.
    pub(crate) async fn at_the_head(kind: &Arc<dyn ProjectionKind>, story: &Story) -> Arc<Self> {
        let plant = Arc::new(Self::unbuilt(kind, story).await);
        plant.build().await;
        plant
    }

    /// There is no generation yet.
    pub(crate) async fn unbuilt(kind: &Arc<dyn ProjectionKind>, story: &Story) -> Self {
        Self {
            kind: Arc::clone(kind),
            models: Arc::default(),
            log: log_of(story).await,
            dead_letters: Arc::default(),
            is_held: AtomicBool::new(false),
            holds: AtomicUsize::new(0),
        }
    }

    /// The first generation comes, and sees the whole story.
    pub(crate) async fn build(&self) {
        prepare(&*self.kind, &*self.models).await.expect("memory does not fail");
        self.run_live().await;
    }

    pub(crate) async fn run_live(&self) {
        let generations = self.generations().await;
        for generation in [generations.live, generations.previous].into_iter().flatten() {
            let handler = self.handler(generation);
            let known = handler.progress().await.expect("memory");
            let after = known.map(|progress| progress.position).unwrap_or_default();
            let categories = self.kind.categories().iter().map(|&name| name.to_owned()).collect();
            let query = LogQuery { after, events_max: 10_000, categories, event_type: None };
            let page = self.log.read(&query).await.expect("memory");
            handler.handle(&page.events, &progress_at(page.through)).await.expect("sound");
        }
    }

    pub(crate) fn handler(&self, generation: u64) -> Arc<dyn EventHandler> {
        self.kind.projector(generation, self.models.clone())
    }

    pub(crate) async fn generations(&self) -> Generations {
        self.models.generations(self.kind.name()).await.expect("memory")
    }

    pub(crate) fn rebuild(&self) -> Rebuild {
        Rebuild {
            kind: Arc::clone(&self.kind),
            models: self.models.clone(),
            log: self.log.clone(),
            dead_letters: self.dead_letters.clone(),
            clock: Arc::new(ManualClock::default()),
            is_forced: false,
        }
    }

    /// Something that the log does not tell gets into a live document.
    pub(crate) async fn spoil(&self, key: &str) {
        let collection = self.kind.collection(1);
        let write = Write {
            key: key.to_owned(),
            position: GlobalPosition(10_000),
            body: Some(json!({ "motor_id": key, "zone": "A" })),
        };
        self.models.commit(&collection, &[write], None).await.expect("memory");
    }
}

#[async_trait]
impl HoldLive for Plant {
    async fn hold(&self) -> Result<GlobalPosition, PortError> {
        assert!(!self.is_held.swap(true, Ordering::SeqCst), "held already");
        self.holds.fetch_add(1, Ordering::SeqCst);
        let live = self.generations().await.live.expect("prepared");
        let progress = self.handler(live).progress().await?;
        Ok(progress.map(|progress| progress.position).unwrap_or_default())
    }

    async fn release(&self) {
        assert!(self.is_held.swap(false, Ordering::SeqCst), "not held");
    }
}

/// Nobody wants to hear how far it is.
pub(crate) const QUIET: &(dyn Fn(RebuildProgress) + Send + Sync) = &|_| {};
