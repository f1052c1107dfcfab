//! Keeps the projections of this process running: a runner per generation that is kept up to date, and rebuilds.

mod holding;
mod overview;
mod rebuilding;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use infra_telemetry::{MeasuredHandler, Metrics};
use ports::PortError;
use ports::event_log::EventLog;
use ports::leadership::Term;
use ports::read_models::ReadModels;
use projections::ProjectionKind;
use projections::generation::{Standing, prepare};
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::{error, info, warn};

use crate::leading::Duty;
use crate::runner::{Runner, RunnerHandle, RunnerPorts, RunnerSettings};
pub use overview::{LastRebuild, Row};

/// What the host needs of the world.
#[derive(Clone)]
pub struct HostPorts {
    /// Where documents go.
    pub read_models: Arc<dyn ReadModels>,
    /// What rebuilds read.
    pub log: Arc<dyn EventLog>,
    /// What runners need.
    pub runner: RunnerPorts,
    /// Where handlers are measured.
    pub metrics: Arc<Metrics>,
}

const START_RETRY_MS_MIN: u64 = 100;
const START_RETRY_MS_MAX: u64 = 5_000;

/// The projections of this process.
pub struct ProjectionHost {
    hosted: BTreeMap<&'static str, Arc<Hosted>>,
    state: watch::Sender<HostState>,
}

/// Whether this process keeps the projections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HostState {
    /// Nobody knows yet.
    Starting,
    /// It does.
    Serving,
    /// It does no more: what is under way ends.
    Draining,
    /// Another process does.
    StandingBy,
}

/// One projection.
struct Hosted {
    kind: Arc<dyn ProjectionKind>,
    ports: HostPorts,
    settings: RunnerSettings,
    state: watch::Receiver<HostState>,
    /// By generation. Its lock is held while generations change.
    runners: AsyncMutex<BTreeMap<u64, Kept>>,
    /// The one under way, or the last one.
    last_rebuild: Mutex<Option<LastRebuild>>,
    /// Held by a rebuild or a roll-back from beginning to end.
    changing: Arc<AsyncMutex<()>>,
}

/// A generation that is kept up to date.
struct Kept {
    handle: RunnerHandle,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Why the host did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// No projection has this name.
    #[error("there is no projection {0}")]
    Unknown(String),
    /// Another process keeps the projections.
    #[error("another process keeps the projections; ask that one")]
    StandingBy,
    /// One thing at a time.
    #[error("a rebuild of {0} is under way")]
    Busy(String),
    /// There was no rebuild, or its predecessor cannot be shown any more.
    #[error("{0}")]
    NothingBefore(String),
    /// Readers would see less than they have seen.
    #[error("{0}")]
    Behind(String),
    /// A store did not answer.
    #[error(transparent)]
    Unavailable(#[from] PortError),
}

impl ProjectionHost {
    /// Hosts `kinds` once it is [started](Self::start).
    pub fn new(
        kinds: Vec<Arc<dyn ProjectionKind>>,
        ports: &HostPorts,
        settings: &RunnerSettings,
    ) -> Self {
        let (state, state_seen) = watch::channel(HostState::Starting);
        let host = |kind: Arc<dyn ProjectionKind>| {
            let hosted = Hosted {
                kind: Arc::clone(&kind),
                ports: ports.clone(),
                settings: settings.clone(),
                state: state_seen.clone(),
                runners: AsyncMutex::default(),
                last_rebuild: Mutex::default(),
                changing: Arc::default(),
            };
            (kind.name(), Arc::new(hosted))
        };
        Self { hosted: kinds.into_iter().map(host).collect(), state }
    }

    /// Starts a runner for every generation that is to be kept up to date, and a first build or a rebuild for every
    /// projection whose documents are missing or of another version.
    ///
    /// # Errors
    /// A store does not answer.
    pub async fn start(&self) -> Result<(), PortError> {
        self.state.send_replace(HostState::Serving);
        for (name, hosted) in &self.hosted {
            if hosted.is_unbuilt().await? {
                info!(projection = name, "the documents are missing: building them");
                hosted.begin_rebuild(false);
                continue;
            }
            if hosted.sync().await?.is_outdated() {
                warn!(projection = name, "the documents are of another version: rebuilding them");
                hosted.begin_rebuild(false);
            }
        }
        Ok(())
    }

    /// Lets every runner finish what is in hand, and waits for them; a rebuild under way is given up.
    pub async fn stop(&self) {
        self.state.send_replace(HostState::Draining);
        for hosted in self.hosted.values() {
            // A rebuild that is under way ends by itself when it sees the state.
            let _under_way = hosted.changing.lock().await;
            for (_, kept) in std::mem::take(&mut *hosted.runners.lock().await) {
                kept.end().await;
            }
        }
        self.state.send_replace(HostState::StandingBy);
    }

    fn hosted(&self, name: &str) -> Result<&Arc<Hosted>, HostError> {
        if *self.state.borrow() != HostState::Serving {
            return Err(HostError::StandingBy);
        }
        self.hosted.get(name).ok_or_else(|| HostError::Unknown(name.to_owned()))
    }
}

/// From the first to the last runner of a term.
#[async_trait]
impl Duty for Arc<ProjectionHost> {
    async fn serve(&mut self, _term: &Term, mut drain: watch::Receiver<bool>) {
        let mut delay = START_RETRY_MS_MIN;
        while let Err(error) = self.start().await {
            error!(reason = error.chain(), "starting the projections failed; trying again");
            let told = drain.wait_for(|drain| *drain);
            if timeout(Duration::from_millis(delay), told).await.is_ok() {
                break;
            }
            delay = (delay * 2).min(START_RETRY_MS_MAX);
        }
        // An error means that nobody is left to say so.
        let _ = drain.wait_for(|drain| *drain).await;
        self.stop().await;
    }

    fn stand_by(&mut self) {
        self.state.send_replace(HostState::StandingBy);
    }
}

impl Kept {
    async fn end(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            warn!(%error, "a runner failed");
        }
    }
}

impl Hosted {
    /// With a log that has events and no documents, readers would see half of them: they are built first.
    async fn is_unbuilt(&self) -> Result<bool, PortError> {
        let generations = self.ports.read_models.generations(self.kind.name()).await?;
        Ok(generations.live.is_none() && self.ports.log.head().await?.0 > 0)
    }

    /// Runs a runner for each generation that is to be kept, and no other.
    async fn sync(&self) -> Result<Standing, PortError> {
        let mut runners = self.runners.lock().await;
        let standing = prepare(&*self.kind, &*self.ports.read_models).await?;
        let unwanted: Vec<u64> = runners
            .keys()
            .copied()
            .filter(|generation| !standing.kept.contains(generation))
            .collect();
        for generation in unwanted {
            if let Some(kept) = runners.remove(&generation) {
                kept.end().await;
            }
        }
        for &generation in &standing.kept {
            runners.entry(generation).or_insert_with(|| self.run(generation));
        }
        Ok(standing)
    }

    fn run(&self, generation: u64) -> Kept {
        let projector = self.kind.projector(generation, Arc::clone(&self.ports.read_models));
        let handler = Arc::new(MeasuredHandler::new(projector, Arc::clone(&self.ports.metrics)));
        let (stop, stopped) = watch::channel(false);
        let (runner, handle) =
            Runner::new(handler, self.ports.runner.clone(), self.settings.clone(), stopped);
        let mut state = self.state.clone();
        let end_with_host = stop.clone();
        let task = tokio::spawn(async move {
            let draining = async {
                // An error means that the process is ending already.
                let _ = state.wait_for(|state| *state != HostState::Serving).await;
                end_with_host.send_replace(true);
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = runner.run() => {}
                () = draining => {}
            }
        });
        Kept { handle, stop, task }
    }
}
