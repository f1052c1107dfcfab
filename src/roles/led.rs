//! A processor that works in one process at a time: built anew for every term, over readings that end with it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use infra_telemetry::{MeasuredHandler, Metrics};
use ports::handler::EventHandler;
use ports::leadership::Term;
use processors::{Dependencies, Processor, Settings};
use tokio::sync::watch;
use tracing::error;

use crate::adapters::Adapters;
use crate::http::{DroppedProbe, DutyProbe, HandlerProbe, Probe};
use crate::leading::Duty;
use crate::runner::{Runner, RunnerPorts, RunnerSettings};
use crate::supervisor::Supervisor;

/// After this long, what has not finished draining at the end of a term is abandoned.
const TERM_DRAIN_S_MAX: u64 = 15;

/// One processor, in this process or in another one.
pub(super) struct LedProcessor {
    pub(super) name: &'static str,
    pub(super) adapters: Adapters,
    pub(super) dependencies: Dependencies,
    pub(super) settings: Settings,
    pub(super) runner_ports: RunnerPorts,
    pub(super) runner_settings: RunnerSettings,
    pub(super) metrics: Arc<Metrics>,
    pub(super) probe: Arc<DutyProbe>,
}

#[async_trait]
impl Duty for LedProcessor {
    async fn serve(&mut self, term: &Term, mut drain: watch::Receiver<bool>) {
        let mut workers = Supervisor::default();
        let mut probes: Vec<Arc<dyn Probe>> = Vec::new();
        for processor in self.build(term) {
            for handler in processor.handlers {
                probes.push(self.follow(handler, &mut workers));
            }
            for service in processor.services {
                workers.spawn(service.name, service.run(workers.drain()));
            }
            let dropped = processor.dropped;
            probes.extend(
                dropped.map(|tally| {
                    Arc::new(DroppedProbe::over(tally, &self.metrics)) as Arc<dyn Probe>
                }),
            );
        }
        self.probe.look_at(probes);
        let failed = tokio::select! {
            // An error means that nobody is left to say so.
            _ = drain.wait_for(|drain| *drain) => None,
            task = workers.first_to_end() => Some(task),
        };
        workers.shut_down(Duration::from_secs(TERM_DRAIN_S_MAX)).await;
        match failed {
            None => self.stand_by(),
            Some(task) => {
                error!(task, "a task ended unasked, and its term with it");
                self.probe.fail(format!("the task {task} ended unasked"));
            }
        }
    }

    fn stand_by(&mut self) {
        self.probe.look_at(Vec::new());
    }
}

/// One service that runs in one process at a time.
pub(super) struct SoleService(pub(super) processors::Service);

#[async_trait]
impl Duty for SoleService {
    async fn serve(&mut self, _: &Term, drain: watch::Receiver<bool>) {
        self.0.run(drain).await;
    }
}

impl LedProcessor {
    fn build(&self, term: &Term) -> Vec<Processor> {
        let readings = (self.adapters.readings_under)(term);
        let dependencies = Dependencies { readings, ..self.dependencies.clone() };
        let all = processors::all(&dependencies, self.settings.clone());
        all.into_iter().filter(|processor| processor.name == self.name).collect()
    }

    fn follow(&self, handler: Arc<dyn EventHandler>, workers: &mut Supervisor) -> Arc<dyn Probe> {
        let (name, categories) = (handler.name().to_owned(), handler.categories().to_vec());
        let handler = Arc::new(MeasuredHandler::new(handler, Arc::clone(&self.metrics)));
        let (ports, settings) = (self.runner_ports.clone(), self.runner_settings.clone());
        let (runner, handle) = Runner::new(handler, ports, settings, workers.drain());
        workers.spawn(name.clone(), runner.run());
        Arc::new(HandlerProbe::over(name, categories, handle, &self.adapters, &self.metrics))
    }
}
