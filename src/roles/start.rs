//! Roles → tasks and routes. The same over any adapters, alone or together.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use commands::Commands;
use infra_telemetry::{
    MeasuredHandler, MeasuredReadModels, MeasuredStore, MeasuredSubscriptions, Metrics,
};
use ports::handler::EventHandler;
use ports::read_models::ReadModels;
use processors::vibration::reprocess::Reprocessor;
use projections::live::{ReadSettings, ReadSide};

use super::Role;
use super::led::{LedProcessor, SoleService};
use super::reconciling::Reconciling;
use crate::adapters::Adapters;
use crate::http::admin::{
    QueueDesk, ReprocessingDesk, dead_letter_routes, projection_routes, queue_routes,
    reprocessing_routes,
};
use crate::http::{
    BackupProbe, DroppedProbe, DutyProbe, FleetProbe, HandlerProbe, LogProbe, Probe,
    ProjectionProbe, QueueProbe, RelayProbe, ToldProbe,
};
use crate::leading::Candidate;
use crate::projection_host::{HostPorts, ProjectionHost};
use crate::reconciler::{ReconcilerPorts, ReconcilerSettings};
use crate::reprocessing::Reprocessings;
use crate::runner::{Runner, RunnerPorts, RunnerSettings};
use crate::supervisor::Supervisor;

/// The bounds of what the roles start.
#[derive(Clone, Debug, Default)]
pub struct RoleSettings {
    /// Of the write side.
    pub commands: commands::Settings,
    /// Of the read side.
    pub reads: ReadSettings,
    /// Serve the dashboard from this folder instead of from the binary.
    pub ui_dir: Option<PathBuf>,
    /// Of every runner.
    pub runner: RunnerSettings,
    /// Of the processors.
    pub processors: processors::Settings,
    /// Of the reconciler.
    pub reconciler: ReconcilerSettings,
    /// Tells this process from all others that run.
    pub candidate: String,
}

/// What the roles of a process show to the outside.
pub struct Started {
    /// What they answer over HTTP.
    pub routes: Router,
    /// What has to be well.
    pub probes: Vec<Arc<dyn Probe>>,
}

/// Starts `roles` over `adapters`; their tasks belong to `supervisor`.
pub fn start(
    roles: &[Role],
    adapters: &Adapters,
    settings: &RoleSettings,
    metrics: &Arc<Metrics>,
    supervisor: &mut Supervisor,
) -> Started {
    let mut starting = Starting {
        adapters,
        settings,
        metrics,
        supervisor,
        commands: Arc::new(command_bus(adapters, settings, metrics)),
        routes: dead_letter_routes(Arc::clone(&adapters.dead_letters)),
        probes: vec![Arc::new(LogProbe::over(adapters, metrics))],
    };
    starting.probes.push(Arc::new(BackupProbe::over(adapters, metrics)));
    starting.probes.extend(adapters.probes.iter().cloned());
    if !adapters.tellers.is_empty() {
        starting.probes.push(Arc::new(ToldProbe::of(adapters.tellers.clone(), metrics)));
    }
    if roles.iter().any(|role| matches!(role, Role::Ams | Role::Api)) {
        starting.take_commands();
    }
    for role in roles {
        match role {
            Role::Ams => {}
            Role::Api => {
                starting.api();
                starting.tell_of_fleet();
            }
            Role::Relay => starting.relay(),
            Role::Projections => {
                starting.projections();
                starting.reconcile();
            }
            Role::Images => {
                starting.processor(*role);
                starting.tell_of_queue();
            }
            Role::Vibration => {
                starting.processor(*role);
                starting.reprocess();
            }
            Role::Webhooks => starting.processor(*role),
        }
    }
    Started { routes: starting.routes, probes: starting.probes }
}

fn command_bus(adapters: &Adapters, settings: &RoleSettings, metrics: &Arc<Metrics>) -> Commands {
    let store = MeasuredStore::new(Arc::clone(&adapters.store), Arc::clone(metrics));
    commands::all(Arc::new(store), Arc::clone(&adapters.clock), settings.commands.clone())
}

struct Starting<'a> {
    adapters: &'a Adapters,
    settings: &'a RoleSettings,
    metrics: &'a Arc<Metrics>,
    supervisor: &'a mut Supervisor,
    commands: Arc<Commands>,
    routes: Router,
    probes: Vec<Arc<dyn Probe>>,
}

impl Starting<'_> {
    fn take_commands(&mut self) {
        let is_signing = !self.settings.processors.webhook.keys.is_empty();
        self.serve(commands::http::router(
            Arc::clone(&self.commands),
            Arc::clone(&self.adapters.blobs),
            // Whoever asks to be told has to be able to tell our messages from forgeries.
            is_signing.then(|| Arc::clone(&self.adapters.callbacks)),
            Arc::clone(&self.adapters.samples),
            self.settings.processors.image.limits.clone(),
        ));
    }

    fn api(&mut self) {
        let queries = projections::http::Queries {
            read_side: self.read_side(),
            log: Arc::clone(&self.adapters.log),
            streams: Arc::clone(&self.adapters.store),
            readings: Arc::clone(&self.adapters.readings),
            blobs: Arc::clone(&self.adapters.blobs),
            presets: self.settings.processors.image.presets.clone(),
            drain: self.supervisor.drain(),
            ui_dir: self.settings.ui_dir.clone(),
        };
        self.serve(projections::http::router(queries));
        self.serve(queue_routes(QueueDesk {
            queue: Arc::clone(&self.adapters.work_queue),
            streams: Arc::clone(&self.adapters.store),
            read_side: self.read_side(),
            bus: Arc::clone(&self.commands) as Arc<dyn ports::command_bus::CommandBus>,
            clock: Arc::clone(&self.adapters.clock),
        }));
    }

    fn tell_of_fleet(&mut self) {
        self.probes.push(Arc::new(FleetProbe::over(self.read_side(), self.metrics)));
    }

    fn tell_of_queue(&mut self) {
        let (queue, clock) = (&self.adapters.work_queue, &self.adapters.clock);
        let probe = QueueProbe::over(Arc::clone(queue), Arc::clone(clock), self.metrics);
        self.probes.push(Arc::new(probe));
    }

    fn read_side(&self) -> ReadSide {
        ReadSide::new(
            self.measured(&self.adapters.query_models),
            Arc::clone(&self.adapters.dead_letters),
            self.settings.reads,
        )
    }

    fn relay(&mut self) {
        // Where everybody reads the log itself there is nothing to hand on.
        if let Some(relay) = &self.adapters.relay {
            let probe = RelayProbe::over(relay, self.adapters, self.metrics);
            self.probes.push(Arc::new(probe));
            let lead = self.candidate().lead("relay", (relay.duty)(), self.supervisor.drain());
            self.supervisor.spawn("relay", lead);
        }
    }

    fn projections(&mut self) {
        let ports = HostPorts {
            read_models: self.measured(&self.adapters.read_models),
            log: Arc::clone(&self.adapters.log),
            runner: self.runner_ports(),
            metrics: Arc::clone(self.metrics),
        };
        let host = Arc::new(ProjectionHost::new(projections::all(), &ports, &self.settings.runner));
        self.serve(projection_routes(Arc::clone(&host)));
        self.probes.push(Arc::new(ProjectionProbe::over(Arc::clone(&host), self.metrics)));
        let lead = self.candidate().lead("projections", host, self.supervisor.drain());
        self.supervisor.spawn("projections", lead);
    }

    fn reconcile(&mut self) {
        let ports = ReconcilerPorts {
            log: Arc::clone(&self.adapters.log),
            streams: Arc::clone(&self.adapters.store),
            read_models: Arc::clone(&self.adapters.read_models),
            dead_letters: Arc::clone(&self.adapters.dead_letters),
            checkpoints: Arc::clone(&self.adapters.checkpoints),
            clock: Arc::clone(&self.adapters.clock),
            topic: self.adapters.topic_audit.clone(),
            metrics: Arc::clone(self.metrics),
        };
        let duty = Reconciling { ports, settings: self.settings.reconciler.clone() };
        let lead = self.candidate().lead("reconciler", duty, self.supervisor.drain());
        self.supervisor.spawn("reconciler", lead);
    }

    /// Judges samples of before when asked to. Any process of the role can: it shares nothing with the one that leads.
    fn reprocess(&mut self) {
        let settings = self.settings.processors.vibration.clone();
        let reprocessor = Reprocessor::new(&self.dependencies(), settings);
        let clock = Arc::clone(&self.adapters.clock);
        let runs = Arc::new(Reprocessings::new(reprocessor, Arc::clone(&clock)));
        self.serve(reprocessing_routes(ReprocessingDesk { runs: Arc::clone(&runs), clock }));
        self.supervisor.spawn("reprocessing", runs.work(self.supervisor.drain()));
    }

    /// The processor that bears the role's name.
    fn processor(&mut self, role: Role) {
        if processors::SINGLE.contains(&role.name()) {
            return self.lead(role.name());
        }
        let all = processors::all(&self.dependencies(), self.settings.processors.clone());
        for processor in all.into_iter().filter(|processor| processor.name == role.name()) {
            for handler in processor.handlers {
                self.follow(handler);
            }
            if let Some(dropped) = processor.dropped {
                self.probes.push(Arc::new(DroppedProbe::over(dropped, self.metrics)));
            }
            for duty in processor.duties {
                let (name, drain) = (duty.name, self.supervisor.drain());
                let lead = self.candidate().lead(name, SoleService(duty), drain);
                self.supervisor.spawn(name, lead);
            }
            for service in processor.services {
                self.supervisor.spawn(service.name, service.run(self.supervisor.drain()));
            }
        }
    }

    /// Runs the processor `name` whenever this process leads it.
    fn lead(&mut self, name: &'static str) {
        let probe = Arc::new(DutyProbe::of(name));
        self.probes.push(Arc::clone(&probe) as Arc<dyn Probe>);
        let duty = LedProcessor {
            name,
            adapters: self.adapters.clone(),
            dependencies: self.dependencies(),
            settings: self.settings.processors.clone(),
            runner_ports: self.runner_ports(),
            runner_settings: self.settings.runner.clone(),
            metrics: Arc::clone(self.metrics),
            probe,
        };
        let lead = self.candidate().lead(name, duty, self.supervisor.drain());
        self.supervisor.spawn(name, lead);
    }

    fn candidate(&self) -> Candidate {
        Candidate::new(Arc::clone(&self.adapters.leadership), self.settings.candidate.clone())
    }

    fn serve(&mut self, routes: Router) {
        self.routes = std::mem::take(&mut self.routes).merge(routes);
    }

    /// Runs `handler` along the log, in one process at a time.
    fn follow(&mut self, handler: Arc<dyn EventHandler>) {
        let name = handler.name().to_owned();
        let categories = handler.categories().to_vec();
        let handler = Arc::new(MeasuredHandler::new(handler, Arc::clone(self.metrics)));
        let drain = self.supervisor.drain();
        let settings = self.settings.runner.clone();
        let (runner, handle) = Runner::new(handler, self.runner_ports(), settings, drain.clone());
        self.probes.push(Arc::new(HandlerProbe::over(
            name.clone(),
            categories,
            handle,
            self.adapters,
            self.metrics,
        )));
        let lead = self.candidate().lead(name.clone(), runner, drain);
        self.supervisor.spawn(name, lead);
    }

    fn measured(&self, models: &Arc<dyn ReadModels>) -> Arc<dyn ReadModels> {
        Arc::new(MeasuredReadModels::new(Arc::clone(models), Arc::clone(self.metrics)))
    }

    fn runner_ports(&self) -> RunnerPorts {
        RunnerPorts {
            subscriptions: Arc::new(MeasuredSubscriptions::new(
                Arc::clone(&self.adapters.subscriptions),
                Arc::clone(self.metrics),
            )),
            dead_letters: Arc::clone(&self.adapters.dead_letters),
            clock: Arc::clone(&self.adapters.clock),
        }
    }

    fn dependencies(&self) -> processors::Dependencies {
        processors::Dependencies {
            clock: Arc::clone(&self.adapters.clock),
            bus: Arc::clone(&self.commands) as Arc<dyn ports::command_bus::CommandBus>,
            store: Arc::clone(&self.adapters.store),
            log: Arc::clone(&self.adapters.log),
            checkpoints: Arc::clone(&self.adapters.checkpoints),
            blobs: Arc::clone(&self.adapters.blobs),
            callbacks: Arc::clone(&self.adapters.callbacks),
            queue: Arc::clone(&self.adapters.work_queue),
            renditions: Arc::clone(&self.adapters.renditions),
            samples: Arc::clone(&self.adapters.sample_source),
            readings: Arc::clone(&self.adapters.readings),
        }
    }
}
