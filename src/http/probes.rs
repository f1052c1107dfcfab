//! What has to be well, measured against the log itself and never against a number that can freeze.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use infra_telemetry::Metrics;
use ports::PortError;
use ports::clock::Clock;
use ports::dead_letter::DeadLetters;
use ports::event_log::{EventLog, LogQuery};
use processors::vibration::{Dropped, Tally};

use super::Probe;
use crate::adapters::{Adapters, RelayParts, Teller};
use crate::backup::LastBackup;
use crate::lag::lag_behind;
use crate::projection_host::ProjectionHost;
use crate::runner::{RunnerHandle, RunnerState};

/// The log answers.
pub struct LogProbe {
    log: Arc<dyn EventLog>,
    dead_letters: Arc<dyn DeadLetters>,
    metrics: Arc<Metrics>,
}

impl LogProbe {
    /// Looks at the log and the dead letters of `adapters`.
    pub fn over(adapters: &Adapters, metrics: &Arc<Metrics>) -> Self {
        Self {
            log: Arc::clone(&adapters.log),
            dead_letters: Arc::clone(&adapters.dead_letters),
            metrics: Arc::clone(metrics),
        }
    }
}

#[async_trait]
impl Probe for LogProbe {
    fn name(&self) -> &str {
        "log"
    }

    async fn check(&self) -> Result<(), String> {
        let told = |error: PortError| error.chain();
        self.metrics.log_position(self.log.head().await.map_err(told)?.0);
        // Dead letters wait for a person; the process is ready all the same.
        self.metrics.dead_letters(self.dead_letters.count().await.map_err(told)?);
        Ok(())
    }
}

/// Tells when the last backup was made. That there is none is for an alert to say: the process works all the same.
pub struct BackupProbe {
    last: LastBackup,
    metrics: Arc<Metrics>,
}

impl BackupProbe {
    /// Looks for the backups of what `adapters` stand for.
    pub fn over(adapters: &Adapters, metrics: &Arc<Metrics>) -> Self {
        Self { last: Arc::clone(&adapters.last_backup), metrics: Arc::clone(metrics) }
    }
}

#[async_trait]
impl Probe for BackupProbe {
    fn name(&self) -> &str {
        "backup"
    }

    async fn check(&self) -> Result<(), String> {
        if let Some(made_at) = (self.last)().await {
            self.metrics.backup_made_at(made_at.as_micros() as f64 / 1e6);
        }
        Ok(())
    }
}

/// A handler follows the log.
pub struct HandlerProbe {
    name: String,
    categories: Vec<String>,
    handle: RunnerHandle,
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

impl HandlerProbe {
    /// Looks at the runner of the handler `name`.
    pub fn over(
        name: String,
        categories: Vec<&'static str>,
        handle: RunnerHandle,
        adapters: &Adapters,
        metrics: &Arc<Metrics>,
    ) -> Self {
        Self {
            name,
            categories: categories.into_iter().map(str::to_owned).collect(),
            handle,
            log: Arc::clone(&adapters.log),
            clock: Arc::clone(&adapters.clock),
            metrics: Arc::clone(metrics),
        }
    }
}

#[async_trait]
impl Probe for HandlerProbe {
    fn name(&self) -> &str {
        &self.name
    }

    async fn check(&self) -> Result<(), String> {
        let status = self.handle.status();
        if status.state == RunnerState::StandingBy {
            // Who runs the handler tells how far it is.
            return Ok(());
        }
        let categories = self.categories.clone();
        let unread =
            LogQuery { after: status.position, events_max: 1, categories, event_type: None };
        let lag = lag_behind(&*self.log, &unread, self.clock.now()).await;
        self.metrics.lag(&self.name, lag.map_err(|error| error.chain())?);
        match status.state {
            RunnerState::Running | RunnerState::Held | RunnerState::StandingBy => Ok(()),
            RunnerState::Starting => Err("it has not begun".to_owned()),
            RunnerState::Retrying(reason) => Err(reason),
            RunnerState::Stopped => Err("it has ended".to_owned()),
        }
    }
}

/// Every projection has live documents that follow the log.
pub struct ProjectionProbe {
    host: Arc<ProjectionHost>,
    metrics: Arc<Metrics>,
}

impl ProjectionProbe {
    /// Looks at the projections of `host`.
    pub fn over(host: Arc<ProjectionHost>, metrics: &Arc<Metrics>) -> Self {
        Self { host, metrics: Arc::clone(metrics) }
    }
}

#[async_trait]
impl Probe for ProjectionProbe {
    fn name(&self) -> &str {
        "projections"
    }

    async fn check(&self) -> Result<(), String> {
        let rows = self.host.overview().await.map_err(|error| error.chain())?;
        for row in rows.iter().filter(|row| row.state != "previous" && row.state != "rebuilding") {
            let lag = infra_telemetry::Lag { events: row.lag_events, seconds: row.lag_seconds };
            self.metrics.lag(row.name, lag);
        }
        self.host.trouble().await.map_or(Ok(()), Err)
    }
}

/// What the vibration processor made nothing of. That is told, and no reason not to be ready.
pub struct DroppedProbe {
    dropped: Arc<Tally>,
    metrics: Arc<Metrics>,
}

impl DroppedProbe {
    /// Tells the metrics of `dropped`.
    pub fn over(dropped: Arc<Tally>, metrics: &Arc<Metrics>) -> Self {
        Self { dropped, metrics: Arc::clone(metrics) }
    }
}

#[async_trait]
impl Probe for DroppedProbe {
    fn name(&self) -> &str {
        "dropped samples"
    }

    async fn check(&self) -> Result<(), String> {
        for reason in Dropped::ALL {
            self.metrics.samples_dropped(reason.name(), self.dropped.count(reason));
        }
        Ok(())
    }
}

/// What only one profile has to tell. That is no reason not to be ready.
pub struct ToldProbe {
    tellers: Vec<Teller>,
    metrics: Arc<Metrics>,
}

impl ToldProbe {
    /// Lets `tellers` tell the metrics.
    pub fn of(tellers: Vec<Teller>, metrics: &Arc<Metrics>) -> Self {
        Self { tellers, metrics: Arc::clone(metrics) }
    }
}

#[async_trait]
impl Probe for ToldProbe {
    fn name(&self) -> &str {
        "what comes in"
    }

    async fn check(&self) -> Result<(), String> {
        self.tellers.iter().for_each(|tell| tell(&self.metrics));
        Ok(())
    }
}

/// What this process does while it leads; who stands by has nothing that could be unwell.
pub struct DutyProbe {
    name: &'static str,
    present: Mutex<Result<Vec<Arc<dyn Probe>>, String>>,
}

impl DutyProbe {
    /// Of the duty `name`.
    pub fn of(name: &'static str) -> Self {
        Self { name, present: Mutex::new(Err("it has not begun".to_owned())) }
    }

    /// From now on these have to be well.
    pub fn look_at(&self, probes: Vec<Arc<dyn Probe>>) {
        *self.present.lock().unwrap_or_else(PoisonError::into_inner) = Ok(probes);
    }

    /// It is not well, until there is something to look at again.
    pub fn fail(&self, reason: String) {
        *self.present.lock().unwrap_or_else(PoisonError::into_inner) = Err(reason);
    }
}

#[async_trait]
impl Probe for DutyProbe {
    fn name(&self) -> &str {
        self.name
    }

    async fn check(&self) -> Result<(), String> {
        let present = self.present.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for probe in present? {
            probe.check().await.map_err(|reason| format!("{}: {reason}", probe.name()))?;
        }
        Ok(())
    }
}

/// The log is handed on.
pub struct RelayProbe {
    relay: RelayParts,
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

impl RelayProbe {
    /// Looks at `relay`.
    pub fn over(relay: &RelayParts, adapters: &Adapters, metrics: &Arc<Metrics>) -> Self {
        Self {
            relay: relay.clone(),
            log: Arc::clone(&adapters.log),
            clock: Arc::clone(&adapters.clock),
            metrics: Arc::clone(metrics),
        }
    }
}

#[async_trait]
impl Probe for RelayProbe {
    fn name(&self) -> &str {
        "relay"
    }

    async fn check(&self) -> Result<(), String> {
        let Some(state) = (self.relay.state)() else { return Ok(()) };
        let unread = LogQuery { after: state.position, events_max: 1, ..LogQuery::default() };
        let lag = lag_behind(&*self.log, &unread, self.clock.now()).await;
        self.metrics.lag("relay", lag.map_err(|error| error.chain())?);
        state.trouble.map_or(Ok(()), Err)
    }
}
