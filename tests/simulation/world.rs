//! Ports that fail by seed, and those who use them: writers, runners that come and go, and a person.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atalaya::runner::{Runner, RunnerHandle, RunnerPorts, RunnerSettings};
use ports::dead_letter::DeadLetters;
use ports::event::{Metadata, RecordedEvent};
use ports::event_log::EventLog;
use ports::event_store::{Append, AppendError, EventStore};
use ports::handler::EventHandler;
use ports::memory::faulty::{Faults, Faulty, SplitMix64};
use ports::memory::{
    ManualClock, MemoryCheckpoints, MemoryDeadLetters, MemoryLog, MemoryReadModels,
};
use ports::read_models::ReadModels;
use ports::stream::{StreamName, StreamVersion};
use ports::subscription::LogSubscriptions;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::defect::{Defect, Defective};
use crate::documents::GENERATION;
use crate::ledger::Ledger;
use crate::polled::Polled;
use crate::story::{motor, step};

/// On a clock that stands still while anything can be done; what takes longer than this never ends.
const PATIENCE: Duration = Duration::from_secs(3_600);

const MOTORS: u64 = 6;
/// Small, so that motors meet in batches in ever new ways.
const BATCH_EVENTS_MAX: usize = 9;

/// What is true, and what the others see of it.
pub(crate) struct World {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) models: Arc<MemoryReadModels>,
    pub(crate) letters: Arc<MemoryDeadLetters>,
    pub(crate) ledger: Arc<Mutex<BTreeMap<StreamName, Vec<u64>>>>,
    pub(crate) defect: Arc<Defect>,
    pub(crate) faults: Arc<Faults>,
    checkpoints: Arc<MemoryCheckpoints>,
    clock: Arc<ManualClock>,
    polled: Arc<Polled>,
}

/// A runner at work.
pub(crate) struct Running {
    handle: RunnerHandle,
    drain: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl World {
    pub(crate) fn new(seed: u64, fault_rate: f64) -> Self {
        let clock = Arc::new(ManualClock::default());
        let log = Arc::new(MemoryLog::new(clock.clone()));
        Self {
            polled: Arc::new(Polled(log.clone())),
            log,
            models: Arc::default(),
            letters: Arc::default(),
            ledger: Arc::default(),
            defect: Arc::default(),
            faults: Faults::seeded(seed, fault_rate),
            checkpoints: Arc::default(),
            clock,
        }
    }

    fn failing<P>(&self, port: &Arc<P>) -> Arc<Faulty<P>> {
        Arc::new(Faulty::over(port.clone(), &self.faults))
    }

    /// Every projector and the ledger, over ports that fail; `affects` tells which events the defect concerns.
    pub(crate) async fn handlers(
        &self,
        affects: fn(&RecordedEvent) -> bool,
    ) -> Vec<Arc<dyn EventHandler>> {
        let checkpoints = self.failing(&self.checkpoints);
        let mut handlers: Vec<Arc<dyn EventHandler>> =
            vec![Arc::new(Ledger { lines: self.ledger.clone(), checkpoints })];
        for kind in projections::all() {
            self.models.ensure(&kind.collection(GENERATION)).await.expect("memory does not fail");
            handlers.push(kind.projector(GENERATION, self.failing(&self.models)));
        }
        let with_defect = |projector| -> Arc<dyn EventHandler> {
            Arc::new(Defective { projector, affects, defect: self.defect.clone() })
        };
        handlers.into_iter().map(with_defect).collect()
    }

    pub(crate) fn start(&self, handler: Arc<dyn EventHandler>) -> Running {
        let ports = RunnerPorts {
            subscriptions: Arc::new(LogSubscriptions::over(self.failing(&self.polled))),
            dead_letters: self.failing(&self.letters),
            clock: self.clock.clone(),
        };
        let settings =
            RunnerSettings { batch_events_max: BATCH_EVENTS_MAX, ..RunnerSettings::default() };
        let (drain, drains) = watch::channel(false);
        let (runner, handle) = Runner::new(handler, ports, settings, drains);
        Running { handle, drain, task: tokio::spawn(runner.run()) }
    }

    /// Appends `count` events to motors by chance, against others who do the same.
    pub(crate) async fn write(self: Arc<Self>, mut random: SplitMix64, count: usize) {
        let store = self.failing(&self.log);
        for _ in 0..count {
            sleep(Duration::from_millis(random.below(300))).await;
            let id = random.below(MOTORS) as usize;
            while !append_one(&*store, id).await {}
        }
    }

    /// Starts a runner for `handler` over and over, and ends it: by word, or as a crash does.
    pub(crate) async fn keep(
        self: Arc<Self>,
        handler: Arc<dyn EventHandler>,
        mut random: SplitMix64,
        lives: usize,
    ) {
        for _ in 0..lives {
            let running = self.start(handler.clone());
            sleep(Duration::from_millis(random.below(1_500))).await;
            if random.below(3) == 0 {
                running.ends().await;
            } else {
                running.crashes().await;
            }
        }
    }

    /// A person who asks for replays now and then, and mends the defect when half of that is done.
    pub(crate) async fn look_after(self: Arc<Self>, mut random: SplitMix64, requests: usize) {
        let letters = self.failing(&self.letters);
        for request in 0..requests {
            if request == requests / 2 {
                self.defect.mend();
            }
            sleep(Duration::from_millis(random.below(250))).await;
            let Ok(listed) = letters.list(0, usize::MAX).await else { continue };
            for letter in listed {
                // Whether it was heard does not matter: it is asked again.
                let _ = letters.request_replay(letter.id).await;
            }
        }
    }

    /// Asks for every replay until nothing is parked any more.
    pub(crate) async fn replay_all(&self) {
        let emptied = async {
            while self.letters.count().await.expect("memory does not fail") > 0 {
                for letter in self.letters.list(0, usize::MAX).await.expect("memory does not fail")
                {
                    self.letters.request_replay(letter.id).await.expect("memory does not fail");
                }
                sleep(Duration::from_secs(1)).await;
            }
        };
        timeout(PATIENCE, emptied).await.expect("everything can be replayed one day");
    }
}

/// `false` when it did not happen, or when nobody knows.
async fn append_one(store: &dyn EventStore, id: usize) -> bool {
    let stream = motor(id);
    let Ok(events) = store.read_stream(&stream, StreamVersion(0), usize::MAX).await else {
        return false;
    };
    let append = Append {
        stream,
        expected: StreamVersion(events.len() as u64),
        events: vec![step(id, events.len())],
        metadata: Metadata::default(),
        key: None,
    };
    match store.append(append).await {
        Ok(_) => true,
        Err(AppendError::Conflict { .. } | AppendError::Unavailable(_)) => false,
        Err(AppendError::Repeated(_)) => unreachable!("there is no key"),
    }
}

impl Running {
    pub(crate) async fn reaches_head(&self, world: &World) {
        let head = world.log.head().await.expect("memory does not fail");
        timeout(PATIENCE, self.handle.wait_for(head)).await.expect("it gets there one day");
    }

    pub(crate) async fn ends(self) {
        self.drain.send_replace(true);
        let ended = timeout(PATIENCE, self.task).await.expect("it ends one day");
        ended.expect("it does not panic");
    }

    /// It is dropped wherever it is, and gone when this returns.
    async fn crashes(self) {
        self.task.abort();
        if let Err(error) = self.task.await {
            assert!(error.is_cancelled(), "{error}");
        }
    }
}
